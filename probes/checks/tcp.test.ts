import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { TcpProbeDefinition } from "#lib/core/definitions.ts";
import type { OutcomeClass } from "#lib/core/outcome.ts";
import { durationMs } from "#lib/core/units.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { RawServer } from "#test/support/raw-server.ts";
import { startRawServer } from "#test/support/raw-server.ts";
import type { CheckDeps } from "./check.ts";
import { checkTcp } from "./tcp.ts";

const deps: CheckDeps = {
  clock: systemClock,
  randomBytes,
  userAgent: "Nines/test",
  signal: new AbortController().signal,
  allow: ["127.0.0.1/32", "db.internal"],
};

const probe = (port: number, changes: Partial<TcpProbeDefinition> = {}): TcpProbeDefinition => ({
  type: "tcp",
  id: "port",
  intervalMs: durationMs(30_000),
  timeoutMs: durationMs(5_000),
  locations: ["fra"],
  host: "127.0.0.1",
  port,
  send: null,
  expect: null,
  assertions: [],
  ...changes,
});

let server: RawServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

const say = async (
  serve: (socket: Socket) => void,
  changes: Partial<TcpProbeDefinition> = {},
  more: Partial<CheckDeps> = {},
) => {
  server = await startRawServer({ serve });
  return (await checkTcp(probe(server.port, changes), { ...deps, ...more })).outcome;
};

const silent = (): void => undefined;
const echoing = (socket: Socket): void => void socket.on("data", (bytes) => socket.write(bytes));
const dripping =
  (text: string) =>
  (socket: Socket): void => {
    let at = 0;
    const timer = setInterval(() => {
      socket.write(text[at] ?? "");
      at += 1;
      if (at >= text.length) clearInterval(timer);
    }, 1);
    socket.once("close", () => clearInterval(timer));
  };
const flooding = (socket: Socket): void => {
  const more = (): void => {
    while (!socket.destroyed && socket.write("x".repeat(10_000)));
    socket.once("drain", more);
  };
  more();
};

test("a connection is enough when nothing is to be said", async () => {
  const outcome = await say(silent);
  expect(outcome).toMatchObject({ class: "ok", detail: null, address: "127.0.0.1", bytesRead: 0, httpStatus: null });
  expect(outcome.phasesUs).toMatchObject({ dns: 0, tls: null, transfer: null });
});

describe("what is said and what comes back", () => {
  const short = { timeoutMs: durationMs(300) };
  const cases: readonly [string, (socket: Socket) => void, Partial<TcpProbeDefinition>, OutcomeClass, string | null][] =
    [
      ["what is sent is echoed", echoing, { send: "PING\r\n", expect: "^PING\\r\\n$" }, "ok", null],
      ["a greeting that comes byte by byte", dripping("220 ready\r\n"), { expect: "ready" }, "ok", null],
      ["a greeting before a close", (socket) => void socket.end("+OK bye\r\n"), { expect: "^\\+OK" }, "ok", null],
      [
        "another greeting before a close",
        (socket) => void socket.end("-ERR\r\n"),
        { expect: "^\\+OK" },
        "body_mismatch",
        "expect matches",
      ],
      ["a flood without what is due", flooding, { expect: "needle" }, "body_mismatch", "expect matches"],
      ["half of an answer", (socket) => void socket.write("22"), { ...short, expect: "^220" }, "timeout", "transfer"],
      ["no answer", silent, { ...short, send: "PING", expect: "PONG" }, "timeout", "first_byte"],
      [
        "a close without an answer",
        (socket) => void socket.end(),
        { expect: "PONG" },
        "empty_reply",
        "closed without an answer",
      ],
      ["a reset", (socket) => void socket.resetAndDestroy(), { expect: "PONG" }, "connect_reset", "ECONNRESET"],
      ["a pattern that is none", echoing, { send: "x", expect: "(" }, "internal_error", "cannot judge expect"],
      ["a slow run", silent, { assertions: [{ type: "latency", op: "lt", valueMs: durationMs(0) }] }, "slow", null],
    ];
  test.each(cases)("%s", async (_name, serve, changes, expected, detail) => {
    const outcome = await say(serve, changes);
    expect(`${outcome.class}`, outcome.detail ?? "").toBe(expected);
    if (detail !== null) expect(outcome.detail).toBe(detail);
    expect(outcome.bytesRead).toBeLessThan(200_000);
  });

  test("what came instead is kept, at most 1 kB of it", async () => {
    const outcome = await say((socket) => socket.end(`\0${"y".repeat(5_000)}`), { expect: "needle" });
    expect(outcome.failures).toEqual([{ assertion: "expect matches", expected: "needle", seen: "y".repeat(1_024) }]);
  });
});

describe("names are looked up once, judged, and pinned", () => {
  test("the next address is tried when one refuses", async () => {
    const resolver = async () => ["127.0.0.2", "127.0.0.1"];
    const allow = ["127.0.0.0/8"];
    const outcome = await say(silent, { host: "target.example" }, { resolver, allow });
    expect(outcome).toMatchObject({ class: "ok", address: "127.0.0.1" });
  });

  test("one address that may not be reached refuses the name", async () => {
    let lookUps = 0;
    const resolver = async () => {
      lookUps += 1;
      return ["127.0.0.1", "10.0.0.1"];
    };
    const outcome = await say(silent, { host: "target.example" }, { resolver });
    expect(outcome).toMatchObject({ class: "blocked", detail: "address not allowed", address: null });
    expect(lookUps).toBe(1);
    expect(server?.connections()).toBe(0);
  });

  test.each([
    "2130706433",
    "0x7f.1",
    "10.1.1.1",
    "metadata",
    "printer.local",
    "[::1]",
    "a b",
    "user@db.internal",
    "db.internal:22",
  ])("%s is refused", async (host) => {
    const outcome = (await checkTcp(probe(80, { host }), { ...deps, allow: [], resolver: async () => ["10.0.0.1"] }))
      .outcome;
    expect(outcome).toMatchObject({ class: "blocked", detail: "address not allowed" });
  });

  test("a name without an address", async () => {
    const resolver = async () => Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" }));
    const outcome = (await checkTcp(probe(80, { host: "gone.example" }), { ...deps, resolver })).outcome;
    expect(outcome).toMatchObject({ class: "dns_error", detail: "ENOTFOUND" });
  });
});
