import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { Clock } from "#lib/runtime/clock.ts";

type Socket = IncomingMessage["socket"];

/** A client must send its request, and take its answers, within this; with the check each second it is cut by 10 s. */
export const SLOW_CLIENT_MS = 9_000;
/** A reader of more than fits into one period must take at least this much of it in each. */
const LEAST_TAKEN_BYTES = 65_536;
const CHECK_EVERY_MS = 1_000;

export type HttpServer = {
  readonly server: Server;
  /** Ends connections whose reader does not take what was written to them; called about every second. */
  readonly cutSlowReaders: () => void;
  readonly openConnections: () => number;
  /** Finishes answers under way, then closes. Cuts what is left after `graceMs`. */
  readonly close: (graceMs: number) => Promise<void>;
};

const REASONS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Content Too Large",
};

/** What cannot be parsed gets a short plain answer and loses its connection. */
const refuse = (error: Error & { code?: string }, socket: Socket): void => {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const reason = REASONS[error.code ?? ""] ?? "400 Bad Request";
  socket.end(`HTTP/1.1 ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
};

/** A server of node:http with limits against clients that are slow, large or many on one connection. */
export const createHttpServer = (
  clock: Clock,
  handle: (req: IncomingMessage, res: ServerResponse) => void,
): HttpServer => {
  const server = createServer(
    {
      headersTimeout: SLOW_CLIENT_MS,
      requestTimeout: SLOW_CLIENT_MS,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      keepAliveTimeout: 30_000,
      maxHeaderSize: 16_384,
      noDelay: true,
    },
    handle,
  );
  server.maxHeadersCount = 100;
  server.maxRequestsPerSocket = 10_000;
  server.on("clientError", refuse);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  // By connection and not by answer: behind one that is stuck, answers to pipelined requests wait without a socket.
  const stuck = new WeakMap<Socket, { readonly sinceMs: number; readonly taken: number }>();
  const isTooSlow = (socket: Socket, now: number): boolean => {
    const before = stuck.get(socket);
    const taken = socket.bytesWritten - socket.writableLength;
    if (socket.writableLength === 0) stuck.delete(socket);
    else if (before === undefined || taken - before.taken >= LEAST_TAKEN_BYTES)
      stuck.set(socket, { sinceMs: now, taken });
    else return now - before.sinceMs > SLOW_CLIENT_MS;
    return false;
  };

  return {
    server,
    openConnections: () => sockets.size,
    cutSlowReaders: () => {
      const now = clock.monotonicMs();
      for (const socket of sockets) if (isTooSlow(socket, now)) socket.destroy();
    },
    close: async (graceMs) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(timer);
    },
  };
};
