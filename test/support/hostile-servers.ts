import { readFileSync } from "node:fs";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import type { OutcomeClass } from "#lib/core/outcome.ts";

/** What a hostile server does with a connection. It is called once the first bytes of the request have come. */
type Serve = (socket: Socket, origin: string) => void;

export type HostileServer = {
  /** What the server does, as a sentence. */
  readonly name: string;
  readonly expected: OutcomeClass;
  readonly detail?: string | RegExp;
  readonly serve: Serve;
  /** "connect": `serve` is called as soon as the connection stands. */
  readonly at?: "connect" | "request";
  /** A certificate of test/fixtures/tls: the server speaks TLS. "plain": https is asked of a server without TLS. */
  readonly tls?: string;
  readonly wantsClientCertificate?: boolean;
  readonly maxTlsVersion?: "TLSv1.2" | "TLSv1.1";
  readonly scheme?: "http" | "https";
  readonly method?: string;
  readonly path?: string;
  /** The deadline of the check; shorter for those that are meant to run into it. */
  readonly timeoutMs?: number;
};

const fixture = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../fixtures/tls/${name}.pem`, import.meta.url)), "utf8");
export const TEST_CA = fixture("ca");

export const send =
  (answer: string | Buffer): Serve =>
  (socket) =>
    socket.end(typeof answer === "string" ? Buffer.from(answer, "latin1") : answer);
const reset: Serve = (socket) => socket.resetAndDestroy();
const sendThenReset =
  (answer: string): Serve =>
  (socket) =>
    socket.write(answer, () => setTimeout(() => socket.resetAndDestroy(), 30));
const silent: Serve = () => undefined;

/** Writes the same again and again until the other side has had enough. */
const endless =
  (first: string, again: string | Buffer, everyMs: number): Serve =>
  (socket) => {
    socket.write(first);
    const timer = setInterval(() => {
      for (let i = 0; i < (everyMs < 5 ? 20 : 1) && !socket.destroyed; i += 1) socket.write(again);
    }, everyMs);
    socket.once("close", () => clearInterval(timer));
  };

const ok = (headers: string, body: string | Buffer): Buffer =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${headers}\r\n`, "latin1"), Buffer.from(body)]);
const withLength = (headers: string, body: string | Buffer): Serve =>
  send(ok(`${headers}Content-Length: ${Buffer.from(body).length}\r\n`, body));
const chunked = (rest: string): Serve => send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${rest}`);
const redirect = (location: string, status = 302): Serve =>
  send(`HTTP/1.1 ${status} Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`);

const bomb = (times: number): Buffer => gzipSync(Buffer.alloc(times * 1_000_000), { level: 9 });

const GOOD: readonly HostileServer[] = [
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

const CONNECTION: readonly HostileServer[] = [
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

const PROTOCOL: readonly (readonly [name: string, answer: string])[] = [
  ["closes within the head", "HTTP/1.1 200 OK\r\nContent-Le"],
  ["closes within the body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"],
  ["closes within a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nab"],
  ["closes before the last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"],
  ["closes before the end of the trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"],
  [
    "gives a chunk size that is no number",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n",
  ],
  ["gives a chunk size with a prefix", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nok\r\n0\r\n\r\n"],
  ["gives a negative chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n"],
  [
    "gives a chunk size past 64 bits",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nok\r\n0\r\n\r\n",
  ],
  ["sends more than the chunk holds", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n"],
  ["ends chunk lines with a bare LF", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nok\n0\n\n"],
  ["gives two lengths that differ", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"],
  ["gives two lengths in one field", "HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok"],
  [
    "gives a length beside chunks",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  ],
  ["gives a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok"],
  ["gives a length with a sign", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok"],
  ["gives a length past 64 bits", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nok"],
  ["gives an empty length", "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nok"],
  ["ends all lines with a bare LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"],
  ["ends one line with a bare LF", "HTTP/1.1 200 OK\r\nX: a\nContent-Length: 2\r\n\r\nok"],
  ["has a bare CR in a value", "HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 2\r\n\r\nok"],
  ["folds a header", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok"],
  ["begins the head with a blank", "HTTP/1.1 200 OK\r\n X: a\r\nContent-Length: 2\r\n\r\nok"],
  ["has a blank before the colon", "HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 2\r\n\r\nok"],
  ["has a header without a colon", "HTTP/1.1 200 OK\r\nnothing\r\nContent-Length: 2\r\n\r\nok"],
  ["has a header without a name", "HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 2\r\n\r\nok"],
  ["has a NUL in a header", "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok"],
  ["has status 000", "HTTP/1.1 000 OK\r\nContent-Length: 2\r\n\r\nok"],
  ["has status 099", "HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok"],
  ["has a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok"],
  ["has a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok"],
  ["claims HTTP/2.0 in text", "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok"],
  ["claims HTTP/1.2", "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok"],
  ["answers as HTTP/0.9 did", "<html>hello</html>"],
  ["greets as SSH", "SSH-2.0-OpenSSH_9.9\r\n"],
  ["greets as SMTP", "220 mail.example ESMTP\r\n"],
  ["uses an unknown transfer coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok"],
  [
    "chunks before another transfer coding",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  ],
  ["switches protocols unasked", "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"],
  ["only hints and closes", "HTTP/1.1 100 Continue\r\n\r\n"],
  [
    "floods with interim answers",
    `${"HTTP/1.1 100 Continue\r\n\r\n".repeat(5_000)}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`,
  ],
];

const CONTENT: readonly HostileServer[] = [
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

const REDIRECTS: readonly HostileServer[] = [
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

const TLS: readonly HostileServer[] = [
  { name: "speaks TLS well", expected: "ok", tls: "good", serve: withLength("", "fine") },
  {
    name: "has an expired certificate",
    expected: "tls_error",
    detail: "CERT_HAS_EXPIRED",
    tls: "expired",
    serve: silent,
  },
  {
    name: "has a certificate that is not valid yet",
    expected: "tls_error",
    detail: "CERT_NOT_YET_VALID",
    tls: "not-yet-valid",
    serve: silent,
  },
  {
    name: "has a certificate of another host",
    expected: "tls_error",
    detail: "ERR_TLS_CERT_ALTNAME_INVALID",
    tls: "wrong-host",
    serve: silent,
  },
  {
    name: "has a self-signed certificate",
    expected: "tls_error",
    detail: "DEPTH_ZERO_SELF_SIGNED_CERT",
    tls: "self-signed",
    serve: silent,
  },
  {
    name: "has a certificate of an unknown authority",
    expected: "tls_error",
    detail: /^UNABLE_TO_/,
    tls: "untrusted",
    serve: silent,
  },
  {
    name: "has a key that is too weak",
    expected: "tls_error",
    detail: /KEY_TOO_(WEAK|SMALL)/,
    tls: "weak-rsa",
    serve: silent,
  },
  { name: "is signed with SHA-1", expected: "tls_error", detail: /TOO_WEAK|MD_TOO/, tls: "sha1", serve: silent },
  { name: "speaks TLS 1.1 at most", expected: "tls_error", tls: "good", maxTlsVersion: "TLSv1.1", serve: silent },
  {
    name: "asks for a client certificate",
    expected: "tls_error",
    tls: "good",
    wantsClientCertificate: true,
    serve: silent,
  },
  {
    name: "speaks plain HTTP where TLS is due",
    expected: "tls_error",
    scheme: "https",
    at: "request",
    serve: send("HTTP/1.1 400 Bad\r\n\r\n"),
  },
  {
    name: "closes within the handshake",
    expected: "tls_error",
    detail: "closed in handshake",
    scheme: "https",
    serve: send(""),
  },
  { name: "resets within the handshake", expected: "connect_reset", scheme: "https", serve: reset },
  {
    name: "is silent within the handshake",
    expected: "timeout",
    detail: "tls",
    timeoutMs: 300,
    scheme: "https",
    serve: silent,
  },
  {
    name: "sends garbage within the handshake",
    expected: "tls_error",
    scheme: "https",
    serve: send(Buffer.alloc(600, 0x55)),
  },
  {
    name: "sends a fatal alert",
    expected: "tls_error",
    scheme: "https",
    serve: send(Buffer.from([0x15, 3, 3, 0, 2, 2, 40])),
  },
  { name: "closes without an answer over TLS", expected: "empty_reply", tls: "good", serve: send("") },
  {
    name: "closes within the body over TLS",
    expected: "protocol_error",
    tls: "good",
    serve: send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"),
  },
  {
    name: "never answers over TLS",
    expected: "timeout",
    detail: "first_byte",
    timeoutMs: 900,
    tls: "good",
    serve: silent,
  },
  {
    name: "leads from https to http",
    expected: "blocked",
    tls: "good",
    serve: (socket, origin) => redirect(origin.replace("https:", "http:"))(socket, origin),
  },
];

export const HOSTILE_SERVERS: readonly HostileServer[] = [
  ...GOOD,
  ...CONNECTION,
  ...PROTOCOL.map(([name, answer]): HostileServer => ({ name, expected: "protocol_error", serve: send(answer) })),
  ...CONTENT,
  ...REDIRECTS,
  ...TLS,
];

export type Listening = { readonly url: string; readonly port: number; readonly close: () => Promise<void> };

const openServer = (server: HostileServer, onSocket: (socket: Socket) => void): Server => {
  if (server.tls === undefined) return createServer(onSocket);
  const tlsServer = createTlsServer(
    {
      cert: fixture(server.tls),
      key: fixture(`${server.tls}.key`),
      // The server itself must not refuse the weak certificates that it is there to show.
      ciphers: "DEFAULT:@SECLEVEL=0",
      minVersion: "TLSv1",
      ...(server.maxTlsVersion === undefined ? {} : { maxVersion: server.maxTlsVersion }),
      ...(server.wantsClientCertificate === true ? { requestCert: true, rejectUnauthorized: true } : {}),
    },
    onSocket,
  );
  return tlsServer.on("tlsClientError", () => undefined);
};

/** Starts one of them on a free port of 127.0.0.1. */
export const listen = async (hostile: HostileServer): Promise<Listening> => {
  const sockets = new Set<Socket>();
  const scheme = hostile.scheme ?? (hostile.tls === undefined ? "http" : "https");
  let origin = "";
  const server = openServer(hostile, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
    if (hostile.at === "connect") hostile.serve(socket, origin);
    else socket.once("data", () => hostile.serve(socket, origin));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  origin = `${scheme}://127.0.0.1:${port}`;
  const close = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
  return { url: `${origin}${hostile.path ?? "/"}`, port, close };
};
