import type { ProbeDefinition } from "#lib/core/definitions.ts";
import type { Outcome, Run } from "#lib/core/outcome.ts";
import { MAX_RUN_PARTS } from "#lib/core/outcome.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, durationUs } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { counter, histogram } from "#lib/runtime/metrics.ts";
import type { CheckResult } from "./checks/check.ts";
import { runPartOf } from "./checks/check.ts";
import { targetHostOf } from "./checks/target-host.ts";
import type { Gate } from "./gate.ts";
import { createGate } from "./gate.ts";
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
const NO_PHASES = { dns: null, connect: null, tls: null, firstByte: null, transfer: null } as const;

const unmeasured = (name: "skipped" | "internal_error", detail: string): Outcome => ({
  class: name,
  detail,
  durationUs: durationUs(0),
  phasesUs: NO_PHASES,
  httpStatus: null,
  bytesRead: 0,
  address: null,
  certificateExpiresAt: null,
  failures: [],
});

const keyOf = ({ definition, locationId }: ScheduledProbe): string => `${locationId} ${definition.id}`;
const hostOf = ({ definition }: ScheduledProbe): string => targetHostOf(definition);

type DueProbe = Due<ScheduledProbe>;
type Waiting = { readonly due: DueProbe; readonly sinceMs: number };

const metricsOf = () => ({
  runs: counter({ name: "nines_runs_total", help: "Runs of probes by outcome class.", labels: ["class"] }),
  startDelay: histogram({
    name: "nines_run_start_delay_seconds",
    help: "How long after its slot a run started.",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  }),
});

type Desk = Required<SchedulerArgs> & {
  readonly metrics: ReturnType<typeof metricsOf>;
  readonly gate: Gate;
  readonly timetable: Timetable<ScheduledProbe>;
  /** Beats that are due and found no room yet; at most one for each probe. */
  readonly waiting: Map<string, Waiting>;
  readonly running: Map<string, Promise<void>>;
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

const keep = (desk: Desk, due: DueProbe, startedAt: EpochMs, { outcome, traceId, parts }: CheckResult): void => {
  const { definition, locationId } = due.item;
  const kept = parts === undefined ? {} : { parts: parts.slice(0, MAX_RUN_PARTS).map(runPartOf) };
  desk.metrics.runs.inc({ class: outcome.class });
  desk.record({
    probeId: definition.id,
    locationId,
    scheduledAt: due.scheduledAt,
    startedAt,
    traceId,
    outcome,
    ...kept,
  });
};

const skip = (desk: Desk, due: DueProbe, reason: string): void =>
  keep(desk, due, desk.clock.now(), { outcome: unmeasured("skipped", reason), traceId: null });

const runAndKeep = async (desk: Desk, due: DueProbe): Promise<void> => {
  const startedAt = desk.clock.now();
  desk.metrics.startDelay.observe(Math.max(0, startedAt - due.scheduledAt) / 1_000);
  try {
    keep(desk, due, startedAt, await desk.run(due.item, desk.cutOff.signal));
  } catch (error) {
    desk.log.error({ code: "INTERNAL", error, probeId: due.item.definition.id }, "a check failed by a fault of ours");
    keep(desk, due, startedAt, { outcome: unmeasured("internal_error", "unexpected error"), traceId: null });
  } finally {
    desk.running.delete(due.key);
    desk.gate.leave(hostOf(due.item));
  }
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
  const left = [...desk.waiting.values()];
  desk.waiting.clear();
  for (const { due } of left) skip(desk, due, "shutdown");
  const grace = new AbortController();
  const finished = Promise.all(desk.running.values()).then(() => grace.abort());
  await desk.clock.sleep(desk.graceMs, grace.signal).catch(() => undefined);
  desk.cutOff.abort();
  await finished;
};

const openDesk = (args: SchedulerArgs): Desk => {
  const limits = { maxConcurrent: 500, maxPerHost: 8, graceMs: 4_000, ...args };
  return {
    ...limits,
    metrics: metricsOf(),
    gate: createGate({ maxTotal: limits.maxConcurrent, maxPerKey: limits.maxPerHost }),
    timetable: createTimetable((byMs) =>
      args.log.warn({ byMs: Math.round(byMs) }, "the wall clock jumped; probes keep their beat"),
    ),
    waiting: new Map(),
    running: new Map(),
    cutOff: new AbortController(),
    stopping: new AbortController(),
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
        return { key: keyOf(item), probeId: id, intervalMs, item };
      });
      desk.timetable.update(beats, countFrom(desk, since));
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
