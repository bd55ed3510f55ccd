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
const LAST_WORD_MS = 500;
const LONGEST_IDLE_MS = 3_600_000;
const DROPPED_AT_ONCE = 1_000;

/** Full jitter between half of the delay and all of it: retries stay prompt and do not march in step. */
const retryDelayMs = (attempt: number, random: () => number): number =>
  Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 10)) * (0.5 + random() / 2);

const metricsOf = () => ({
  kept: gauge({ name: "nines_runs_kept", help: "Runs that are not stored yet." }),
  dropped: counter({ name: "nines_runs_dropped_total", help: "Runs lost because too many were kept." }),
  failures: counter({ name: "nines_run_batches_failed_total", help: "Batches that the sink refused." }),
});

type Desk = Required<RecorderArgs> & {
  readonly metrics: ReturnType<typeof metricsOf>;
  readonly stopping: AbortController;
  readonly giveUp: AbortController;
  queue: Run[];
  /** The batch that the sink has, or will get again. */
  inFlight: readonly Run[];
  wake: AbortController;
};

const keptBy = ({ queue, inFlight }: Desk): number => queue.length + inFlight.length;

const pause = async ({ clock }: Desk, ms: number, signal: AbortSignal): Promise<void> => {
  await clock.sleep(ms, signal).catch(() => undefined);
};

/** Waits for a first run without end, then at most `maxDelayMs` for the batch to fill. */
const gather = async (desk: Desk): Promise<void> => {
  const isStopping = (): boolean => desk.stopping.signal.aborted;
  while (!isStopping() && desk.queue.length === 0) {
    desk.wake = new AbortController();
    await pause(desk, LONGEST_IDLE_MS, desk.wake.signal);
  }
  if (isStopping() || desk.queue.length >= desk.maxBatch) return;
  desk.wake = new AbortController();
  await pause(desk, desk.maxDelayMs, desk.wake.signal);
};

/** The wait before a retry; a stop cuts it short, since little time is left then. */
const waitToRetry = (desk: Desk, attempt: number): Promise<void> =>
  desk.stopping.signal.aborted
    ? pause(desk, FIRST_RETRY_MS, desk.giveUp.signal)
    : pause(desk, retryDelayMs(attempt, desk.random), desk.stopping.signal);

/** Gives the batch in flight to the sink, again and again until it is stored or the stop gives up. */
const store = async (desk: Desk): Promise<void> => {
  const { sink, log, metrics, giveUp } = desk;
  for (let attempt = 1; !giveUp.signal.aborted; attempt += 1) {
    try {
      await sink.accept(desk.inFlight);
      if (attempt > 1) log.info({ attempt, kept: keptBy(desk) }, "runs are stored again");
      desk.inFlight = [];
      metrics.kept.set(keptBy(desk));
      return;
    } catch (error) {
      metrics.failures.inc();
      const kept = keptBy(desk);
      if (attempt === 1 || attempt % 10 === 0)
        log.warn({ error, attempt, kept }, "runs cannot be stored; they are kept");
    }
    await waitToRetry(desk, attempt);
  }
};

const work = async (desk: Desk): Promise<void> => {
  while (!desk.giveUp.signal.aborted) {
    await gather(desk);
    if (desk.queue.length === 0) {
      if (desk.stopping.signal.aborted) return;
      continue;
    }
    desk.inFlight = desk.queue.slice(0, desk.maxBatch);
    desk.queue = desk.queue.slice(desk.maxBatch);
    await store(desk);
  }
};

const record = (desk: Desk, run: Run): void => {
  const { queue, metrics, log, maxKept, maxBatch } = desk;
  queue.push(run);
  metrics.kept.set(keptBy(desk));
  if (keptBy(desk) > maxKept) {
    const lost = queue.splice(0, Math.min(DROPPED_AT_ONCE, queue.length - 1)).length;
    metrics.dropped.inc(lost);
    log.error({ lost, kept: keptBy(desk) }, "too many runs are waiting to be stored; the oldest are dropped");
  }
  if (queue.length === 1 || queue.length === maxBatch) desk.wake.abort();
};

const settle = async (desk: Desk, loop: Promise<void>): Promise<number> => {
  desk.stopping.abort();
  desk.wake.abort();
  const done = new AbortController();
  const finished = loop.then(() => done.abort());
  await pause(desk, desk.stopWithinMs, done.signal);
  desk.giveUp.abort();
  // A sink that hangs is not waited for: its batch counts as lost, and comes to no harm if it is stored after all.
  await Promise.race([finished, pause(desk, LAST_WORD_MS, done.signal)]);
  const lost = keptBy(desk);
  if (lost > 0) desk.log.error({ lost }, "runs were not stored before the stop");
  return lost;
};

/**
 * Hands runs to the sink in order, in batches of at most `maxBatch` or after `maxDelayMs`, and keeps them until the sink
 * has stored them: it retries for ever, the same batch first. The scheduler never waits for it.
 */
export const startRecorder = (args: RecorderArgs): Recorder => {
  const desk: Desk = {
    maxBatch: 1_000,
    maxDelayMs: 250,
    maxKept: 200_000,
    stopWithinMs: 3_000,
    ...args,
    metrics: metricsOf(),
    stopping: new AbortController(),
    giveUp: new AbortController(),
    queue: [],
    inFlight: [],
    wake: new AbortController(),
  };
  const loop = Promise.resolve().then(() => work(desk));
  let stopped: Promise<number> | null = null;
  return {
    record: (run) => record(desk, run),
    stop: () => {
      stopped ??= settle(desk, loop);
      return stopped;
    },
    kept: () => keptBy(desk),
  };
};
