import { MAX_PUSH_BYTES, MAX_PUSH_RUNS } from "#lib/contracts/ingest.ts";
import { pushedRun } from "#lib/contracts/ingest-run.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Run } from "#lib/core/outcome.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { counter } from "#lib/runtime/metrics.ts";
import type { RunSink } from "../run-sink.ts";
import type { Refusal, ServerClient } from "./server-client.ts";

/** Far below what the server takes: in gzip a tenth of it, so that a slow line carries a piece before its deadline. */
const MAX_RUNS_BYTES = MAX_PUSH_BYTES / 4;
/** What is wrong with the push itself: it will be as wrong the next time. */
const UNFIT: ReadonlySet<number> = new Set([400, 413, 415, 422]);

const errorOf = ({ status, detail }: Refusal): AppError => {
  if (status === 401) return new AppError("UNAUTHENTICATED", detail);
  if (status === 403) return new AppError("FORBIDDEN", detail);
  return new AppError("NOT_READY", status === null ? `the server was not reached: ${detail}` : detail);
};

/** The texts of runs in pieces that each fit into a push, in their order. */
const piecesOf = (texts: readonly string[]): (readonly string[])[] => {
  const pieces: string[][] = [];
  let bytes = 0;
  for (const text of texts) {
    const size = Buffer.byteLength(text) + 1;
    const last = pieces.at(-1);
    if (last === undefined || bytes + size > MAX_RUNS_BYTES || last.length >= MAX_PUSH_RUNS) {
      pieces.push([text]);
      bytes = size;
    } else {
      last.push(text);
      bytes += size;
    }
  }
  return pieces;
};

/**
 * Hands runs to the server. It rejects while the server cannot be reached or does not let us in, so that the recorder
 * keeps them; a run that the server can never take is counted and logged, so that it does not hold up the others.
 */
export const createPushSink = (args: {
  client: ServerClient;
  clockOffsetMs: () => number | null;
  log: Logger;
  signal: AbortSignal;
}): RunSink => {
  const { client, clockOffsetMs, log, signal } = args;
  const refusedTotal = counter({ name: "nines_runs_refused_by_server_total", help: "Runs that the server refused." });

  const push = async (texts: readonly string[]): Promise<void> => {
    const body = `{"clockOffsetMs":${clockOffsetMs() ?? "null"},"runs":[${texts.join(",")}]}`;
    const pushed = await client.push(body, signal);
    if (pushed.kind === "stored") {
      const { refused, refusals } = pushed.result;
      if (refused === 0) return;
      refusedTotal.inc(refused);
      log.error({ refused, first: refusals[0] }, "the server refused runs; they are lost");
      return;
    }
    if (pushed.status === null || !UNFIT.has(pushed.status)) throw errorOf(pushed);
    if (texts.length === 1) {
      refusedTotal.inc();
      log.error({ status: pushed.status, detail: pushed.detail }, "the server cannot take a run; it is lost");
      return;
    }
    const half = Math.ceil(texts.length / 2);
    await push(texts.slice(0, half));
    await push(texts.slice(half));
  };

  return {
    accept: async (runs: readonly Run[]) => {
      for (const piece of piecesOf(runs.map((run) => JSON.stringify(pushedRun(run))))) await push(piece);
    },
  };
};
