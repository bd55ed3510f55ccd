import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import type { ProbeType } from "#lib/core/definitions.ts";
import type { Outcome } from "#lib/core/outcome.ts";
import { OUTCOME_CLASSES, voteOfClass } from "#lib/core/outcome.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { startDnsServer } from "#test/support/dns-server.ts";
import { DEFINITIONS } from "#test/support/probe-definitions.ts";
import type { RawServer } from "#test/support/raw-server.ts";
import { refusedPort, startRawServer } from "#test/support/raw-server.ts";
import { startStopwatch } from "#test/support/stopwatch.ts";
import type { CheckDeps, CheckResult } from "./check.ts";
import type { AskingType } from "./index.ts";
import { CHECKS, runCheck } from "./index.ts";

const SECRET = "C4n4ryC4n4ryC4n4ry";
const ALL = Object.keys(CHECKS) as readonly AskingType[];
/** Those that connect to a port; the others are asked what can be asked of them. */
const CONNECTING = ALL.filter((type) => type !== "icmp");
const MAX_EXTRA_MS = 500;

type Case = { readonly host?: string; readonly port: number; readonly timeoutMs?: number };
/** `tookMs` is by the clock, `elapsedMs` without what a busy machine kept from us. */
type Timed = CheckResult & { readonly tookMs: number; readonly elapsedMs: number };

const run = async (
  type: ProbeType,
  { host = "127.0.0.1", port, timeoutMs = 3_000 }: Case,
  over: Partial<CheckDeps> = {},
) => {
  const definition = DEFINITIONS[type]({ host, port, timeoutMs, secret: SECRET });
  const deps: CheckDeps = {
    clock: systemClock,
    randomBytes,
    userAgent: "Nines/test",
    signal: new AbortController().signal,
    allow: ["127.0.0.1/32"],
    ...over,
  };
  const startedAt = performance.now();
  const elapsedMs = startStopwatch();
  const result = await runCheck(definition, deps);
  return { ...result, tookMs: performance.now() - startedAt, elapsedMs: elapsedMs() } satisfies Timed;
};

const expectSound = ({ outcome, traceId, parts = [] }: CheckResult): void => {
  for (const each of [outcome, ...parts.map((part) => part.outcome)]) {
    expect(OUTCOME_CLASSES).toContain(each.class);
    expect(each.durationUs).toBeGreaterThanOrEqual(0);
    expect(each.class === "ok").toBe(each.failures.length === 0 && each.detail === null);
    expect((each.detail ?? "").length).toBeLessThanOrEqual(200);
  }
  expect(traceId === null || /^[0-9a-f]{32}$/.test(traceId)).toBe(true);
  const text = JSON.stringify({ outcome, parts });
  expect(text).not.toContain(SECRET);
  expect(text).not.toContain(Buffer.from(`probe:${SECRET}`).toString("base64"));
};

/** What keeps the process alive beside what the test runner itself holds. */
const openHandles = (): number =>
  process
    .getActiveResourcesInfo()
    .filter((name) => /TCPSocketWrap|TLSWrap|UDPWrap|Timeout|HTTP2SESSION|ProcessWrap/i.test(name)).length;

const until = async (holds: () => boolean): Promise<void> => {
  const deadline = performance.now() + 5_000;
  while (!holds() && performance.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
};

const closing: { close: () => Promise<void> }[] = [];
const opened = async <Server extends { close: () => Promise<void> }>(server: Promise<Server>): Promise<Server> => {
  closing.push(await server);
  return server;
};
afterEach(async () => {
  for (const { close } of closing.splice(0)) await close();
});

/** Listens over UDP and TCP and never answers. */
const silentServer = () => opened(startDnsServer(() => undefined));
const rawServer = (serve: Parameters<typeof startRawServer>[0]["serve"]): Promise<RawServer> =>
  opened(startRawServer({ serve }));

test("a heartbeat asks nobody, and says nothing about the target", async () => {
  const result = await run("heartbeat", { port: 80 });
  expect(result.outcome.class).toBe("skipped");
  expectSound(result);
});

describe.each(ALL)("every check keeps the contract: %s", (type) => {
  test("one that is cut off before it begins says nothing about the target", async () => {
    const { port } = await silentServer();
    const result = await run(type, { port }, { signal: AbortSignal.abort() });
    expect(result.outcome.class).toBe("skipped");
    expect(result.elapsedMs).toBeLessThan(MAX_EXTRA_MS);
    expectSound(result);
  });
});

describe.each(ALL)("every check that asks keeps the policy: %s", (type) => {
  test.each(["10.0.0.1", "169.254.169.254", "127.0.0.1"])("%s is refused without a connection", async (host) => {
    const { port, connections } = await rawServer(() => undefined);
    const result = await run(type, { host, port }, { allow: [] });
    expect(result.outcome).toMatchObject({ class: "blocked", detail: "address not allowed", address: null });
    expect(voteOfClass(result.outcome.class)).toBe("none");
    expect(connections()).toBe(0);
    expectSound(result);
  });

  test("a name is looked up once and refused when any of its addresses is", async () => {
    let lookUps = 0;
    const resolver = async () => {
      lookUps += 1;
      return ["127.0.0.1", "192.168.0.1"];
    };
    const result = await run(type, { host: "target.example", port: 8_443 }, { resolver });
    expect(result.outcome.class).toBe("blocked");
    expect(lookUps).toBe(1);
    expectSound(result);
  });

  test("a name without an address is an outcome", async () => {
    const resolver = async () => Promise.reject(Object.assign(new Error(SECRET), { code: "ENOTFOUND" }));
    const result = await run(type, { host: "target.example", port: 8_443 }, { resolver });
    expect(result.outcome).toMatchObject({ class: "dns_error", detail: "ENOTFOUND" });
    expectSound(result);
  });

  test("a look-up that hangs ends at the deadline", async () => {
    const result = await run(
      type,
      { host: "target.example", port: 8_443, timeoutMs: 200 },
      { resolver: () => new Promise(() => undefined) },
    );
    expect(result.outcome.class).toBe("timeout");
    expect(result.elapsedMs).toBeLessThan(200 + MAX_EXTRA_MS);
    expectSound(result);
  });
});

describe.each(CONNECTING)("every check that connects keeps the contract: %s", (type) => {
  test("a closed port is an outcome, not an exception", async () => {
    const result = await run(type, { port: await refusedPort() });
    expect(result.outcome).toMatchObject({ class: "connect_refused", address: "127.0.0.1" });
    expectSound(result);
  });

  test("a silent server is a timeout, within the deadline and 500 ms", async () => {
    const { port } = await silentServer();
    const result = await run(type, { port, timeoutMs: 300 });
    expect(result.outcome.class).toBe("timeout");
    expect(result.tookMs).toBeGreaterThan(290);
    expect(result.elapsedMs).toBeLessThan(300 + MAX_EXTRA_MS);
    expect(result.outcome.durationUs).toBeLessThanOrEqual(result.tookMs * 1_000 + 1);
    expectSound(result);
  });

  test("one that is cut off by a shutdown ends at once and says nothing about the target", async () => {
    const { port } = await silentServer();
    const stopping = new AbortController();
    setTimeout(() => stopping.abort(), 50);
    const result = await run(type, { port, timeoutMs: 20_000 }, { signal: stopping.signal });
    expect(result.outcome.class).toBe("skipped");
    expect(voteOfClass(result.outcome.class)).toBe("none");
    expect(result.elapsedMs).toBeLessThan(50 + MAX_EXTRA_MS);
    expectSound(result);
  });

  test("whatever a server says, it is an outcome in time that holds no secret and is never our own fault", async () => {
    const answers: readonly (string | null)[] = [
      null,
      "",
      "\0",
      "HTTP/1.1 500 No\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nno",
      "\u0016\u0003\u0001\u0002\u0000\u0001",
      "\0\0\u0012\u0004\0\0\0\0\0".repeat(3),
      "x".repeat(100_000),
    ];
    for (const answer of answers) {
      const server = await startRawServer({
        serve: (socket) =>
          answer === null ? socket.resetAndDestroy() : socket.once("data", () => socket.end(answer, "latin1")),
      });
      const result = await run(type, { port: server.port, timeoutMs: 1_000 });
      expect(["internal_error", "skipped", "blocked"]).not.toContain(result.outcome.class);
      expect(result.elapsedMs).toBeLessThan(1_000 + MAX_EXTRA_MS);
      expectSound(result);
      await server.close();
    }
  });

  test("a server that repeats what it was told gives no secret away", async () => {
    const { port } = await rawServer((socket) => socket.once("data", (bytes) => socket.end(bytes)));
    const { outcome } = await run(type, { port, timeoutMs: 1_000 });
    expect(outcome.detail ?? "").not.toContain(SECRET);
  });

  test("no socket and no timer is left, also at 50 together", async () => {
    const silent = await silentServer();
    const hangingUp = await rawServer((socket) => socket.resume().end("nonsense"));
    const before = openHandles();
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        run(type, { port: i % 2 === 0 ? silent.port : hangingUp.port, timeoutMs: 200 }),
      ),
    );
    expect(outcomes.map(({ outcome }: { outcome: Outcome }) => outcome.class)).not.toContain("internal_error");
    await until(() => openHandles() <= before && hangingUp.connections() === 0);
    expect(openHandles()).toBeLessThanOrEqual(before);
    expect(hangingUp.connections()).toBe(0);
  });
});
