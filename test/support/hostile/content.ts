import { brotliCompressSync, gzipSync } from "node:zlib";
import { bomb, endless, ok, redirect, send, withLength } from "./answers.ts";
import type { HostileServer } from "./server.ts";

export const CONTENT: readonly HostileServer[] = [
  {
    name: "answers 500",
    expected: "bad_status",
    detail: "status 500",
    serve: send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"),
  },
  {
    name: "answers 404 with a body",
    expected: "bad_status",
    serve: send("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno"),
  },
  { name: "answers 999", expected: "bad_status", serve: send("HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n") },
  {
    name: "answers 304 unasked",
    expected: "bad_status",
    serve: send("HTTP/1.1 304 Same\r\nContent-Length: 20\r\n\r\n"),
  },
  {
    name: "redirects without a location",
    expected: "bad_status",
    serve: send("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"),
  },
  {
    name: "sends a head over the cap",
    expected: "too_large",
    serve: send(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(20_000)}\r\n\r\n`),
  },
  {
    name: "sends an endless header",
    expected: "too_large",
    serve: endless("HTTP/1.1 200 OK\r\nX: ", "x".repeat(1_000), 1),
  },
  {
    name: "sends endless headers",
    expected: "too_large",
    serve: endless("HTTP/1.1 200 OK\r\n", `X: ${"x".repeat(100)}\r\n`, 1),
  },
  {
    name: "sends too many tiny headers",
    expected: "too_large",
    serve: send(`HTTP/1.1 200 OK\r\n${"a:\r\n".repeat(3_000)}\r\n`),
  },
  {
    name: "sends an endless body",
    expected: "too_large",
    serve: endless("HTTP/1.1 200 OK\r\n\r\n", Buffer.alloc(16_384), 1),
  },
  {
    name: "sends endless chunks",
    expected: "too_large",
    serve: endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", `4000\r\n${"x".repeat(16_384)}\r\n`, 1),
  },
  {
    name: "sends an endless chunk extension",
    expected: "too_large",
    serve: endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;", "x".repeat(1_000), 1),
  },
  {
    name: "announces a body over the cap",
    expected: "too_large",
    serve: (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n"),
  },
  { name: "sends a body one byte over the cap", expected: "too_large", serve: send(ok("", Buffer.alloc(1_048_577))) },
  { name: "sends a body exactly at the cap", expected: "ok", serve: send(ok("", Buffer.alloc(1_048_576))) },
  { name: "sends a gzip bomb", expected: "too_large", serve: withLength("Content-Encoding: gzip\r\n", bomb(20)) },
  {
    name: "sends a brotli bomb",
    expected: "too_large",
    serve: withLength("Content-Encoding: br\r\n", brotliCompressSync(Buffer.alloc(4_000_000))),
  },
  {
    name: "sends text as gzip",
    expected: "decode_error",
    serve: withLength("Content-Encoding: gzip\r\n", "plain text"),
  },
  {
    name: "sends text as brotli",
    expected: "decode_error",
    serve: withLength("Content-Encoding: br\r\n", "plain text"),
  },
  {
    name: "cuts gzip short",
    expected: "decode_error",
    serve: withLength("Content-Encoding: gzip\r\n", gzipSync("a longer text, cut").subarray(0, 22)),
  },
  {
    name: "breaks the checksum of gzip",
    expected: "decode_error",
    serve: withLength("Content-Encoding: gzip\r\n", Buffer.concat([gzipSync("fine").subarray(0, -8), Buffer.alloc(8)])),
  },
  {
    name: "nests codings",
    expected: "decode_error",
    serve: withLength("Content-Encoding: gzip, gzip\r\n", gzipSync(gzipSync("x"))),
  },
  {
    name: "nests codings in two fields",
    expected: "decode_error",
    serve: withLength("Content-Encoding: gzip\r\nContent-Encoding: br\r\n", gzipSync("x")),
  },
  {
    name: "uses a coding that nobody asked for",
    expected: "decode_error",
    serve: withLength("Content-Encoding: zstd\r\n", "x"),
  },
];

export const REDIRECTS: readonly HostileServer[] = [
  { name: "redirects to itself for ever", expected: "too_many_redirects", serve: redirect("/") },
  { name: "redirects for ever with 308", expected: "too_many_redirects", serve: redirect("/again", 308) },
  {
    name: "redirects to a private address",
    expected: "blocked",
    detail: "address not allowed",
    serve: redirect("http://10.0.0.1/"),
  },
  {
    name: "redirects to cloud metadata",
    expected: "blocked",
    serve: redirect("http://169.254.169.254/latest/meta-data/"),
  },
  { name: "redirects to a file", expected: "blocked", serve: redirect("file:///etc/passwd") },
  { name: "redirects to gopher", expected: "blocked", serve: redirect("gopher://127.0.0.1/x") },
  { name: "redirects to a script", expected: "blocked", serve: redirect("javascript:alert(1)") },
  { name: "redirects with userinfo", expected: "blocked", serve: redirect("http://user:secret@127.0.0.1/") },
  { name: "redirects to an octal address", expected: "blocked", serve: redirect("http://012.0.0.1/") },
  { name: "redirects to a mapped address", expected: "blocked", serve: redirect("http://[::ffff:169.254.169.254]/") },
  { name: "redirects to a single-label name", expected: "blocked", serve: redirect("http://intranet/") },
  {
    name: "redirects to no URL",
    expected: "protocol_error",
    detail: "redirect to no URL",
    serve: redirect("http://[broken/"),
  },
];
