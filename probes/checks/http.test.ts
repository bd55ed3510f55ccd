import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders, RequestListener, Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { DEFAULT_STATUS_ASSERTION } from "#lib/core/assertions.ts";
import { DEFAULT_CAPS } from "#lib/egress/types.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { HttpDeps, HttpTarget } from "#probes/checks/http.ts";
import { checkHttp } from "#probes/checks/http.ts";
import { openBlackHole } from "#test/support/black-hole.ts";
import { HOSTILE_SERVERS, listen, TEST_CA } from "#test/support/hostile-servers.ts";
import { startStopwatch } from "#test/support/stopwatch.ts";

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

type Seen = { method: string; url: string; headers: IncomingHttpHeaders; body: string };

const serve = async (listener: RequestListener): Promise<{ url: string; seen: Seen[]; server: Server }> => {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += String(chunk);
    });
    request.on("end", () => {
      seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
      listener(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUps.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, seen, server };
};

const deps = (over: Partial<HttpDeps> = {}): HttpDeps => ({
  clock: systemClock,
  randomBytes,
  userAgent: "Nines/test (+https://status.example)",
  signal: new AbortController().signal,
  ...over,
});
const target = (url: string, over: Partial<HttpTarget> = {}): HttpTarget => ({
  url,
  method: "GET",
  headers: {},
  body: null,
  timeoutMs: 5_000,
  connectTimeoutMs: null,
  maxRedirects: 10,
  caps: DEFAULT_CAPS,
  assertions: [DEFAULT_STATUS_ASSERTION],
  allow: ["127.0.0.0/8"],
  caPem: null,
  ...over,
});
const hostile = async (name: string) => {
  const found = HOSTILE_SERVERS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no hostile server "${name}"`);
  const listening = await listen(found);
  cleanUps.push(listening.close);
  return listening;
};

describe("what is sent", () => {
  test("method, headers, body, host, user agent and a trace id that the run keeps", async () => {
    const { url, seen } = await serve((_, response) => response.end());
    const { traceId, outcome } = await checkHttp(
      target(`${url}a?b=c#d`, { method: "POST", headers: { "X-Key": "k" }, body: "h\u00e9llo" }),
      deps(),
    );
    expect(outcome.class).toBe("ok");
    expect(seen).toHaveLength(1);
    const [{ method, url: path, headers, body } = seen[0] as Seen] = seen;
    expect([method, path, body]).toEqual(["POST", "/a?b=c", "h\u00e9llo"]);
    expect(headers).toMatchObject({
      host: new URL(url).host,
      "x-key": "k",
      "user-agent": "Nines/test (+https://status.example)",
      "content-length": "6",
      connection: "close",
    });
    expect(headers["traceparent"]).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
  });

  test.each([
    "Host",
    "content-length",
    "Transfer-Encoding",
    "connection",
    "upgrade",
    "TE",
    "expect",
    "proxy-authorization",
    "a b",
    "x\r\ny",
  ])("a header that frames or routes is refused before anything is sent: %j", async (name) => {
    const { url, seen } = await serve((_, response) => response.end());
    const { outcome, traceId } = await checkHttp(target(url, { headers: { [name]: "x" } }), deps());
    expect([outcome.class, seen.length, traceId]).toEqual(["internal_error", 0, null]);
  });

  test("a header value cannot smuggle a second request", async () => {
    const { url, seen } = await serve((_, response) => response.end());
    const { outcome } = await checkHttp(target(url, { headers: { "x-a": "b\r\nx-c: d" } }), deps());
    expect([outcome.class, seen.length]).toEqual(["internal_error", 0]);
    expect(outcome.detail).not.toContain("x-c");
  });
});

describe("redirects", () => {
  test("are followed, and credentials do not go along to another origin", async () => {
    const second = await serve((_, response) => response.end("there"));
    const first = await serve((request, response) => {
      const to = request.url === "/" ? "/same" : second.url;
      response.writeHead(302, { location: to }).end();
    });
    const headers = { Authorization: "Bearer secret", Cookie: "a=b", "X-Api-Key": "k", Accept: "text/plain" };
    const { outcome } = await checkHttp(target(first.url, { headers }), deps());
    expect(outcome).toMatchObject({ class: "ok", httpStatus: 200 });
    expect(first.seen.map(({ headers }) => headers.authorization)).toEqual(["Bearer secret", "Bearer secret"]);
    const carried = second.seen[0]?.headers ?? {};
    expect([carried.authorization, carried.cookie, carried["x-api-key"], carried.accept]).toEqual([
      undefined,
      undefined,
      undefined,
      "text/plain",
    ]);
    expect(carried["traceparent"]).toBeDefined();
  });

  test.each([
    { status: 301, method: "POST", then: "GET", body: "" },
    { status: 302, method: "POST", then: "GET", body: "" },
    { status: 303, method: "PUT", then: "GET", body: "" },
    { status: 303, method: "HEAD", then: "HEAD", body: "" },
    { status: 307, method: "POST", then: "POST", body: "x" },
    { status: 308, method: "PUT", then: "PUT", body: "x" },
  ])("$status turns $method into $then", async ({ status, method, then, body }) => {
    const { url, seen } = await serve((request, response) =>
      request.url === "/" ? response.writeHead(status, { location: "next" }).end() : response.end(),
    );
    const { outcome } = await checkHttp(target(url, { method, body: method === "HEAD" ? null : "x" }), deps());
    expect(outcome.class).toBe("ok");
    expect(seen.map((each) => `${each.method} ${each.url}`)).toEqual([`${method} /`, `${then} /next`]);
    expect(seen[1]?.body).toBe(body);
  });

  test("none is followed when none may be: the redirect is the answer", async () => {
    const { url, seen } = await serve((_, response) => response.writeHead(301, { location: "/x" }).end("moved"));
    const assertions = [{ type: "status", op: "eq", value: 301 }] as const;
    const { outcome } = await checkHttp(target(url, { maxRedirects: 0, assertions }), deps());
    expect([outcome.class, outcome.httpStatus, outcome.bytesRead, seen.length]).toEqual(["ok", 301, 5, 1]);
  });

  test("exactly as many as allowed are followed", async () => {
    const { url, seen } = await serve((request, response) => {
      const step = Number(request.url?.slice(1) || "0");
      if (step === 3) response.end();
      else response.writeHead(302, { location: `/${step + 1}` }).end();
    });
    expect((await checkHttp(target(url, { maxRedirects: 3 }), deps())).outcome.class).toBe("ok");
    expect((await checkHttp(target(url, { maxRedirects: 2 }), deps())).outcome.class).toBe("too_many_redirects");
    expect(seen).toHaveLength(7);
  });

  test("a blocked hop tells nothing of what was seen before it", async () => {
    const { url } = await serve((_, response) => response.writeHead(302, { location: "http://10.0.0.1/" }).end());
    const { outcome } = await checkHttp(target(url, { allow: ["127.0.0.1"] }), deps());
    expect(outcome).toMatchObject({ class: "blocked", detail: "address not allowed", httpStatus: null, address: null });
  });
});

describe("time", () => {
  test("phases add up to the total within a few milliseconds, and what does not apply is null", async () => {
    const { url } = await serve((_, response) => setTimeout(() => response.end("x"), 40));
    // What is between the phases is ours, and on a busy machine the time that others take: the best of a few runs.
    let between = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 5 && between >= 20_000; tries += 1) {
      const { durationUs, phasesUs } = (await checkHttp(target(url), deps())).outcome;
      const { dns, connect: connectUs, tls, firstByte, transfer } = phasesUs;
      expect([dns, tls]).toEqual([0, null]);
      expect(firstByte).toBeGreaterThan(30_000);
      const sum = (connectUs ?? 0) + (firstByte ?? 0) + (transfer ?? 0);
      expect(sum).toBeLessThanOrEqual(durationUs);
      between = Math.min(between, durationUs - sum);
    }
    expect(between).toBeLessThan(20_000);
  });

  test("TLS has a phase of its own, and the expiry of the certificate is kept", async () => {
    const { url } = await hostile("speaks TLS well");
    const certificate = { type: "certificate", op: "ge", value: 14 } as const;
    const { outcome } = await checkHttp(
      target(url, { caPem: TEST_CA, assertions: [DEFAULT_STATUS_ASSERTION, certificate] }),
      deps(),
    );
    expect(outcome.class).toBe("ok");
    expect(outcome.phasesUs.tls).toBeGreaterThan(0);
    expect(outcome.certificateExpiresAt).toBe(Date.parse("2125-01-01T00:00:00Z"));
    expect(outcome.address).toBe("127.0.0.1");
  });

  test("one deadline holds over the look-up, too", async () => {
    const never = () => new Promise<never>(() => undefined);
    const elapsedMs = startStopwatch();
    const { outcome } = await checkHttp(target("http://slow.example/", { timeoutMs: 100 }), deps({ resolver: never }));
    expect([outcome.class, outcome.detail]).toEqual(["timeout", "dns"]);
    expect(elapsedMs()).toBeLessThan(600);
  });

  test("one deadline holds over all redirects together", async () => {
    const { url } = await serve((_, response) =>
      setTimeout(() => response.writeHead(302, { location: "/" }).end(), 60),
    );
    const elapsedMs = startStopwatch();
    const { outcome } = await checkHttp(target(url, { timeoutMs: 200, maxRedirects: 50 }), deps());
    expect(outcome.class).toBe("timeout");
    expect(elapsedMs()).toBeLessThan(700);
  });

  test("a shutdown ends a run at once and says nothing about the target", async () => {
    const { url } = await hostile("never answers");
    const stopping = new AbortController();
    const running = checkHttp(target(url), deps({ signal: stopping.signal }));
    setImmediate(() => stopping.abort());
    expect((await running).outcome).toMatchObject({ class: "skipped", detail: "shutdown" });
    expect((await checkHttp(target(url), deps({ signal: stopping.signal }))).outcome.class).toBe("skipped");
  });
});

describe.runIf(process.platform === "linux")("no answer to SYN", () => {
  test("within the time for connecting is connect_timeout, within the total deadline timeout in connect", async () => {
    const { port, close } = await openBlackHole();
    cleanUps.push(close);
    const url = `http://127.0.0.1:${port}/`;
    const elapsedMs = startStopwatch();
    const early = await checkHttp(target(url, { timeoutMs: 3_000, connectTimeoutMs: 200 }), deps());
    expect(elapsedMs()).toBeLessThan(700);
    expect(early.outcome).toMatchObject({ class: "connect_timeout", httpStatus: null });
    const late = await checkHttp(target(url, { timeoutMs: 300 }), deps());
    expect(late.outcome).toMatchObject({ class: "timeout", detail: "connect" });
    expect(early.traceId).toBeNull();
  });
});

describe("several addresses", () => {
  test("the next one is tried when the first refuses, and the one that answered is kept", async () => {
    const { url } = await serve((_, response) => response.end());
    const { port } = new URL(url);
    const resolver = async () => ["127.0.0.9", "127.0.0.1"];
    const named = `http://two.example:${port}/`;
    const { outcome } = await checkHttp(target(named), deps({ resolver }));
    expect(outcome).toMatchObject({ class: "ok", address: "127.0.0.1" });
  });

  test("a name without an address is dns_error", async () => {
    const gone = async () => {
      throw Object.assign(new Error("no"), { code: "ENOTFOUND" });
    };
    expect((await checkHttp(target("http://gone.example/"), deps({ resolver: gone }))).outcome).toMatchObject({
      class: "dns_error",
      detail: "ENOTFOUND",
    });
    expect((await checkHttp(target("http://none.example/"), deps({ resolver: async () => [] }))).outcome.class).toBe(
      "dns_error",
    );
  });
});

test("caps can be set for each check", async () => {
  const { url } = await serve((_, response) => response.end("x".repeat(100)));
  const caps = { ...DEFAULT_CAPS, bodyBytes: 99, decodedBytes: 99 };
  expect((await checkHttp(target(url, { caps }), deps())).outcome).toMatchObject({
    class: "too_large",
    httpStatus: 200,
  });
  const tight = { ...DEFAULT_CAPS, headBytes: 40 };
  expect((await checkHttp(target(url, { caps: tight }), deps())).outcome.class).toBe("too_large");
});

test("assertions see the decoded body, and what they saw is kept without NUL", async () => {
  const { url } = await hostile("compresses with brotli");
  const assertions = [DEFAULT_STATUS_ASSERTION, { type: "body", op: "eq", value: "fine" }] as const;
  expect((await checkHttp(target(url, { assertions }), deps())).outcome.class).toBe("ok");
  const nul = await serve((_, response) => response.end("a\0b"));
  const { outcome } = await checkHttp(target(nul.url, { assertions }), deps());
  expect(outcome.class).toBe("body_mismatch");
  expect(outcome.failures).toEqual([{ assertion: "body eq", expected: "fine", seen: "ab" }]);
});
