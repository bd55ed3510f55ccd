import type { ProbeDefinition } from "#lib/core/definitions.ts";
import type { Run } from "#lib/core/outcome.ts";
import { MAX_RUN_PARTS, unmeasured } from "#lib/core/outcome.ts";
import { staggerOf } from "#lib/core/schedule.ts";
import type { Try } from "#lib/core/tries.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, epochMs } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { counter, histogram } from "#lib/runtime/metrics.ts";
import type { CheckResult } from "./checks/check.ts";
import { runPartOf } from "./checks/check.ts";
import { targetHostOf } from "./checks/target-host.ts";
import type { Gate } from "./gate.ts";
import { createGate } from "./gate.ts";
import type { Rechecks } from "./rechecks.ts";
import { createRechecks } from "./rechecks.ts";
import type { Due, TimePoint, Timetable } from "./timetable.ts";
import { createTimetable } from "./timetable.ts";

export type ScheduledProbe = { readonly definition: ProbeDefinition; readonly locationId: string };

export type SchedulerArgs = {
  readonly clock: Clock;
  readonly log: Logger;
  /** Runs a probe once; must not reject for what the target did, and must end soon after its signal aborts. */
  readonly run: (probe: ScheduledProbe, signal: AbortSignal) => Promise<CheckResult>;
  /** Takes each run, also those that were skipped. Must not block. */
  readonly record: (run: Run) => void;
  /** Takes what a re-check saw after a change of vote. Must not block. Left out: nothing is re-checked. */
  readonly recordTry?: (attempt: Try) => void;
  readonly maxConcurrent?: number;
  readonly maxPerHost?: number;
  /** How long running checks may go on after `stop`; then they are cut off and recorded as skipped. */
  readonly graceMs?: number;
};

export type Scheduler = {
  /**
   * Replaces the set of probes. Those whose id, location and interval stay keep their beat. `since` is when the
   * configuration that they come from was put in force; with it the first set also runs slots of the last moment.
   */
  readonly update: (probes: readonly ScheduledProbe[], since?: EpochMs) => void;
  /** Starts nothing more; resolves once every run is recorded. May be called twice. */
  readonly stop: () => Promise<void>;
  readonly running: () => number;
};

const IDLE_MS = 60_000;
/** Slots that passed this short a time before the first probes were known are still run: a restart costs fewer runs. */
const CATCH_UP_MS = 900;
const keyOf = ({ definition, locationId }: ScheduledProbe): string => `${locationId} ${definition.id}`;
const hostOf = ({ definition }: ScheduledProbe): string => targetHostOf(definition);
const staggerMsOf = ({ definition, locationId }: ScheduledProbe): number => staggerOf(definition, locationId);

type DueProbe = Due<ScheduledProbe>;
type Waiting = { readonly due: DueProbe; readonly sinceMs: number };

const metricsOf = () => ({
  runs: counter({ name: "nines_runs_total", help: "Runs of probes by outcome class.", labels: ["class"] }),
  startDelay: histogram({
    name: "nines_run_start_delay_seconds",
    help: "How long after it was due a run started.",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  }),
});

type Desk = Required<Omit<SchedulerArgs, "recordTry">> & {
  readonly metrics: ReturnType<typeof metricsOf>;
  readonly gate: Gate;
  readonly timetable: Timetable<ScheduledProbe>;
  /** Beats that are due and found no room yet; at most one for each probe. */
  readonly waiting: Map<string, Waiting>;
  readonly running: Map<string, Promise<void>>;
  readonly rechecks: Rechecks | null;
  /** Aborts the checks that outlast the stop. */
  readonly cutOff: AbortController;
  readonly stopping: AbortController;
  nap: AbortController;
  /** False until the first set of probes. */
  hasProbes: boolean;
};

const timePoint = ({ clock }: Desk): TimePoint => ({ wallMs: clock.now(), monotonicMs: clock.monotonicMs() });

/** Where the slots of new probes are counted from: now; for the first set a moment ago, if they were in force then. */
const countFrom = (desk: Desk, since: EpochMs | undefined): TimePoint => {
  const { wallMs, monotonicMs } = timePoint(desk);
  const ageMs = since === undefined || desk.hasProbes ? 0 : Math.max(0, wallMs - since);
  const backMs = Math.min(ageMs, CATCH_UP_MS);
  return { wallMs: addMs(wallMs, -backMs), monotonicMs: monotonicMs - backMs };
};

const runOf = ({ item, scheduledAt }: DueProbe, startedAt: EpochMs, { outcome, traceId }: CheckResult): Run => ({
  probeId: item.definition.id,
  locationId: item.locationId,
  scheduledAt,
  startedAt,
  traceId,
  outcome,
});

const keep = (desk: Desk, due: DueProbe, startedAt: EpochMs, result: CheckResult): Run => {
  const { outcome, parts } = result;
  const run = runOf(due, startedAt, result);
  desk.metrics.runs.inc({ class: outcome.class });
  desk.record(parts === undefined ? run : { ...run, parts: parts.slice(0, MAX_RUN_PARTS).map(runPartOf) });
  return run;
};

const skip = (desk: Desk, due: DueProbe, reason: string): void =>
  void keep(desk, due, desk.clock.now(), { outcome: unmeasured("skipped", reason), traceId: null });

/** Tries a slot again, if its first try is a reason to. Null when there is nothing to wait for. */
const recheck = ({ rechecks, run, clock }: Desk, due: DueProbe, first: Run): Promise<void> | null => {
  const { item, key } = due;
  const attempt = async (signal: AbortSignal): Promise<Run> => {
    const startedAt = clock.now();
    return runOf(due, startedAt, await run(item, signal));
  };
  return rechecks?.follow({ key, host: hostOf(item), definition: item.definition, first, attempt }) ?? null;
};

const runAndKeep = async (desk: Desk, due: DueProbe): Promise<void> => {
  const { item, key } = due;
  const startedAt = desk.clock.now();
  const delayMs = startedAt - due.scheduledAt - staggerMsOf(item);
  desk.metrics.startDelay.observe(Math.max(0, delayMs) / 1_000);
  let result: CheckResult;
  try {
    result = await desk.run(item, desk.cutOff.signal);
  } catch (error) {
    desk.log.error({ code: "INTERNAL", error, probeId: item.definition.id }, "a check failed by a fault of ours");
    result = { outcome: unmeasured("internal_error", "unexpected error"), traceId: null };
  }
  const first = keep(desk, due, startedAt, result);
  desk.gate.leave(hostOf(item));
  const again = recheck(desk, due, first);
  if (again !== null) await again;
  desk.running.delete(key);
};

/** Called when there is room. A beat that waited for half of its interval, or was replaced, is not started any more. */
const startWaiting = (desk: Desk, self: Waiting): boolean => {
  const { key, item } = self.due;
  if (desk.waiting.get(key) !== self) return false;
  desk.waiting.delete(key);
  if (desk.clock.monotonicMs() - self.sinceMs > item.definition.intervalMs / 2) {
    skip(desk, self.due, "too many runs at once");
    return false;
  }
  desk.running.set(key, runAndKeep(desk, self.due));
  return true;
};

const begin = (desk: Desk, due: DueProbe): void => {
  if (desk.stopping.signal.aborted) return skip(desk, due, "shutdown");
  // A re-check leaves the beat its time; one that does not must not cost a run.
  if (!due.isMissed && desk.rechecks?.cut(due.key) === true)
    return void desk.running.get(due.key)?.then(() => begin(desk, due));
  const before = desk.waiting.get(due.key);
  if (before !== undefined) {
    desk.waiting.delete(due.key);
    skip(desk, before.due, "too many runs at once");
  }
  if (due.isMissed) return skip(desk, due, "missed its time");
  if (desk.running.has(due.key)) return skip(desk, due, "previous run still going");
  const self = { due, sinceMs: desk.clock.monotonicMs() };
  desk.waiting.set(due.key, self);
  desk.gate.enter(hostOf(due.item), () => startWaiting(desk, self));
};

const beat = async (desk: Desk): Promise<void> => {
  const { clock, timetable, stopping } = desk;
  while (!stopping.signal.aborted) {
    for (const due of timetable.takeDue(timePoint(desk))) begin(desk, due);
    desk.nap = new AbortController();
    const nextMs = timetable.nextDueMs();
    const waitMs = nextMs === null ? IDLE_MS : nextMs - clock.monotonicMs();
    await clock.sleep(Math.min(waitMs, IDLE_MS), desk.nap.signal).catch(() => undefined);
  }
};

const settle = async (desk: Desk, loop: Promise<void>): Promise<void> => {
  desk.stopping.abort();
  desk.nap.abort();
  await loop;
  desk.rechecks?.cutAll("but journeys");
  const left = [...desk.waiting.values()];
  desk.waiting.clear();
  for (const { due } of left) skip(desk, due, "shutdown");
  const grace = new AbortController();
  const finished = Promise.all(desk.running.values()).then(() => grace.abort());
  await desk.clock.sleep(desk.graceMs, grace.signal).catch(() => undefined);
  desk.cutOff.abort();
  desk.rechecks?.cutAll("journeys too");
  await finished;
};

const openDesk = ({ recordTry, ...args }: SchedulerArgs): Desk => {
  const limits = { maxConcurrent: 500, maxPerHost: 8, graceMs: 4_000, ...args };
  const { clock, log } = args;
  const gate = createGate({ maxTotal: limits.maxConcurrent, maxPerKey: limits.maxPerHost });
  const timetable = createTimetable<ScheduledProbe>((byMs) =>
    log.warn({ byMs: Math.round(byMs) }, "the wall clock jumped; probes keep their beat"),
  );
  const stopping = new AbortController();
  const untilNextMs = (key: string): number | null => {
    const dueMs = timetable.dueOf(key);
    return dueMs === null ? null : dueMs - clock.monotonicMs();
  };
  const isStopping = () => stopping.signal.aborted;
  return {
    ...limits,
    metrics: metricsOf(),
    gate,
    timetable,
    rechecks: recordTry === undefined ? null : createRechecks({ log, gate, recordTry, untilNextMs, isStopping }),
    waiting: new Map(),
    running: new Map(),
    cutOff: new AbortController(),
    stopping,
    nap: new AbortController(),
    hasProbes: false,
  };
};

/**
 * Starts probes at their slots: one timer for all, none started twice at once, at most `maxConcurrent` together and
 * `maxPerHost` against one host. What cannot be run in its time is recorded as `skipped`, never dropped in silence.
 */
export const startScheduler = (args: SchedulerArgs): Scheduler => {
  const desk = openDesk(args);
  const loop = Promise.resolve().then(() => beat(desk));
  let stopped: Promise<void> | null = null;
  return {
    update: (probes, since) => {
      const beats = probes.map((item) => {
        const { id, intervalMs } = item.definition;
        return { key: keyOf(item), probeId: id, intervalMs, staggerMs: staggerMsOf(item), item };
      });
      const now = desk.clock.now();
      desk.timetable.update(beats, countFrom(desk, since), epochMs(Math.min(since ?? now, now)));
      desk.rechecks?.keepOnly(new Set(beats.map(({ key }) => key)));
      desk.hasProbes ||= probes.length > 0;
      desk.nap.abort();
    },
    stop: () => {
      stopped ??= settle(desk, loop);
      return stopped;
    },
    running: () => desk.running.size,
  };
};
