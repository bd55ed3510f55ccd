import { MAX_PUSH_BYTES, MAX_PUSH_RUNS } from "#lib/contracts/ingest.ts";
import { pushedRun, pushedTry } from "#lib/contracts/ingest-run.ts";
import { AppError } from "#lib/core/errors.ts";
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

/** A run or a try as it is sent, and the list of the push that it goes into. */
type Sent = { readonly list: "runs" | "tries"; readonly text: string };

/** What is sent in pieces that each fit into a push, in its order. */
const piecesOf = (all: readonly Sent[]): (readonly Sent[])[] => {
  const pieces: Sent[][] = [];
  let bytes = 0;
  for (const sent of all) {
    const size = Buffer.byteLength(sent.text) + 1;
    const last = pieces.at(-1);
    if (last === undefined || bytes + size > MAX_RUNS_BYTES || last.length >= MAX_PUSH_RUNS) {
      pieces.push([sent]);
      bytes = size;
    } else {
      last.push(sent);
      bytes += size;
    }
  }
  return pieces;
};

const listOf = (piece: readonly Sent[], wanted: Sent["list"]): string =>
  piece.flatMap(({ list, text }) => (list === wanted ? [text] : [])).join(",");

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

  const push = async (piece: readonly Sent[]): Promise<void> => {
    const tries = listOf(piece, "tries");
    const body = `{"clockOffsetMs":${clockOffsetMs() ?? "null"},"runs":[${listOf(piece, "runs")}]${tries === "" ? "" : `,"tries":[${tries}]`}}`;
    const pushed = await client.push(body, signal);
    if (pushed.kind === "stored") {
      const { refused, refusals } = pushed.result;
      if (refused === 0) return;
      refusedTotal.inc(refused);
      log.error({ refused, first: refusals[0] }, "the server refused runs; they are lost");
      return;
    }
    if (pushed.status === null || !UNFIT.has(pushed.status)) throw errorOf(pushed);
    if (piece.length === 1) {
      refusedTotal.inc();
      log.error({ status: pushed.status, detail: pushed.detail }, "the server cannot take a run; it is lost");
      return;
    }
    const half = Math.ceil(piece.length / 2);
    await push(piece.slice(0, half));
    await push(piece.slice(half));
  };

  return {
    accept: async (runs, tries) => {
      const sentRuns = runs.map((run): Sent => ({ list: "runs", text: JSON.stringify(pushedRun(run)) }));
      const sentTries = tries.map((one): Sent => ({ list: "tries", text: JSON.stringify(pushedTry(one)) }));
      for (const piece of piecesOf([...sentRuns, ...sentTries])) await push(piece);
    },
  };
};
