import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Socket } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { WebSocket } from "ws";
import { WebSocketServer } from "ws";
import type { WebsocketProbeDefinition } from "#lib/core/definitions.ts";
import { durationMs } from "#lib/core/units.ts";
import { clientFrame, createMessageReader } from "#lib/egress/websocket-frames.ts";
import { checkWebsocket } from "#probes/checks/websocket.ts";
import type { Listener } from "#test/support/check-world.ts";
import { checkDeps, listenOn, listenRaw, testCheckGuarantees, tlsFixture } from "#test/support/check-world.ts";
import { startStopwatch } from "#test/support/stopwatch.ts";

const probe = (changes: Partial<WebsocketProbeDefinition>): WebsocketProbeDefinition => ({
  id: "socket",
  type: "websocket",
  intervalMs: durationMs(30_000),
  timeoutMs: durationMs(3_000),
  locations: ["here"],
  url: "ws://127.0.0.1:1/",
  headers: {},
  auth: null,
  send: null,
  expect: null,
  assertions: [],
  ...changes,
});

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});
const keep = <L extends Listener>(listener: L): L => {
  closing.push(listener.close);
  return listener;
};

/** A server of another make. */
const startWs = async (
  onSocket: (socket: WebSocket, headers: NodeJS.Dict<string | string[]>) => void,
  secure = false,
) => {
  const server = secure ? createHttpsServer(tlsFixture("good")) : createHttpServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: true });
  sockets.on("connection", (socket, request) => {
    socket.on("error", () => undefined);
    onSocket(socket, request.headers);
  });
  const { port } = keep(await listenOn(server));
  return { url: `${secure ? "wss" : "ws"}://127.0.0.1:${port}/chat?x=1`, sockets };
};

describe("a server of another implementation", () => {
  test("an upgrade alone is good, and the server sees a clean close", async () => {
    const closed = Promise.withResolvers<number>();
    const { url } = await startWs((socket) => socket.on("close", (code) => closed.resolve(code)));
    const { outcome, traceId } = await checkWebsocket(probe({ url }), checkDeps());
    expect(outcome).toMatchObject({ class: "ok", detail: null, httpStatus: 101, address: "127.0.0.1" });
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(await closed.promise).toBe(1000);
  });

  test("it says something, hears other things, pings and the awaited message, over TLS as well", async () => {
    const seen: unknown[] = [];
    const { url } = await startWs((socket, headers) => {
      socket.on("message", (data) => {
        seen.push(String(data), headers["authorization"], headers["traceparent"], headers["host"]);
        socket.ping("are you there");
        socket.send("first something else");
        socket.on("pong", (payload) => socket.send(`{"pong":"${payload}"}`));
      });
    }, true);
    const { outcome, traceId } = await checkWebsocket(
      probe({ url, send: '{"op":"ping"}', expect: '"pong":"are .*"', auth: { kind: "bearer", token: "t0k3n" } }),
      checkDeps(),
    );
    expect(outcome).toMatchObject({ class: "ok", httpStatus: 101 });
    expect(outcome.certificateExpiresAt).not.toBeNull();
    expect(outcome.phasesUs.tls).not.toBeNull();
    expect(seen.slice(0, 2)).toEqual(['{"op":"ping"}', "Bearer t0k3n"]);
    expect(seen[2]).toContain(traceId);
    expect(seen[3]).toBe(new URL(url).host);
  });

  test("large and fragmented messages are put together", async () => {
    const { url } = await startWs((socket) => {
      socket.send("a".repeat(70_000));
      socket.send("begin ", { fin: false });
      socket.send("middle ", { fin: false });
      socket.send("end", { fin: true });
    });
    expect((await checkWebsocket(probe({ url, expect: "^begin middle end$" }), checkDeps())).outcome.class).toBe("ok");
  });

  test("a close before the awaited message tells the code and the last message", async () => {
    const { url } = await startWs((socket) => {
      socket.send("sorry");
      socket.close(1011, "broken");
    });
    const { outcome } = await checkWebsocket(probe({ url, expect: "welcome" }), checkDeps());
    expect(outcome).toMatchObject({
      class: "body_mismatch",
      detail: "closed with 1011",
      failures: [{ assertion: "message matches", expected: "welcome", seen: "sorry" }],
    });
  });

  test("a message that never comes is a timeout at the deadline", async () => {
    const { url } = await startWs((socket) => socket.send("other"));
    const elapsedMs = startStopwatch();
    const { outcome } = await checkWebsocket(probe({ url, expect: "x", timeoutMs: durationMs(200) }), checkDeps());
    expect(outcome.class).toBe("timeout");
    expect(elapsedMs()).toBeLessThan(700);
  });

  test("latency does not count how long the peer takes to say goodbye", async () => {
    const { url, sockets } = await startWs(() => undefined);
    sockets.on("connection", (socket) => socket.pause());
    const latency = { type: "latency", op: "lt", valueMs: durationMs(200) } as const;
    const run = async () => (await checkWebsocket(probe({ url, assertions: [latency] }), checkDeps())).outcome;
    // The goodbye is waited for 250 ms at each try; that a busy machine takes longer than 200 for the rest is chance.
    let outcome = await run();
    for (let tries = 1; tries < 5 && outcome.class === "slow"; tries += 1) outcome = await run();
    expect(outcome.class).toBe("ok");
    expect(outcome.durationUs).toBeLessThan(200_000);
  });

  test("headers that frame a message, userinfo, other schemes and forbidden ports are refused unsent", async () => {
    const of = async (changes: Partial<WebsocketProbeDefinition>) =>
      (await checkWebsocket(probe(changes), checkDeps())).outcome;
    expect(await of({ headers: { upgrade: "h2c" } })).toMatchObject({ class: "internal_error" });
    expect(await of({ expect: "(" })).toMatchObject({ class: "internal_error", detail: "cannot judge expect" });
    for (const url of ["http://127.0.0.1/", "ws://a@127.0.0.1/", "ws://public.example.com:6667/", "ws://wiki/", "x"])
      expect(await of({ url }), url).toMatchObject({ class: "blocked", detail: "address not allowed" });
  });
});

const accepted = (request: string, extra = ""): string => {
  const key = /sec-websocket-key: (\S+)/i.exec(request)?.[1] ?? "";
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  return `${head}Sec-WebSocket-Accept: ${accept}\r\n${extra}\r\n`;
};
const upgraded = (bytes: readonly number[] | Buffer) => (socket: Socket, request: string) =>
  socket.write(Buffer.concat([Buffer.from(accepted(request)), Buffer.from(bytes)]));
const answered = (answer: string) => (socket: Socket) => socket.end(answer);
const with101 = (headers: string) => answered(`HTTP/1.1 101 Switching Protocols\r\n${headers}\r\n`);

const HOSTILE: readonly (readonly [string, string, string | RegExp, (socket: Socket, request: string) => unknown])[] = [
  ["knows no such path", "bad_status", "status 404", answered("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")],
  ["redirects", "bad_status", "status 302", answered("HTTP/1.1 302 Found\r\nLocation: ws://10.0.0.1/\r\n\r\n")],
  ["answers with a page", "bad_status", "status 200", answered("HTTP/1.1 200 OK\r\n\r\nhello")],
  [
    "upgrades to another protocol",
    "protocol_error",
    "upgrade to another protocol",
    with101("Upgrade: h2c\r\nConnection: Upgrade\r\n"),
  ],
  [
    "upgrades with the key of another",
    "protocol_error",
    "wrong accept key",
    with101("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
  ],
  [
    "forces an extension",
    "protocol_error",
    "extension not asked for",
    (socket, request) => socket.write(accepted(request, "Sec-WebSocket-Extensions: permessage-deflate\r\n")),
  ],
  [
    "forces a subprotocol",
    "protocol_error",
    "subprotocol not asked for",
    (socket, request) => socket.write(accepted(request, "Sec-WebSocket-Protocol: mqtt\r\n")),
  ],
  [
    "has a head without end",
    "too_large",
    /HPE_HEADER_OVERFLOW|head/,
    (socket) => socket.write(`HTTP/1.1 101 Switching Protocols\r\n${"X-A: 1\r\n".repeat(10_000)}`),
  ],
  ["masks its frames", "protocol_error", "masked frame", upgraded([0x81, 0x82, 1, 2, 3, 4, 5, 6])],
  ["sets reserved bits", "protocol_error", "reserved bits", upgraded([0xc1, 1, 65])],
  ["invents an opcode", "protocol_error", "unknown opcode", upgraded([0x83, 1, 65])],
  ["pings at length", "protocol_error", "broken control frame", upgraded([0x89, 126, 0, 200])],
  ["splits a ping", "protocol_error", "broken control frame", upgraded([0x09, 0])],
  ["goes on with nothing", "protocol_error", "broken fragments", upgraded([0x80, 1, 65])],
  ["begins twice", "protocol_error", "broken fragments", upgraded([0x01, 1, 65, 0x01, 1, 65])],
  ["says text that is none", "protocol_error", "text is not UTF-8", upgraded([0x81, 2, 0xc3, 0x28])],
  ["closes with half a code", "protocol_error", "broken close frame", upgraded([0x88, 1, 3])],
  ["closes with a code that is never sent", "protocol_error", "broken close frame", upgraded([0x88, 2, 0x03, 0xee])],
  [
    "announces a message of 2^63 bytes",
    "too_large",
    "messages",
    upgraded([0x81, 127, 255, 255, 255, 255, 255, 255, 255, 255]),
  ],
  [
    "sends empty frames without end",
    "too_large",
    "messages",
    upgraded(Buffer.concat(Array.from({ length: 20_000 }, () => Buffer.from([0x81, 0])))),
  ],
  [
    "sends fragments without end",
    "too_large",
    "messages",
    upgraded(
      Buffer.concat([
        Buffer.from([1, 0]),
        ...Array.from({ length: 20 }, () => Buffer.concat([Buffer.from([0, 126, 255, 255]), Buffer.alloc(65_535)])),
      ]),
    ),
  ],
  ["hangs up after the upgrade", "protocol_error", "closed early", (socket, request) => socket.end(accepted(request))],
  ["falls silent in a frame", "timeout", "transfer", upgraded([0x81, 5, 65])],
  ["closes without a code", "body_mismatch", "closed with 1005", upgraded([0x88, 0])],
];

describe("a hostile server is an outcome within its deadline", () => {
  test.each(HOSTILE)("one that %s is %s", async (_name, expected, detail, serve) => {
    const { port } = keep(
      await listenRaw((socket) => void once(socket, "data").then(([bytes]) => serve(socket, String(bytes)))),
    );
    const url = `ws://127.0.0.1:${port}/`;
    const elapsedMs = startStopwatch();
    const { outcome } = await checkWebsocket(
      probe({ url, expect: "^welcome$", timeoutMs: durationMs(1_000) }),
      checkDeps(),
    );
    expect(outcome.class, outcome.detail ?? "").toBe(expected);
    if (typeof detail === "string") expect(outcome.detail).toBe(detail);
    else expect(outcome.detail).toMatch(detail);
    expect(elapsedMs()).toBeLessThan(1_500);
  });
});

describe("guarantees of every check", () => {
  testCheckGuarantees(({ host, port, timeoutMs }, deps) =>
    checkWebsocket(probe({ url: `ws://${host}:${port}/`, timeoutMs: durationMs(timeoutMs) }), deps),
  );
});

/** The same frame as a server would send it. */
const unmasked = (opcode: number, payload: Uint8Array): Buffer => {
  const frame = clientFrame(opcode, payload, new Uint8Array(4));
  const start = frame.length - payload.length - 4;
  frame[1] = (frame[1] ?? 0) & 127;
  return Buffer.concat([frame.subarray(0, start), frame.subarray(start + 4)]);
};

describe("frames", () => {
  test("what was said is heard, however it is cut into pieces", () => {
    const pieces = fc.array(fc.nat({ max: 200 }), { maxLength: 30 });
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 300 }), { maxLength: 5 }), pieces, (texts, cuts) => {
        const bytes = Buffer.concat(texts.map((text) => unmasked(1, Buffer.from(text))));
        const read = createMessageReader(1_000_000);
        const heard: unknown[] = [];
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          heard.push(...read(bytes.subarray(at, at + cut)));
          at = Math.min(bytes.length, at + cut);
        }
        expect(heard).toEqual(texts.map((text) => ({ kind: "message", text: Buffer.from(text).toString("utf8") })));
      }),
    );
  });
  test("any bytes at all are read without an error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(Array.isArray(createMessageReader(1_000)(Buffer.from(bytes)))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});
