import type { Socket } from "node:net";
import { connect } from "node:net";
import { answerLength } from "#lib/cli/bench/load.ts";
import { percentileOf } from "./scenario.ts";

export type PacedLoad = {
  readonly requests: number;
  readonly wrong: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

type Line = { readonly socket: Socket; pending: Buffer; dueMs: number; isBusy: boolean };

const LINES = 64;
const TICK_MS = 2;

const open = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });

/**
 * Asks for a path at a steady rate for a while, on connections that stay open. How long an answer took counts from when
 * its request was due, so that waiting for a free connection is not forgotten.
 */
export const loadAtRate = async (args: {
  port: number;
  path: string;
  perSecond: number;
  durationMs: number;
}): Promise<PacedLoad> => {
  const request = `GET ${args.path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n`;
  const latencies: number[] = [];
  let wrong = 0;
  const due: number[] = [];
  const lines: Line[] = [];
  const serve = (line: Line): void => {
    const at = due.shift();
    if (at === undefined) return;
    line.isBusy = true;
    line.dueMs = at;
    line.socket.write(request);
  };
  for (let index = 0; index < LINES; index += 1) {
    const line: Line = { socket: await open(args.port), pending: Buffer.alloc(0), dueMs: 0, isBusy: false };
    line.socket.on("data", (chunk: Buffer) => {
      line.pending = Buffer.concat([line.pending, chunk]);
      const { length, status } = answerLength(line.pending);
      if (length === 0) return;
      line.pending = line.pending.subarray(length);
      latencies.push(performance.now() - line.dueMs);
      if (status !== "200") wrong += 1;
      line.isBusy = false;
      serve(line);
    });
    lines.push(line);
  }
  const startedMs = performance.now();
  let sent = 0;
  let turn = 0;
  while (performance.now() - startedMs < args.durationMs) {
    const wanted = Math.floor(((performance.now() - startedMs) / 1_000) * args.perSecond);
    for (; sent < wanted; sent += 1) due.push(startedMs + (sent / args.perSecond) * 1_000);
    // In turn, because a connection that asks for nothing is cut by the server.
    for (let tried = 0; tried < lines.length && due.length > 0; tried += 1) {
      const line = lines[turn % lines.length] as Line;
      turn += 1;
      if (!line.isBusy) serve(line);
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  for (let waited = 0; waited < 1_000 && (due.length > 0 || lines.some(({ isBusy }) => isBusy)); waited += 1)
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  wrong += lines.filter(({ isBusy }) => isBusy).length + due.length;
  for (const { socket } of lines) socket.destroy();
  return { requests: sent, wrong, p50Ms: percentileOf(latencies, 0.5), p99Ms: percentileOf(latencies, 0.99) };
};
