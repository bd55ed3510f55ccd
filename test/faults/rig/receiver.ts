import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** One request as the receiver saw it; written to disk before it was answered. */
export type Received = {
  readonly atMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type Receiver = {
  readonly url: string;
  readonly received: () => readonly Received[];
  /** Answers with this status from now on. */
  readonly answerWith: (status: number) => void;
  readonly stop: () => Promise<void>;
};

export type ReceiverOptions = {
  /** Called once a request is on disk, before it is answered. */
  readonly onReceived?: (received: Received) => void;
  /** Called once the answer has left the process. */
  readonly onAnswered?: (received: Received) => void;
};

/** A webhook receiver that logs every request with fsync before it answers, so that its log survives any kill. */
export const startReceiver = async (
  logFile: string,
  { onReceived, onAnswered }: ReceiverOptions = {},
): Promise<Receiver> => {
  const file = openSync(logFile, "a");
  let status = 200;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const line: Received = {
        atMs: Date.now(),
        headers: request.headers as Record<string, string>,
        body: Buffer.concat(chunks).toString("utf8"),
      };
      writeSync(file, `${JSON.stringify(line)}\n`);
      fsyncSync(file);
      onReceived?.(line);
      response.writeHead(status).end(() => onAnswered?.(line));
    });
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/alerts`,
    received: () =>
      readFileSync(logFile, "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Received),
    answerWith: (next) => {
      status = next;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          closeSync(file);
          resolve();
        });
        server.closeAllConnections();
      }),
  };
};
