import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { chunked, endless, ok, reset, send, sendThenReset, silent, withLength } from "./answers.ts";
import type { HostileServer } from "./server.ts";

export const GOOD: readonly HostileServer[] = [
  { name: "answers plainly", expected: "ok", serve: withLength("", "fine") },
  { name: "has no body length and closes", expected: "ok", serve: send(ok("", "until the end")) },
  {
    name: "sends chunks with an extension and a trailer",
    expected: "ok",
    serve: chunked("2;a=b\r\nok\r\n0\r\nX: y\r\n\r\n"),
  },
  { name: "has no reason phrase", expected: "ok", serve: send("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok") },
  { name: "speaks HTTP/1.0", expected: "ok", serve: send("HTTP/1.0 200 OK\r\n\r\nok") },
  {
    name: "gives hints before the answer",
    expected: "ok",
    serve: send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
  },
  {
    name: "claims a charset that does not exist",
    expected: "ok",
    serve: withLength("Content-Type: text/plain; charset=nonsense\r\n", "\u00ff\u00fe"),
  },
  {
    name: "sends bytes that are not UTF-8",
    expected: "ok",
    serve: withLength("Content-Type: text/plain; charset=utf-8\r\n", Buffer.from([0xc3, 0x28, 0, 0xff])),
  },
  { name: "compresses with gzip", expected: "ok", serve: withLength("Content-Encoding: gzip\r\n", gzipSync("fine")) },
  {
    name: "compresses with x-gzip in capitals",
    expected: "ok",
    serve: withLength("Content-Encoding: X-GZIP\r\n", gzipSync("fine")),
  },
  {
    name: "compresses with zlib deflate",
    expected: "ok",
    serve: withLength("Content-Encoding: deflate\r\n", deflateSync("fine")),
  },
  {
    name: "compresses with raw deflate",
    expected: "ok",
    serve: withLength("Content-Encoding: deflate\r\n", deflateRawSync("fine")),
  },
  {
    name: "compresses with brotli",
    expected: "ok",
    serve: withLength("Content-Encoding: br\r\n", brotliCompressSync("fine")),
  },
  { name: "compresses nothing at all", expected: "ok", serve: withLength("Content-Encoding: gzip\r\n", "") },
  { name: "says identity", expected: "ok", serve: withLength("Content-Encoding: identity\r\n", "fine") },
  {
    name: "drips the body but ends in time",
    expected: "ok",
    serve: (socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
      let left = 3;
      const timer = setInterval(() => (left-- > 0 ? socket.write("a") : clearInterval(timer)), 20);
      socket.once("close", () => clearInterval(timer));
    },
  },
  {
    name: "answers HEAD with a length and no body",
    expected: "ok",
    method: "HEAD",
    serve: send("HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n"),
  },
];

export const CONNECTION: readonly HostileServer[] = [
  { name: "resets as soon as it is connected", expected: "connect_reset", at: "connect", serve: reset },
  { name: "resets after the request", expected: "connect_reset", detail: "ECONNRESET", serve: reset },
  { name: "resets within the status line", expected: "connect_reset", serve: sendThenReset("HTTP/1.1 2") },
  { name: "resets within the head", expected: "connect_reset", serve: sendThenReset("HTTP/1.1 200 OK\r\nContent-Le") },
  {
    name: "resets within the body",
    expected: "connect_reset",
    serve: sendThenReset("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"),
  },
  {
    name: "resets within a chunk",
    expected: "connect_reset",
    serve: sendThenReset("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nab"),
  },
  {
    name: "resets a body that lasts until the end",
    expected: "connect_reset",
    serve: sendThenReset("HTTP/1.1 200 OK\r\n\r\nab"),
  },
  { name: "closes without an answer", expected: "empty_reply", serve: send("") },
  { name: "never answers", expected: "timeout", detail: "first_byte", timeoutMs: 300, serve: silent },
  {
    name: "stops within the head",
    expected: "timeout",
    detail: "transfer",
    timeoutMs: 300,
    serve: (socket) => socket.write("HTTP/1.1 200 OK\r\nX: "),
  },
  {
    name: "stops within the body",
    expected: "timeout",
    detail: "transfer",
    timeoutMs: 300,
    serve: (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"),
  },
  {
    name: "drips the head for ever",
    expected: "timeout",
    timeoutMs: 300,
    serve: endless("HTTP/1.1 200 OK\r\n", "X", 20),
  },
  {
    name: "drips the body for ever",
    expected: "timeout",
    detail: "transfer",
    timeoutMs: 300,
    serve: endless("HTTP/1.1 200 OK\r\n\r\n", "x", 20),
  },
  {
    name: "drips chunks for ever",
    expected: "timeout",
    timeoutMs: 300,
    serve: endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", 20),
  },
  {
    name: "drips a compressed body for ever",
    expected: "timeout",
    timeoutMs: 300,
    serve: endless("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", gzipSync("x").subarray(0, 10), 5_000),
  },
];
