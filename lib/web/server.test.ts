import { once } from "node:events";
import { connect } from "node:net";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ProblemDetail } from "#lib/contracts/api.ts";
import { Readiness } from "#lib/contracts/health.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { badDay } from "#test/support/sample-snapshot.ts";
import { waitFor } from "#test/support/wait-for.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";
import { PUBLIC_CONTENT_POLICY } from "./security-headers.ts";

let site: TestSite;
let empty: TestSite;

const get = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}): Promise<Response> =>
  fetch(`${site.url}${path}`, { redirect: "manual", headers: { "accept-encoding": "identity", ...headers }, ...init });

/** What a server writes to raw bytes, until it closes or `until` matches. */
const raw = async (url: string, bytes: string, until = /\r\n\r\n/): Promise<string> => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(bytes);
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    if (until.test(text)) socket.destroy();
  });
  await once(socket, "close");
  return text;
};

beforeAll(async () => {
  site = await startTestSite({ snapshot: { ...badDay(), dataAsOf: new Date(systemClock.now()).toISOString() } });
  empty = await startTestSite({ snapshot: null });
  await waitFor("the first page", async () => (await get("/")).ok);
});
afterAll(async () => {
  await site.stop();
  await empty.stop();
});

describe("the public page without a database", () => {
  test("has the content policy, the caching rule and the language that its contract names", async () => {
    const answer = await get("/", { "accept-language": "ko-KR, en;q=0.5" });
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": PUBLIC_CONTENT_POLICY,
      "cache-control": "public, max-age=5, stale-while-revalidate=60, stale-if-error=86400",
      "content-language": "ko",
      vary: "Accept-Encoding, Accept-Language",
      "x-content-type-options": "nosniff",
    });
    expect(await answer.text()).toContain("/render/ko");
  });

  test("gives the same content in every coding", async () => {
    const plain = await (await get("/")).text();
    for (const [coding, decode] of [
      ["gzip", gunzipSync],
      ["br", brotliDecompressSync],
    ] as const) {
      const text = await raw(
        site.url,
        `GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: ${coding}\r\nConnection: close\r\n\r\n`,
        /never/,
      );
      const [head = "", body = ""] =
        text.split("\r\n\r\n", 2).length === 2
          ? [text.slice(0, text.indexOf("\r\n\r\n")), text.slice(text.indexOf("\r\n\r\n") + 4)]
          : [];
      expect(head.toLowerCase()).toContain(`content-encoding: ${coding}`);
      expect(
        decode(Buffer.from(body, "latin1"))
          .toString()
          .replace(/datetime="[^"]*">[^<]*/, ""),
      ).toBe(plain.replace(/datetime="[^"]*">[^<]*/, ""));
    }
  });

  test("answers 304 to its entity tag and to its date", async () => {
    const first = await get("/services/shop");
    const byTag = await get("/services/shop", { "if-none-match": first.headers.get("etag") ?? "" });
    expect(byTag.status).toBe(304);
    expect(byTag.headers.get("etag")).toBe(first.headers.get("etag"));
    expect(await byTag.text()).toBe("");
    expect(
      (await get("/services/shop", { "if-modified-since": first.headers.get("last-modified") ?? "" })).status,
    ).toBe(304);
    expect(
      (
        await get("/services/shop", {
          "if-none-match": '"other"',
          "if-modified-since": first.headers.get("last-modified") ?? "",
        })
      ).status,
    ).toBe(200);
  });

  test("a trailing slash, HEAD and lang= give the same page", async () => {
    expect((await get("/services/shop/")).headers.get("etag")).toBe((await get("/services/shop")).headers.get("etag"));
    const head = await get("/services/shop", {}, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe((await get("/services/shop")).headers.get("content-length"));
    expect((await get("/?lang=ru")).headers.get("content-language")).toBe("ru");
  });

  test.each([
    { name: "an unknown query", path: "/?utm_source=x" },
    { name: "an unknown language", path: "/?lang=xx" },
    { name: "lang with something else", path: "/?lang=ko&x=1" },
  ])("$name gives the same content, which no cache may keep", async ({ path }) => {
    const answer = await get(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  test("Host and forwarding headers change nothing", async () => {
    const answer = await get("/", {
      "x-forwarded-host": "evil.example",
      "x-original-url": "/admin",
      rsc: "1",
      "next-router-prefetch": "1",
    });
    expect(answer.headers.get("etag")).toBe((await get("/")).headers.get("etag"));
  });

  test("old data is told: the banner stands, and /health/ready is degraded", async () => {
    const old = await startTestSite({ snapshot: badDay() });
    try {
      expect(await waitFor("the page", async () => (await fetch(old.url)).text())).toContain("STALE");
      const ready = await fetch(`${old.url}/health/ready`);
      expect(ready.status).toBe(503);
      expect(Readiness.parse(await ready.json()).checks.snapshot.status).toBe("stale");
      const summary = (await (await fetch(`${old.url}/api/v2/summary.json`)).json()) as {
        incidents: { name: string }[];
      };
      expect(summary.incidents[0]?.name).toBe("Monitoring delayed");
    } finally {
      await old.stop();
    }
  });
});

describe("before the first snapshot", () => {
  test("the page says so, asks to come back and reloads itself", async () => {
    const answer = await fetch(empty.url);
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("2");
    expect(await answer.text()).toContain('http-equiv="refresh"');
  });

  test("the Statuspage API gives a problem, and liveness is fine", async () => {
    const answer = await fetch(`${empty.url}/api/v2/summary.json`);
    expect(answer.status).toBe(503);
    expect(ProblemDetail.parse(await answer.json()).code).toBe("NOT_READY");
    expect(await (await fetch(`${empty.url}/health/live`)).text()).toBe('{"status":"ok"}');
    expect((await fetch(`${empty.url}/health/page`)).status).toBe(503);
  });
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

describe("the Statuspage API", () => {
  test("is open to every origin and conditional", async () => {
    const answer = await get("/api/v2/summary.json", { origin: "https://elsewhere.example" });
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect((await get("/api/v2/summary.json", { "if-none-match": answer.headers.get("etag") ?? "" })).status).toBe(304);
    expect((await get("/api/v2/nothing.json")).status).toBe(404);
    expect((await get("/api/v2/summary.json", {}, { method: "OPTIONS" })).status).toBe(204);
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

describe("every answer", () => {
  test("has a request id; a plain one of the client is kept", async () => {
    for (const path of ["/", "/nowhere", "/v1/services", "/api/v2/status.json", "/health/live", "/admin/slos"]) {
      expect((await get(path)).headers.get("x-request-id")).toMatch(/^[0-9a-f]{32}$/);
    }
    expect((await get("/", { "x-request-id": "order-4711" })).headers.get("x-request-id")).toBe("order-4711");
  });

  test("leaves one line in the access log, without query and cookie", async () => {
    site.accessLines.length = 0;
    await get("/services/shop?token=canary-secret", {
      cookie: "nines_session=canary-cookie",
      "x-request-id": "find-me-again",
    });
    const line = site.accessLines.find((text) => text.includes("find-me-again")) ?? "";
    expect(JSON.parse(line)).toMatchObject({
      level: "info",
      service: "nines-web",
      method: "GET",
      path: "/services/shop",
      statusCode: 200,
      customerId: null,
      region: null,
    });
    expect(line).not.toContain("canary");
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
    const { silentAccessLog } = await import("./access-log.ts");
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
