import type { Run } from "#lib/core/outcome.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { counter, gauge } from "#lib/runtime/metrics.ts";
import type { RunSink } from "./run-sink.ts";

export type RecorderArgs = {
  readonly sink: RunSink;
  readonly clock: Clock;
  readonly log: Logger;
  /** 0 (inclusive) to 1 (exclusive), for the jitter of the back-off. */
  readonly random: () => number;
  readonly maxBatch?: number;
  readonly maxDelayMs?: number;
  /** Runs kept while the sink does not take them; past it the oldest are dropped, counted and logged. */
  readonly maxKept?: number;
  /** How long `stop` tries to hand over what is left. */
  readonly stopWithinMs?: number;
};

export type Recorder = {
  /** Takes a run at once and never blocks. */
  readonly record: (run: Run) => void;
  /** Hands over what is left. Resolves with the number of runs that could not be stored. May be called twice. */
  readonly stop: () => Promise<number>;
  /** Runs that are not stored yet. */
  readonly kept: () => number;
};

const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 5_000;
const LONGEST_IDLE_MS = 3_600_000;
const DROPPED_AT_ONCE = 1_000;

/** Full jitter between half of the delay and all of it: retries stay prompt and do not march in step. */
const retryDelayMs = (attempt: number, random: () => number): number =>
  Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 10)) * (0.5 + random() / 2);

/**
 * Hands runs to the sink in order, in batches of at most `maxBatch` or after `maxDelayMs`, and keeps them until the sink
 * has stored them: it retries for ever, the same batch first. The scheduler never waits for it.
 */
export const startRecorder = (args: RecorderArgs): Recorder => {
  const {
    sink,
    clock,
    log,
    random,
    maxBatch = 1_000,
    maxDelayMs = 250,
    maxKept = 200_000,
    stopWithinMs = 3_000,
  } = args;
  const keptGauge = gauge({ name: "nines_runs_kept", help: "Runs that are not stored yet." });
  const droppedTotal = counter({ name: "nines_runs_dropped_total", help: "Runs lost because too many were kept." });
  const failuresTotal = counter({ name: "nines_run_batches_failed_total", help: "Batches that the sink refused." });
  let queue: Run[] = [];
  let inFlight: readonly Run[] = [];
  let wake = new AbortController();
  const stopping = new AbortController();
  const giveUp = new AbortController();
  let stopped: Promise<number> | null = null;
  const isStopping = (): boolean => stopped !== null;
  const hasGivenUp = (): boolean => giveUp.signal.aborted;
  const kept = (): number => queue.length + inFlight.length;

  const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
    await clock.sleep(ms, signal).catch(() => undefined);
  };

  /** Waits for a first run without end, then at most `maxDelayMs` for the batch to fill. */
  const gather = async (): Promise<void> => {
    while (!isStopping() && queue.length === 0) {
      wake = new AbortController();
      await pause(LONGEST_IDLE_MS, wake.signal);
    }
    if (isStopping() || queue.length >= maxBatch) return;
    wake = new AbortController();
    await pause(maxDelayMs, wake.signal);
  };

  /** The wait before a retry; a stop cuts it short, since little time is left then. */
  const waitToRetry = (attempt: number): Promise<void> => {
    if (isStopping()) return pause(FIRST_RETRY_MS, giveUp.signal);
    return pause(retryDelayMs(attempt, random), stopping.signal);
  };

  const store = async (): Promise<void> => {
    for (let attempt = 1; !hasGivenUp(); attempt += 1) {
      try {
        await sink.accept(inFlight);
        if (attempt > 1) log.info({ attempt, kept: kept() }, "runs are stored again");
        inFlight = [];
        keptGauge.set(kept());
        return;
      } catch (error) {
        failuresTotal.inc();
        if (attempt === 1 || attempt % 10 === 0)
          log.warn({ error, attempt, kept: kept() }, "runs cannot be stored; they are kept");
      }
      await waitToRetry(attempt);
    }
  };

  const work = async (): Promise<void> => {
    while (!hasGivenUp()) {
      await gather();
      if (queue.length === 0) {
        if (isStopping()) return;
        continue;
      }
      inFlight = queue.slice(0, maxBatch);
      queue = queue.slice(maxBatch);
      await store();
    }
  };

  const settle = async (): Promise<number> => {
    stopping.abort();
    wake.abort();
    const done = new AbortController();
    const finished = loop.then(() => done.abort());
    await pause(stopWithinMs, done.signal);
    giveUp.abort();
    // A sink that hangs is not waited for: its batch counts as lost, and comes to no harm if it is stored after all.
    await Promise.race([finished, pause(500, done.signal)]);
    if (kept() > 0) log.error({ lost: kept() }, "runs were not stored before the stop");
    return kept();
  };

  const loop = Promise.resolve().then(work);
  return {
    record: (run) => {
      queue.push(run);
      keptGauge.set(kept());
      if (kept() > maxKept) {
        const lost = queue.splice(0, Math.min(DROPPED_AT_ONCE, queue.length - 1)).length;
        droppedTotal.inc(lost);
        log.error({ lost, kept: kept() }, "too many runs are waiting to be stored; the oldest are dropped");
      }
      if (queue.length === 1 || queue.length === maxBatch) wake.abort();
    },
    stop: () => {
      stopped ??= settle();
      return stopped;
    },
    kept,
  };
};
