import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ProblemDetail } from "#lib/contracts/api.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { raw } from "#test/support/raw-request.ts";
import { badDay } from "#test/support/sample-snapshot.ts";
import { waitFor } from "#test/support/wait-for.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";

let site: TestSite;

const get = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}): Promise<Response> =>
  fetch(`${site.url}${path}`, { redirect: "manual", headers: { "accept-encoding": "identity", ...headers }, ...init });

beforeAll(async () => {
  site = await startTestSite({ snapshot: { ...badDay(), dataAsOf: new Date(systemClock.now()).toISOString() } });
  await waitFor("the first page", async () => (await get("/")).ok);
});
afterAll(async () => {
  await site.stop();
});

describe("addresses", () => {
  test.each([
    "/services/nobody",
    "/nowhere",
    "/render/en",
    "/render/en/services/shop",
    "//evil.example",
    "/%2e%2e/x",
    "/_next/image",
    "/_next/static/../BUILD_ID",
    "/incidents/000000000000",
  ])("%s is not found, calmly", async (path) => {
    const text = await raw(site.url, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, /never/);
    expect(text).toMatch(/^HTTP\/1\.1 404 /);
    expect(text).toMatch(/<h1>(Nothing here|\/render\/en\/not-found #)/);
  });

  test("nothing of Next is reachable but admin pages", () => {
    expect(site.renderer.asked).toEqual([]);
  });

  test("an address of more than 8 kB is 414, a head of more than 16 kB is 431", async () => {
    expect((await get(`/${"a".repeat(9_000)}`)).status).toBe(414);
    expect(await raw(site.url, `GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
  });

  test("the absolute form is the same address", async () => {
    expect(await raw(site.url, "GET http://other.example/health/live HTTP/1.1\r\nHost: x\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 200 /,
    );
  });

  test("other methods are refused with what is allowed", async () => {
    for (const path of ["/", "/api/v2/summary.json", "/v1/locations"]) {
      const answer = await get(path, {}, { method: "POST", body: "x" });
      expect(answer.status).toBe(405);
      expect(answer.headers.get("allow")).toBe("GET, HEAD");
    }
  });

  test("the addresses that an incident was ever given lead to its page", async () => {
    const summary = (await (await get("/api/v2/incidents.json")).json()) as { incidents: { shortlink: string }[] };
    const link = summary.incidents.at(-1)?.shortlink ?? "";
    const shortId = new URL(link).pathname.split("/").at(-1);
    for (const path of [`/incidents/${shortId}`, `/i/${shortId}`]) {
      const answer = await get(path);
      expect([answer.status, answer.headers.get("location")]).toEqual([302, "/incidents/inc1"]);
    }
    expect((await get("/incidents/inc1")).status).toBe(200);
  });
});

describe("the API while the database is away", () => {
  test("gives a problem with a trace id and says when to come back", async () => {
    const answer = await get("/v1/services", {
      traceparent: `00-${"4bf92f3577b34da6a3ce929d0e0e4736"}-00f067aa0ba902b7-01`,
    });
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("5");
    expect(answer.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
    const problem = ProblemDetail.parse(await answer.json());
    expect(problem).toMatchObject({
      code: "DATABASE_UNREACHABLE",
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
      instance: "/v1/services",
    });
  });

  test("tells all wrong parameters at once", async () => {
    const answer = await get("/v1/alerts?limit=0&limit=1&state=loud&colour=red");
    expect(answer.status).toBe(400);
    const { errors } = ProblemDetail.parse(await answer.json());
    expect(errors.map(({ field }) => field).sort()).toEqual(["colour", "limit", "state"]);
  });

  test("an unknown resource is a problem", async () => {
    expect(ProblemDetail.parse(await (await get("/v1/unicorns")).json()).code).toBe("NOT_FOUND");
  });
});

describe("admin", () => {
  test("sends who is not signed in to the door, without asking Next", async () => {
    const answer = await get("/admin/slos");
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/admin/sign-in"]);
    expect(site.renderer.asked).toEqual([]);
  });

  test("the door has a content policy with a nonce that Next is told, and is never cached", async () => {
    const answer = await get("/admin/sign-in?token=abc", {
      "x-middleware-subrequest": "middleware",
      "next-action": "x",
    });
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/script-src 'self' 'nonce-[A-Za-z0-9+/=]{24}' 'strict-dynamic'/);
    expect(answer.headers.get("cache-control")).toBe("private, no-store");
    const asked = site.renderer.asked.at(-1);
    expect(asked?.url).toBe("/admin/sign-in?token=abc");
    expect(asked?.headers["content-security-policy"]).toBe(policy);
    expect(Object.keys(asked?.headers ?? {})).not.toContain("x-middleware-subrequest");
    expect(Object.keys(asked?.headers ?? {})).not.toContain("next-action");
  });

  test.each([
    { name: "another origin", headers: { origin: "https://evil.example" } },
    { name: "an opaque origin", headers: { origin: "null" } },
    { name: "a cross-site fetch", headers: { "sec-fetch-site": "cross-site" } },
  ] as { name: string; headers: Record<string, string> }[])("a sign-in from $name is refused", async ({ headers }) => {
    const body = new URLSearchParams({ token: "x" });
    const answer = await get(
      "/admin/session",
      { ...headers, "content-type": "application/x-www-form-urlencoded" },
      { method: "POST", body },
    );
    expect(answer.status).toBe(403);
  });

  test("a token of the wrong form leads back to the door", async () => {
    const answer = await get(
      "/admin/session",
      {},
      { method: "POST", body: new URLSearchParams({ token: "nonsense" }) },
    );
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/admin/sign-in?problem=link"]);
  });

  test("a form that is too large is refused", async () => {
    const answer = await get(
      "/admin/session",
      {},
      { method: "POST", body: new URLSearchParams({ token: "x".repeat(10_000) }) },
    );
    expect(answer.status).toBe(400);
  });
});

describe("a port that is taken", () => {
  test("is told with the cure", async () => {
    const { startWebServer } = await import("./server.ts");
    const { fakeRenderer, absentDatabase } = await import("#test/support/web-site.ts");
    const { silentLogger } = await import("#lib/runtime/logger.ts");
    const { createSecretBox } = await import("#lib/commands/secret-box.ts");
    const { silentAccessLog } = await import("./http/access-log.ts");
    const start = startWebServer({
      host: "127.0.0.1",
      port: site.server.port,
      dataDir: site.dataDir,
      staticDir: "none",
      buildId: "x",
      version: "x",
      isProduction: true,
      database: absentDatabase(),
      clock: systemClock,
      log: silentLogger,
      accessLog: silentAccessLog,
      renderer: fakeRenderer(),
      randomBytes: (size) => new Uint8Array(size),
      secretBox: createSecretBox(new Uint8Array(32)),
      collectMetrics: () => Promise.resolve(""),
    });
    await expect(start).rejects.toMatchObject({
      code: "PORT_TAKEN",
      detail: expect.stringContaining(`PORT=${site.server.port + 1}`),
    });
  });
});
