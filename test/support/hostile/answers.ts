import { gzipSync } from "node:zlib";
import type { Serve } from "./server.ts";

export const send =
  (answer: string | Buffer): Serve =>
  (socket) =>
    socket.end(typeof answer === "string" ? Buffer.from(answer, "latin1") : answer);
export const reset: Serve = (socket) => socket.resetAndDestroy();
export const sendThenReset =
  (answer: string): Serve =>
  (socket) =>
    socket.write(answer, () => setTimeout(() => socket.resetAndDestroy(), 30));
export const silent: Serve = () => undefined;

/** Writes the same again and again until the other side has had enough. */
export const endless =
  (first: string, again: string | Buffer, everyMs: number): Serve =>
  (socket) => {
    socket.write(first);
    const timer = setInterval(() => {
      for (let i = 0; i < (everyMs < 5 ? 20 : 1) && !socket.destroyed; i += 1) socket.write(again);
    }, everyMs);
    socket.once("close", () => clearInterval(timer));
  };

export const ok = (headers: string, body: string | Buffer): Buffer =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${headers}\r\n`, "latin1"), Buffer.from(body)]);
export const withLength = (headers: string, body: string | Buffer): Serve =>
  send(ok(`${headers}Content-Length: ${Buffer.from(body).length}\r\n`, body));
export const chunked = (rest: string): Serve => send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${rest}`);
export const redirect = (location: string, status = 302): Serve =>
  send(`HTTP/1.1 ${status} Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`);

export const bomb = (times: number): Buffer => gzipSync(Buffer.alloc(times * 1_000_000), { level: 9 });
