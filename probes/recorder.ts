import type { Recorded } from "#lib/core/tries.ts";
import { takeApart } from "#lib/core/tries.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { counter, gauge } from "#lib/runtime/metrics.ts";
import type { RunSink } from "./run-sink.ts";
import type { Backlog } from "./spool/backlog.ts";
import { createBacklog } from "./spool/backlog.ts";
import { forgetStored } from "./spool/forget-stored.ts";

export type RecorderArgs = {
  readonly sink: RunSink;
  readonly clock: Clock;
  readonly log: Logger;
  /** 0 (inclusive) to 1 (exclusive), for the jitter of the back-off. */
  readonly random: () => number;
  /** The folder of its own where runs wait while the sink does not take them; without one they wait in memory. */
  readonly spoolDir?: string | null;
  /** Size of that folder; past it the oldest runs are folded. */
  readonly spoolBytes?: number;
  readonly maxBatch?: number;
  readonly maxDelayMs?: number;
  /** Whole runs kept in memory while neither sink nor disk takes them; past it the oldest are folded in memory. */
  readonly maxKept?: number;
  /** How long `stop` tries to hand over what is left. */
  readonly stopWithinMs?: number;
};

export type Recorder = {
  /** Takes a run, or a try that explains one, at once and never blocks. */
  readonly record: (run: Recorded) => void;
  /** Hands over what is left, or leaves it on disk. Resolves with the number of runs that are lost. May be called twice. */
  readonly stop: () => Promise<number>;
  /** Runs that are not stored yet, in memory and on disk. */
  readonly kept: () => number;
};

const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 5_000;
const LONGEST_IDLE_MS = 3_600_000;
const FOLDED_AT_ONCE = 1_000;
/** While the sink is away, or takes its time, runs go to the disk this often: none is in memory alone for over a second. */
const SPILL_EVERY_MS = 750;
/** The same at the second attempt, after the wait for the first one. */
const SPILL_SOON_MS = 250;
/** Records of the backlog that are stored at once. */
const FLUSH_RECORDS = 2_000;
const LEAVE_WITHIN_MS = 3_000;

type Batch = { readonly runs: readonly Recorded[]; readonly isFromMemory: boolean };

type Inner = Omit<Required<RecorderArgs>, "spoolDir" | "spoolBytes"> & {
  readonly backlog: Backlog;
  readonly queue: Recorded[];
  inFlight: readonly Recorded[];
  wake: AbortController;
  readonly stopping: AbortController;
  readonly giveUp: AbortController;
  /** Of the hand-over under way: it is over, or not waited for any more. */
  handedOver: AbortController;
  /** The last spill of all; they take turns. */
  spilling: Promise<void>;
  isSpilling: boolean;
  /** When memory was last empty or on the disk, on the monotonic clock. */
  safeAt: number;
  /** The disk refused runs; told once. */
  isDiskRefusing: boolean;
};

const keptGauge = () => gauge({ name: "nines_runs_kept", help: "Runs that are not stored yet." });
const refusingGauge = () =>
  gauge({
    name: "nines_spool_refusing",
    help: "1 while the disk takes no runs that wait, and they are kept in memory.",
  });
const failuresTotal = () => counter({ name: "nines_run_batches_failed_total", help: "Batches that the sink refused." });

const inMemory = (self: Inner): number => self.queue.length + self.inFlight.length;
const keptBy = (self: Inner): number => inMemory(self) + self.backlog.size().runs;
const isStopping = (self: Inner): boolean => self.stopping.signal.aborted;
const hasGivenUp = (self: Inner): boolean => self.giveUp.signal.aborted;

/** Full jitter between half of the delay and all of it: retries stay prompt and do not march in step. */
const retryDelayMs = (attempt: number, random: () => number): number =>
  Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 10)) * (0.5 + random() / 2);

const pause = async (self: Inner, ms: number, signal: AbortSignal): Promise<void> => {
  await self.clock.sleep(ms, signal).catch(() => undefined);
};

/** Folds the oldest runs of the queue in memory when it is too long. Not while they are being written to the disk. */
const foldOverflow = (self: Inner): void => {
  if (inMemory(self) <= self.maxKept || self.isSpilling) return;
  const oldest = self.queue.splice(
    0,
    Math.min(Math.max(FOLDED_AT_ONCE, inMemory(self) - self.maxKept), self.queue.length - 1),
  );
  self.backlog.keepFolded(oldest);
  self.log.error(
    { folded: oldest.length, kept: keptBy(self) },
    "too many runs wait in memory; the oldest keep their results only",
  );
};

const spillAll = async (self: Inner): Promise<void> => {
  const { backlog, queue, log } = self;
  self.safeAt = self.clock.monotonicMs();
  if (!backlog.hasDisk || inMemory(self) === 0) return foldOverflow(self);
  const fromQueue = queue.length;
  self.isSpilling = true;
  try {
    await backlog.append([...self.inFlight, ...queue.slice(0, fromQueue)]);
    queue.splice(0, fromQueue);
    self.inFlight = [];
    if (self.isDiskRefusing) log.info({ kept: keptBy(self) }, "the disk takes runs again");
    self.isDiskRefusing = false;
  } catch (error) {
    if (!self.isDiskRefusing)
      log.error({ error, kept: keptBy(self) }, "runs cannot be written to the disk; they are kept in memory");
    self.isDiskRefusing = true;
  } finally {
    self.isSpilling = false;
    refusingGauge().set(self.isDiskRefusing ? 1 : 0);
  }
  foldOverflow(self);
};

/** Moves everything that waits in memory to the disk. What the disk refuses stays in memory. */
const spill = (self: Inner): Promise<void> => {
  self.spilling = self.spilling.then(() => spillAll(self));
  return self.spilling;
};

/** Waits for a first run without end, then at most `maxDelayMs` for the batch to fill. */
const gather = async (self: Inner): Promise<void> => {
  while (!isStopping(self) && self.queue.length === 0) {
    self.wake = new AbortController();
    await pause(self, LONGEST_IDLE_MS, self.wake.signal);
  }
  if (isStopping(self) || self.queue.length >= self.maxBatch) return;
  self.wake = new AbortController();
  await pause(self, self.maxDelayMs, self.wake.signal);
};

/** The oldest runs: those of the backlog first. Null when all that is left may wait on disk for the next start. */
const nextBatch = async (self: Inner): Promise<Batch | null> => {
  const { backlog, queue, maxBatch } = self;
  while (!hasGivenUp(self)) {
    if (backlog.size().runs > 0) {
      if (isStopping(self) && backlog.size().runsInMemory === 0) return null;
      const isOld = queue.length > 0 && self.clock.monotonicMs() - self.safeAt >= SPILL_EVERY_MS;
      if (queue.length >= maxBatch || isOld) await spill(self);
      const runs = await backlog.next(FLUSH_RECORDS);
      if (runs.length > 0) return { runs, isFromMemory: false };
    }
    await gather(self);
    if (queue.length > 0) {
      self.inFlight = queue.splice(0, maxBatch);
      return { runs: self.inFlight, isFromMemory: true };
    }
    if (isStopping(self)) return null;
  }
  return null;
};

/** The wait before a retry, in which new runs go to the disk; a stop cuts it short, since little time is left then. */
const waitToRetry = async (self: Inner, attempt: number): Promise<void> => {
  if (isStopping(self)) return pause(self, FIRST_RETRY_MS, self.giveUp.signal);
  let leftMs = retryDelayMs(attempt, self.random);
  while (leftMs > 0 && !isStopping(self)) {
    const ms = Math.min(leftMs, SPILL_EVERY_MS);
    await pause(self, ms, self.stopping.signal);
    leftMs -= ms;
    if (attempt > 1) await spill(self);
  }
};

/** While a hand-over takes its time, what is in memory goes to the disk: a process that is killed then loses a second. */
const spillMeanwhile = async (self: Inner, attempt: number, { signal }: AbortController): Promise<void> => {
  if (!self.backlog.hasDisk) return;
  await pause(self, attempt === 1 ? SPILL_EVERY_MS : SPILL_SOON_MS, signal);
  while (!signal.aborted) {
    await spill(self);
    await pause(self, SPILL_EVERY_MS, signal);
  }
};

const isStored = async (self: Inner, { runs, isFromMemory }: Batch, attempt: number): Promise<boolean> => {
  self.handedOver = new AbortController();
  const spilling = spillMeanwhile(self, attempt, self.handedOver);
  const taken = takeApart(runs);
  let isAccepted = false;
  try {
    await self.sink.accept(taken.runs, taken.tries);
    isAccepted = true;
  } catch (error) {
    self.log.debug({ error }, "a batch of runs was refused");
  }
  self.handedOver.abort();
  await spilling;
  if (!isAccepted) return false;
  if (!isFromMemory) await self.backlog.confirm();
  else if (self.inFlight.length > 0) self.inFlight = [];
  else await forgetStored(self.backlog, runs);
  keptGauge().set(keptBy(self));
  return true;
};

/** Stores a batch, or leaves it: on disk for later, or unstored when time is up. A first failure at once costs no disk. */
const store = async (self: Inner, batch: Batch): Promise<void> => {
  const { log } = self;
  for (let attempt = 1; !hasGivenUp(self); attempt += 1) {
    if (await isStored(self, batch, attempt)) {
      if (attempt > 1) log.info({ attempt, kept: keptBy(self) }, "runs are stored again");
      return;
    }
    failuresTotal().inc();
    if (attempt === 1 || attempt % 10 === 0)
      log.warn({ attempt, kept: keptBy(self) }, "runs cannot be stored; they are kept");
    if (attempt > 1 || isStopping(self)) await spill(self);
    if (isStopping(self) && keptBy(self) === self.backlog.size().runs && self.backlog.size().runsInMemory === 0) return;
    await waitToRetry(self, attempt);
    if (batch.isFromMemory && self.inFlight.length === 0) return;
  }
};

const work = async (self: Inner): Promise<void> => {
  await self.backlog.open().catch((error: unknown) => {
    self.log.error({ error }, "runs left on disk cannot be read; they are left alone");
  });
  for (let batch = await nextBatch(self); batch !== null; batch = await nextBatch(self)) await store(self, batch);
};

const settle = async (self: Inner, loop: Promise<void>): Promise<number> => {
  self.stopping.abort();
  self.wake.abort();
  const done = new AbortController();
  const finished = loop.then(() => done.abort());
  await pause(self, self.stopWithinMs, done.signal);
  self.giveUp.abort();
  self.handedOver.abort();
  // A sink that hangs is not waited for: its batch goes to the disk, and comes to no harm if it is stored after all.
  await Promise.race([finished, pause(self, 500, done.signal)]);
  const left = new AbortController();
  const leaving = spill(self)
    .then(() => self.backlog.close())
    .finally(() => left.abort());
  const lost = await Promise.race([leaving, pause(self, LEAVE_WITHIN_MS, left.signal).then(() => 0)]);
  const total = lost + inMemory(self);
  if (total > 0) self.log.error({ lost: total }, "runs were not stored before the stop");
  else if (keptBy(self) > 0) self.log.info({ kept: keptBy(self) }, "runs wait on disk for the next start");
  return total;
};

/**
 * Hands runs to the sink in order, in batches of at most `maxBatch` or after `maxDelayMs`, and keeps them until the sink
 * has stored them: it retries for ever. When that takes about a second runs wait on disk, where a crash does not reach them;
 * what an earlier process left there is stored first. The scheduler never waits for any of it.
 */
export const startRecorder = (args: RecorderArgs): Recorder => {
  const { spoolDir = null, spoolBytes, ...rest } = args;
  const size = spoolBytes === undefined ? {} : { capBytes: spoolBytes };
  const self: Inner = {
    maxBatch: 1_000,
    maxDelayMs: 250,
    maxKept: 50_000,
    stopWithinMs: 3_000,
    ...rest,
    backlog: createBacklog({ dir: spoolDir, log: args.log, ...size }),
    queue: [],
    inFlight: [],
    wake: new AbortController(),
    stopping: new AbortController(),
    giveUp: new AbortController(),
    handedOver: new AbortController(),
    spilling: Promise.resolve(),
    isSpilling: false,
    safeAt: args.clock.monotonicMs(),
    isDiskRefusing: false,
  };
  const loop = Promise.resolve().then(() => work(self));
  let stopped: Promise<number> | null = null;
  return {
    record: (run) => {
      if (inMemory(self) === 0) self.safeAt = self.clock.monotonicMs();
      self.queue.push(run);
      keptGauge().set(inMemory(self));
      foldOverflow(self);
      if (self.queue.length === 1 || self.queue.length === self.maxBatch) self.wake.abort();
    },
    stop: () => {
      stopped ??= settle(self, loop);
      return stopped;
    },
    kept: () => keptBy(self),
  };
};
