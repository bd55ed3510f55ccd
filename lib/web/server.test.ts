import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ProblemDetail } from "#lib/contracts/api.ts";
import { Readiness } from "#lib/contracts/health.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { raw } from "#test/support/raw-request.ts";
import { badDay } from "#test/support/sample-snapshot.ts";
import { waitFor } from "#test/support/wait-for.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";
import { PUBLIC_CONTENT_POLICY } from "./http/security-headers.ts";

let site: TestSite;
let empty: TestSite;

const get = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}): Promise<Response> =>
  fetch(`${site.url}${path}`, { redirect: "manual", headers: { "accept-encoding": "identity", ...headers }, ...init });

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
    // All fields of R112, and nothing else.
    expect(JSON.parse(line)).toEqual({
      level: "info",
      message: "request",
      requestId: "find-me-again",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      durationMs: expect.any(Number) as number,
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
