// eslint-disable-next-line no-restricted-imports -- it loads our own child on loopback; nothing leaves this machine.
import { createConnection } from "node:net";

export type LoadArgs = {
  readonly port: number;
  readonly path: string;
  /** Further request header lines, without line ends. */
  readonly headers: readonly string[];
  readonly connections: number;
  /** All connections together. */
  readonly requests: number;
};

export type LoadResult = {
  readonly requests: number;
  readonly seconds: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly bytes: number;
  readonly latencyMsP50: number;
  readonly latencyMsP99: number;
};

const HEAD_END = Buffer.from("\r\n\r\n");

type Tally = { left: number; done: number; bytes: number; statuses: Record<string, number>; latenciesMs: number[] };

/** Length of one whole answer at the start of `data`, or 0 while it is incomplete, and its status. */
export const answerLength = (data: Buffer): { length: number; status: string } => {
  const headEnd = data.indexOf(HEAD_END);
  if (headEnd === -1) return { length: 0, status: "" };
  const head = data.toString("latin1", 0, headEnd);
  const status = head.slice(9, 12);
  const body = status === "304" ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? "0");
  const length = headEnd + HEAD_END.length + body;
  return { length: data.length >= length ? length : 0, status };
};

/** One keep-alive connection: the next request goes out when the last answer is complete. Opens a new one when the server closes. */
const drive = (args: LoadArgs, request: Buffer, tally: Tally): Promise<void> =>
  new Promise((resolve, reject) => {
    const connect = (): void => {
      const socket = createConnection({ host: "127.0.0.1", port: args.port, noDelay: true });
      let pending: Buffer = Buffer.alloc(0);
      let sentAtMs = 0;
      let isWaiting = false;
      const next = (): void => {
        if (tally.left <= 0) {
          socket.destroy();
          resolve();
          return;
        }
        tally.left -= 1;
        isWaiting = true;
        sentAtMs = performance.now();
        socket.write(request);
      };
      socket.on("connect", next);
      socket.on("data", (chunk) => {
        pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
        const { length, status } = answerLength(pending);
        if (length === 0) return;
        pending = pending.subarray(length);
        isWaiting = false;
        tally.done += 1;
        tally.bytes += length;
        tally.statuses[status] = (tally.statuses[status] ?? 0) + 1;
        tally.latenciesMs.push(performance.now() - sentAtMs);
        next();
      });
      socket.on("error", reject);
      socket.on("end", () => {
        if (isWaiting) reject(new Error("the server closed the connection before its answer was complete"));
        else connect();
        socket.destroy();
      });
    };
    connect();
  });

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

/** Asks one address over and over on a bounded number of keep-alive connections, and counts what comes back. */
export const runLoad = async (args: LoadArgs): Promise<LoadResult> => {
  const request = Buffer.from(
    ["GET " + args.path + " HTTP/1.1", "Host: localhost", ...args.headers, "", ""].join("\r\n"),
  );
  const tally: Tally = { left: args.requests, done: 0, bytes: 0, statuses: {}, latenciesMs: [] };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: args.connections }, () => drive(args, request, tally)));
  const seconds = (performance.now() - startedMs) / 1_000;
  const sorted = tally.latenciesMs.sort((a, b) => a - b);
  return {
    requests: tally.done,
    seconds,
    statuses: tally.statuses,
    bytes: tally.bytes,
    latencyMsP50: quantile(sorted, 0.5),
    latencyMsP99: quantile(sorted, 0.99),
  };
};
