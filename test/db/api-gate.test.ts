import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { spendTokens } from "#db/queries/rate-limits.ts";
import type { ApiSettings } from "#lib/config/api-env.ts";
import { ProblemDetail } from "#lib/contracts/api.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { waitFor } from "#test/support/wait-for.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";
import { ask, fillWithServices, makeApiKey } from "./api-world.ts";

const SETTINGS: ApiSettings = {
  trustedHops: 1,
  corsOrigins: ["https://app.example.com"],
  allow: [],
  deny: ["198.51.100.0/24"],
  // Slow, so that a busy machine gives back nothing between two requests.
  rateLimit: { capacity: 20, refillPerSecond: 0.02 },
};

let db: TestDatabase;
let site: TestSite;

beforeAll(async () => {
  db = await testDatabase();
  await fillWithServices(db);
  site = await startTestSite({ snapshot: null, database: db.database, apiSettings: SETTINGS });
});
afterAll(async () => {
  await site.stop();
  await db.drop();
});

const from = (address: string, headers: Record<string, string> = {}) => ({ "x-forwarded-for": address, ...headers });

describe("the limit", () => {
  test("counts down in headers, then says 429 with a problem and when to try again, for each caller apart", async () => {
    const url = `${site.url}/v1/services?fields=id`;
    const answers = [];
    for (let n = 0; n < 25; n += 1) answers.push(await ask(url, { headers: from("203.0.113.1") }));
    expect(answers[0]?.headers.get("x-ratelimit-limit")).toBe("20");
    expect(answers[0]?.headers.get("x-ratelimit-remaining")).toBe("19");
    const refused = answers.find(({ status }) => status === 429);
    expect(ProblemDetail.parse(refused?.body).code).toBe("RATE_LIMITED");
    // When the next token comes; what a problem says by itself is 5.
    const nextTokenIn = 1 / (SETTINGS.rateLimit?.refillPerSecond ?? 1);
    const told = Number(refused?.headers.get("retry-after"));
    expect(told).not.toBe(5);
    expect(told).toBeLessThanOrEqual(nextTokenIn);
    expect(told).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(23);
    // What a caller writes before the entry of our own proxy is not believed.
    const spoofed = await ask(url, { headers: from("9.9.9.9, 203.0.113.1") });
    expect(spoofed.status).toBe(429);
    expect((await ask(url, { headers: from("203.0.113.2") })).status).toBe(200);
  });

  test("of an IPv6 network is one, and a search costs more than a read", async () => {
    const left = async (address: string, query = "") => {
      const { headers } = await ask(`${site.url}/v1/services${query}`, { headers: from(address) });
      return Number(headers.get("x-ratelimit-remaining"));
    };
    expect(await left("2001:db8:5:5::1")).toBe(19);
    expect(await left("2001:db8:5:5:ffff::9")).toBe(18);
    expect(await left("2001:db8:5:6::1", "?q=alpha")).toBe(17);
  });

  test("of a key is its own, and follows its tier", async () => {
    const admin = await makeApiKey(db, ["keys:write"]);
    const key = await makeApiKey(db, ["keys:read"]);
    const url = `${site.url}/v1/keys`;
    const set = await ask(`${url}/${key.id}/tier`, { method: "PUT", token: admin.token, body: { tier: "high" } });
    expect(set.body).toEqual({ keyId: key.id, tier: "high" });
    const answer = await ask(url, { token: key.token, headers: from("203.0.113.1") });
    expect([answer.status, answer.headers.get("x-ratelimit-limit")]).toEqual([200, "200"]);
    expect((await ask(url, { token: admin.token })).headers.get("x-ratelimit-limit")).toBe("20");
  });

  test("is told to the other instances through the database", async () => {
    for (let n = 0; n < 12; n += 1) await ask(`${site.url}/v1/locations`, { headers: from("203.0.113.77") });
    const other = { caller: "ip:203.0.113.77", capacity: 20, refillPerSecond: 0.02, spent: 0 };
    await waitFor("the shared bucket", async () => {
      const left = await db.database.transaction((tx) => spendTokens(tx, [other]));
      return (left.get(other.caller) ?? 20) < 12;
    });
  });

  test("wrong keys are not looked up after twenty; who was known there before goes on, and one stale key is one guess", async () => {
    const [known, newcomer] = [await makeApiKey(db, ["keys:read"]), await makeApiKey(db, ["keys:read"])];
    const asks = async (token: string, address: string) =>
      (await ask(`${site.url}/v1/keys`, { token, headers: from(address) })).status;
    const wrong = (n: number) => `nk_live_${String(n).padStart(43, "x")}`;
    expect(await asks(known.token, "203.0.114.9")).toBe(200);
    const statuses = [];
    for (let n = 0; n < 24; n += 1) statuses.push(await asks(wrong(n), "203.0.114.9"));
    expect([statuses[0], statuses.at(-1)]).toEqual([401, 429]);
    expect([await asks(known.token, "203.0.114.9"), await asks(newcomer.token, "203.0.114.9")]).toEqual([200, 429]);
    for (let n = 0; n < 24; n += 1) await asks(wrong(99), "203.0.114.10");
    expect(await asks(newcomer.token, "203.0.114.10")).toBe(200);
  });
});

describe("callers", () => {
  test("of a denied network get 403 everywhere in /v1, and the page all the same", async () => {
    const headers = from("198.51.100.7");
    expect((await ask(`${site.url}/v1/services`, { headers })).status).toBe(403);
    expect((await ask(`${site.url}/v1/nothing`, { headers })).status).toBe(403);
    expect((await fetch(`${site.url}/health/live`, { headers })).status).toBe(200);
  });

  test("in a browser: a listed origin is echoed with credentials, any other reads what is public without them", async () => {
    const headersFor = async (path: string, origin: string, method = "GET") =>
      (await ask(`${site.url}${path}`, { method, headers: from("203.0.115.1", { origin }) })).headers;
    const listed = await headersFor("/v1/keys", "https://app.example.com");
    expect(listed.get("access-control-allow-origin")).toBe("https://app.example.com");
    expect(listed.get("access-control-allow-credentials")).toBe("true");
    expect(listed.get("vary")).toContain("Origin");
    const open = await headersFor("/v1/services", "https://evil.example");
    expect(open.get("access-control-allow-origin")).toBe("*");
    expect(open.get("access-control-allow-credentials")).toBeNull();
    for (const origin of ["https://evil.example", "https://app.example.com.evil.example", "null"])
      expect((await headersFor("/v1/keys", origin)).get("access-control-allow-origin"), origin).toBeNull();
  });

  test("ask first with OPTIONS: 204, methods, headers and a day", async () => {
    const preflight = (method: string, origin: string) =>
      ask(`${site.url}/v1/keys`, {
        method: "OPTIONS",
        headers: from("203.0.115.2", { origin, "access-control-request-method": method }),
      });
    const answer = await preflight("POST", "https://app.example.com");
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-methods")).toBe("GET, HEAD, POST, OPTIONS");
    expect(answer.headers.get("access-control-allow-headers")).toContain("Authorization, Content-Type, X-Request-ID");
    expect(answer.headers.get("access-control-max-age")).toBe("86400");
    const stranger = await preflight("POST", "https://evil.example");
    expect([stranger.status, stranger.headers.get("access-control-allow-origin")]).toEqual([204, null]);
    expect(stranger.headers.get("access-control-allow-methods")).toBeNull();
  });
});

describe("every answer", () => {
  const get = (path: string, headers: Record<string, string> = {}) =>
    ask(`${site.url}${path}`, { headers: from("203.0.116.1", headers) });

  test("names request, trace and version; a version that there is not is 400", async () => {
    const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    const { headers } = await get("/v1/meta", { traceparent: `00-${trace}-00f067aa0ba902b7-01` });
    expect(headers.get("x-request-id")).toBe(trace);
    expect(headers.get("traceresponse")).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
    expect(headers.get("api-version")).toBe("2026-11-01");
    expect((await get("/v1/meta", { "api-version": "2026-11-01" })).status).toBe(200);
    expect((await get("/v1/meta", { "api-version": "1999-01-01" })).status).toBe(400);
  });

  test("of a problem has a title in the language of the reader", async () => {
    const { headers, body } = await get("/v1/services/nobody", { "accept-language": "fr, ko;q=0.8, en;q=0.5" });
    expect(ProblemDetail.parse(body).title).toBe("찾을 수 없음");
    expect([headers.get("content-language"), headers.get("vary")]).toEqual(["ko", "Accept-Language, Origin"]);
    expect(ProblemDetail.parse((await get("/v1/services/nobody")).body).title).toBe("Not found");
  });

  test("is JSON: who accepts none is told 406; a trailing slash changes nothing; HEAD has no body", async () => {
    expect((await get("/v1/services", { accept: "application/xml" })).status).toBe(406);
    expect((await get("/v1/services", { accept: "text/html, */*;q=0.1" })).status).toBe(200);
    expect((await get("/v1/locations/")).body).toEqual((await get("/v1/locations")).body);
    const head = await ask(`${site.url}/v1/locations`, { method: "HEAD", headers: from("203.0.116.2") });
    expect([head.status, head.body]).toEqual([200, null]);
    expect(head.headers.get("etag")).toMatch(/^W\//);
  });

  test("who asks stands in the access log by id and never by token", async () => {
    const key = await makeApiKey(db, ["keys:read"]);
    await ask(`${site.url}/v1/keys`, { token: key.token });
    await waitFor("the line of the request", () =>
      site.accessLines.some((line) => line.includes(`"customerId":"${key.id}"`)),
    );
    expect(site.accessLines.join("")).not.toContain(key.token);
  });
});
