import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { systemClock } from "#lib/runtime/clock.ts";
import type { CheckDeps, CheckResult } from "#probes/checks/check.ts";
import { startStopwatch } from "./stopwatch.ts";
import { waitFor } from "./wait-for.ts";

const fixture = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../fixtures/tls/${name}.pem`, import.meta.url)), "utf8");

export const TEST_CA = fixture("ca");
/** A certificate of the fixtures with its key, as servers take them. */
export const tlsFixture = (name: string) => ({ cert: fixture(name), key: fixture(`${name}.key`) });

export const checkDeps = (changes: Partial<CheckDeps> = {}): CheckDeps => ({
  clock: systemClock,
  randomBytes,
  userAgent: "Nines/test",
  signal: new AbortController().signal,
  allow: ["127.0.0.1/32"],
  caPem: TEST_CA,
  ...changes,
});

export type Listener = { readonly port: number; readonly close: () => Promise<void> };

/** Listens on a free port of 127.0.0.1. `close` ends the connections too. */
export const listenOn = async (server: Server): Promise<Listener> => {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
  return { port: (server.address() as AddressInfo).port, close };
};

/** A TCP server that does this to each connection. */
export const listenRaw = (serve: (socket: Socket) => void): Promise<Listener> => listenOn(createServer(serve));

/** A port that nobody listens on. */
export const closedPort = async (): Promise<number> => {
  const { port, close } = await listenRaw(() => undefined);
  await close();
  return port;
};

/** What keeps the process alive beside what the test runner itself holds. */
export const openHandles = (): number =>
  process
    .getActiveResourcesInfo()
    .filter((name) => /TCPSocketWrap|TLSWrap|Timeout|Zlib|Brotli|HTTP2|Process|Pipe/i.test(name)).length;

type RunCheck = (
  target: { readonly host: string; readonly port: number; readonly timeoutMs: number },
  deps: CheckDeps,
) => Promise<CheckResult>;

/** `tookMs` is by the clock, `elapsedMs` without what a busy machine kept from us. */
const timed = async (work: Promise<CheckResult>) => {
  const startedAt = performance.now();
  const elapsedMs = startStopwatch();
  const result = await work;
  return { ...result, tookMs: performance.now() - startedAt, elapsedMs: elapsedMs() };
};

/** What every check that connects to somebody keeps, whatever its protocol. Called inside `describe`. */
export const testCheckGuarantees = (run: RunCheck): void => {
  const here = (port: number, timeoutMs = 3_000) => ({ host: "127.0.0.1", port, timeoutMs });

  test("a refused port is connect_refused", async () => {
    const { outcome, traceId } = await run(here(await closedPort()), checkDeps());
    expect(outcome).toMatchObject({ class: "connect_refused", detail: "ECONNREFUSED", address: "127.0.0.1" });
    expect(traceId).toBeNull();
  });

  test("a silent server is a timeout, at the deadline and not 500 ms after it", async () => {
    const server = await listenRaw(() => undefined);
    const { outcome, tookMs, elapsedMs } = await timed(run(here(server.port, 200), checkDeps()));
    await server.close();
    expect(outcome.class).toBe("timeout");
    expect(tookMs).toBeGreaterThan(150);
    expect(elapsedMs).toBeLessThan(700);
  });

  test("a connection that is reset, or closed without a word, is what it is", async () => {
    const resets = await listenRaw((socket) => socket.resetAndDestroy());
    const closes = await listenRaw((socket) => socket.once("data", () => socket.end()));
    expect((await run(here(resets.port), checkDeps())).outcome.class).toMatch(/connect_reset|empty_reply/);
    expect((await run(here(closes.port), checkDeps())).outcome.class).toBe("empty_reply");
    await Promise.all([resets.close(), closes.close()]);
  });

  test("a server that talks nonsense is a protocol_error", async () => {
    const server = await listenRaw((socket) => socket.write("\u0000\u0001 this is no protocol at all \r\n\r\n\r\n"));
    expect((await run(here(server.port), checkDeps())).outcome.class).toBe("protocol_error");
    await server.close();
  });

  test("an address that is not allowed is blocked without a connection, whoever names it", async () => {
    const seen: string[] = [];
    const server = await listenRaw(() => seen.push("connection"));
    const literal = await run(here(server.port), checkDeps({ allow: [] }));
    const byName = await run(
      { host: "looks-public.example.com", port: server.port, timeoutMs: 3_000 },
      checkDeps({ allow: [], resolver: async () => ["127.0.0.1"] }),
    );
    for (const { outcome, traceId } of [literal, byName]) {
      expect(outcome).toMatchObject({ class: "blocked", detail: "address not allowed", address: null });
      expect(traceId).toBeNull();
    }
    await server.close();
    expect(seen).toEqual([]);
  });

  test("a name without an address is a dns_error, and a look-up that never ends is a timeout", async () => {
    const target = { host: "gone.example.com", port: 80, timeoutMs: 200 };
    const unknown = () => Promise.reject(Object.assign(new Error("none"), { code: "ENOTFOUND" }));
    expect((await run(target, checkDeps({ resolver: unknown }))).outcome).toMatchObject({
      class: "dns_error",
      detail: "ENOTFOUND",
    });
    const { outcome, elapsedMs } = await timed(
      run(target, checkDeps({ resolver: () => new Promise(() => undefined) })),
    );
    expect(outcome).toMatchObject({ class: "timeout", detail: "dns" });
    expect(elapsedMs).toBeLessThan(700);
  });

  test("a shutdown ends the run at once as skipped, and one before the start connects to nobody", async () => {
    const connected = Promise.withResolvers<void>();
    const server = await listenRaw(() => connected.resolve());
    const shutdown = new AbortController();
    const running = timed(run(here(server.port, 20_000), checkDeps({ signal: shutdown.signal })));
    await connected.promise;
    shutdown.abort();
    const { outcome, elapsedMs } = await running;
    expect(outcome).toMatchObject({ class: "skipped", detail: "shutdown" });
    expect(elapsedMs).toBeLessThan(5_000);
    expect((await run(here(server.port), checkDeps({ signal: shutdown.signal }))).outcome.class).toBe("skipped");
    await server.close();
  });

  test("forty runs at once against servers that hang, reset or babble leave nothing open", async () => {
    const before = openHandles();
    const servers = await Promise.all([
      listenRaw(() => undefined),
      listenRaw((socket) => socket.resetAndDestroy()),
      listenRaw((socket) => socket.write("HTTP/1.1 200 OK\r\n\r\n")),
      listenRaw((socket) => socket.once("data", () => socket.end())),
    ]);
    const runs = servers.flatMap(({ port }) =>
      Array.from({ length: 10 }, () => run({ host: "127.0.0.1", port, timeoutMs: 300 }, checkDeps())),
    );
    await Promise.all(runs);
    await Promise.all(servers.map(({ close }) => close()));
    await waitFor("everything to be closed", () => openHandles() <= before);
  });
};
