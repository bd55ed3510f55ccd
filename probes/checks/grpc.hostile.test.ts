import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { createSecureServer, createServer } from "node:http2";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { durationMs } from "#lib/core/units.ts";
import { frame } from "#lib/egress/http2-frames.ts";
import { checkGrpc } from "#probes/checks/grpc.ts";
import type { Listener } from "#test/support/check-world.ts";
import { checkDeps, listenOn, listenRaw, tlsFixture } from "#test/support/check-world.ts";
import { probe } from "#test/support/grpc-probe.ts";
import { startStopwatch } from "#test/support/stopwatch.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});
const keep = <L extends Listener>(listener: L): L => {
  closing.push(listener.close);
  return listener;
};

type Serve = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

const SERVING = Buffer.from([0, 0, 0, 0, 2, 8, 1]);
const GRPC = { ":status": 200, "content-type": "application/grpc" };
const answering =
  (body: Buffer | string, trailers: Record<string, string> = { "grpc-status": "0" }, head: object = GRPC): Serve =>
  (stream) => {
    stream.respond({ ...head }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    stream.end(body);
  };

const HOSTILE: readonly (readonly [name: string, expected: string, detail: string | RegExp, serve: Serve])[] = [
  [
    "is a web site",
    "protocol_error",
    "not gRPC",
    answering("hello", {}, { ":status": 200, "content-type": "text/html" }),
  ],
  ["answers 503", "bad_status", "status 503", answering("busy", {}, { ":status": 503 })],
  ["sends no status", "protocol_error", "no grpc-status", answering(SERVING, {})],
  [
    "sends a status that is no number",
    "protocol_error",
    "invalid grpc-status",
    answering(SERVING, { "grpc-status": "x" }),
  ],
  ["sends a status of its own", "bad_status", "grpc status code 99", answering("", { "grpc-status": "99" })],
  ["has no health service", "bad_status", "grpc status UNIMPLEMENTED", answering("", { "grpc-status": "12" })],
  ["is good without a message", "protocol_error", "no message", answering("")],
  ["sends half a frame", "protocol_error", "framing", answering(SERVING.subarray(0, 3))],
  ["announces 4 GB", "protocol_error", "framing", answering(Buffer.from([0, 255, 255, 255, 255, 8, 1]))],
  ["compresses unasked", "decode_error", "compressed", answering(Buffer.from([1, 0, 0, 0, 2, 8, 1]))],
  ["sends two messages", "protocol_error", "framing", answering(Buffer.concat([SERVING, SERVING]))],
  ["sends a broken message", "body_mismatch", "no health answer", answering(Buffer.from([0, 0, 0, 0, 2, 8, 255]))],
  ["sends a megabyte", "too_large", "body", answering(Buffer.alloc(1_000_000))],
  ["resets the stream", "protocol_error", "HTTP/2 INTERNAL_ERROR", (stream) => stream.close(2)],
  ["cancels the stream", "protocol_error", "HTTP/2 CANCEL", (stream) => stream.close(8)],
  ["goes away with an error", "protocol_error", /HTTP\/2 ENHANCE_YOUR_CALM/, (stream) => stream.session?.goaway(11)],
  ["closes without an answer", "empty_reply", "closed without an answer", (stream) => stream.session?.destroy()],
  [
    "stops in the middle of the answer",
    "protocol_error",
    "closed early",
    (stream) => {
      stream.respond(GRPC);
      stream.write(SERVING.subarray(0, 3), () => stream.session?.destroy());
    },
  ],
  ["begins an answer and falls silent", "timeout", "transfer", (stream) => stream.respond(GRPC)],
  [
    "sends hints without end",
    "protocol_error",
    "too many frames beside the answer",
    (stream) => {
      const timer = setInterval(
        () => (stream.closed ? clearInterval(timer) : stream.additionalHeaders({ ":status": 103 })),
        1,
      );
    },
  ],
  [
    "pings without end",
    "protocol_error",
    "too many frames beside the answer",
    (stream) => {
      const { session } = stream;
      const again = () => void (session?.destroyed === false && session.ping(again));
      again();
    },
  ],
];

/** A field of 4,000 bytes that the table keeps, and then again and again by its index. */
const inflating = Buffer.concat([
  Buffer.from([0x40, 1, 0x61, 0x7f, 0xa1, 0x1e]),
  Buffer.alloc(4_000, 0x62),
  Buffer.alloc(1_000, 0x80 | 62),
]);

describe("a hostile HTTP/2 server is an outcome within its deadline", () => {
  test.each(HOSTILE)("one that %s is %s", async (_name, expected, detail, serve) => {
    const server = createServer();
    server.on("stream", (stream, headers) => {
      stream.on("error", () => undefined);
      serve(stream, headers);
    });
    server.on("session", (session) => session.on("error", () => undefined));
    const { port } = keep(await listenOn(server));
    const elapsedMs = startStopwatch();
    const { outcome } = await checkGrpc(probe({ port, timeoutMs: durationMs(1_000) }), checkDeps());
    expect(outcome.class, outcome.detail ?? "").toBe(expected);
    if (typeof detail === "string") expect(outcome.detail).toBe(detail);
    else expect(outcome.detail).toMatch(detail);
    expect(elapsedMs()).toBeLessThan(1_500);
  });

  test.each<readonly [string, string, string | null, Buffer]>([
    ["sends too many header fields", "too_large", "header fields", frame(1, 4, 1, Buffer.alloc(2_100, 0x88))],
    ["sends a head that stands for megabytes", "too_large", "header fields", frame(1, 4, 1, inflating)],
    [
      "sends a head without end",
      "too_large",
      "head bytes",
      Buffer.concat([frame(1, 0, 1, Buffer.alloc(10_000, 0x88)), frame(9, 0, 1, Buffer.alloc(10_000, 0x88))]),
    ],
    [
      "sends empty parts of a head without end",
      "protocol_error",
      "too many frames beside the answer",
      Buffer.concat([
        frame(1, 0, 1, Buffer.alloc(0)),
        ...Array.from({ length: 200 }, () => frame(9, 0, 1, Buffer.alloc(0))),
      ]),
    ],
    [
      "breaks the compression",
      "protocol_error",
      "HTTP/2 COMPRESSION_ERROR",
      frame(1, 4, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff])),
    ],
    [
      "names a field that there is not",
      "protocol_error",
      "HTTP/2 COMPRESSION_ERROR",
      frame(1, 4, 1, Buffer.from([0x80 | 70])),
    ],
    ["has no status", "protocol_error", "invalid status code", frame(1, 4, 1, Buffer.from([0x82]))],
    [
      "interrupts its head",
      "protocol_error",
      "HTTP/2 PROTOCOL_ERROR",
      Buffer.concat([frame(1, 0, 1, Buffer.from([0x88])), frame(0, 1, 1, Buffer.alloc(1))]),
    ],
    ["sends a body before the head", "protocol_error", "HTTP/2 PROTOCOL_ERROR", frame(0, 1, 1, SERVING)],
    ["answers on another stream", "protocol_error", "HTTP/2 PROTOCOL_ERROR", frame(1, 4, 3, Buffer.from([0x88]))],
    [
      "pads more than there is",
      "protocol_error",
      "HTTP/2 PROTOCOL_ERROR",
      Buffer.concat([frame(1, 4, 1, Buffer.from([0x88])), frame(0, 8, 1, Buffer.from([200, 1]))]),
    ],
    ["pushes unasked", "protocol_error", "HTTP/2 PROTOCOL_ERROR", frame(5, 4, 1, Buffer.alloc(8))],
    [
      "sends frames larger than agreed",
      "protocol_error",
      "HTTP/2 FRAME_SIZE_ERROR",
      Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]),
    ],
    ["leaves in the middle of its head", "empty_reply", null, frame(1, 0, 1, Buffer.from([0x88]))],
  ])("one whose frames are wrong: it %s", async (_name, expected, detail, bytes) => {
    const server = keep(
      await listenRaw((socket) =>
        socket.once("data", () => socket.end(Buffer.concat([frame(4, 0, 0, Buffer.alloc(0)), bytes]))),
      ),
    );
    const { outcome } = await checkGrpc(probe({ port: server.port }), checkDeps());
    expect(outcome).toMatchObject({ class: expected, ...(detail === null ? {} : { detail }) });
  });

  test("TLS without HTTP/2 is no health service", async () => {
    const { cert, key } = tlsFixture("good");
    const old = keep(await listenOn(createTlsServer({ cert, key, ALPNProtocols: ["http/1.1"] })));
    const { outcome } = await checkGrpc(probe({ port: old.port, tls: true }), checkDeps());
    expect(outcome.class).toBe("tls_error");
    const plain = keep(await listenRaw((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")));
    const http1 = await checkGrpc(probe({ port: plain.port }), checkDeps());
    expect(http1.outcome).toMatchObject({ class: "protocol_error" });
    const overTls = createSecureServer({ cert, key });
    overTls.on("stream", (stream: ServerHttp2Stream) => answering(SERVING)(stream, {}));
    const good = keep(await listenOn(overTls));
    expect((await checkGrpc(probe({ port: good.port, tls: true }), checkDeps())).outcome.class).toBe("ok");
  });
});
