import type { ProbeDefinition } from "#lib/core/definitions.ts";
import type { Outcome, Run } from "#lib/core/outcome.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { durationUs } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { counter, histogram } from "#lib/runtime/metrics.ts";
import type { CheckResult } from "./checks/http.ts";
import { createGate } from "./gate.ts";
import type { Due, TimePoint } from "./timetable.ts";
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
  /** Replaces the set of probes. Those whose id, location and interval stay keep their beat. */
  readonly update: (probes: readonly ScheduledProbe[]) => void;
  /** Starts nothing more; resolves once every run is recorded. May be called twice. */
  readonly stop: () => Promise<void>;
  readonly running: () => number;
};

const IDLE_MS = 60_000;
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
const hostOf = ({ definition }: ScheduledProbe): string => URL.parse(definition.url)?.host ?? "";

type Waiting = { readonly due: Due<ScheduledProbe>; readonly sinceMs: number };

/**
 * Starts probes at their slots: one timer for all, none started twice at once, at most `maxConcurrent` together and
 * `maxPerHost` against one host. What cannot be run in its time is recorded as `skipped`, never dropped in silence.
 */
export const startScheduler = (args: SchedulerArgs): Scheduler => {
  const { clock, log, run, record, maxConcurrent = 500, maxPerHost = 8, graceMs = 4_000 } = args;
  const runsTotal = counter({ name: "nines_runs_total", help: "Runs of probes by outcome class.", labels: ["class"] });
  const startDelay = histogram({
    name: "nines_run_start_delay_seconds",
    help: "How long after its slot a run started.",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  });
  const gate = createGate({ maxTotal: maxConcurrent, maxPerKey: maxPerHost });
  const timetable = createTimetable<ScheduledProbe>((byMs) =>
    log.warn({ byMs: Math.round(byMs) }, "the wall clock jumped; probes keep their beat"),
  );
  const waiting = new Map<string, Waiting>();
  const running = new Map<string, Promise<void>>();
  const cutOff = new AbortController();
  let nap = new AbortController();
  let stopped: Promise<void> | null = null;

  const timePoint = (): TimePoint => ({ wallMs: clock.now(), monotonicMs: clock.monotonicMs() });

  const keep = (due: Due<ScheduledProbe>, startedAt: EpochMs, { outcome, traceId }: CheckResult): void => {
    const { definition, locationId } = due.item;
    runsTotal.inc({ class: outcome.class });
    record({ probeId: definition.id, locationId, scheduledAt: due.scheduledAt, startedAt, traceId, outcome });
  };
  const skip = (due: Due<ScheduledProbe>, reason: string): void =>
    keep(due, clock.now(), { outcome: unmeasured("skipped", reason), traceId: null });

  const runAndKeep = async (due: Due<ScheduledProbe>): Promise<void> => {
    const startedAt = clock.now();
    startDelay.observe(Math.max(0, startedAt - due.scheduledAt) / 1_000);
    try {
      keep(due, startedAt, await run(due.item, cutOff.signal));
    } catch (error) {
      log.error({ code: "INTERNAL", error, probeId: due.item.definition.id }, "a check failed by a fault of ours");
      keep(due, startedAt, { outcome: unmeasured("internal_error", "unexpected error"), traceId: null });
    } finally {
      running.delete(due.key);
      gate.leave(hostOf(due.item));
    }
  };

  /** Called when there is room. A beat that waited for half of its interval, or was replaced, is not started any more. */
  const startWaiting = (self: Waiting): boolean => {
    const { key, item } = self.due;
    if (waiting.get(key) !== self) return false;
    waiting.delete(key);
    if (clock.monotonicMs() - self.sinceMs > item.definition.intervalMs / 2) {
      skip(self.due, "too many runs at once");
      return false;
    }
    running.set(key, runAndKeep(self.due));
    return true;
  };

  const begin = (due: Due<ScheduledProbe>): void => {
    const before = waiting.get(due.key);
    if (before !== undefined) {
      waiting.delete(due.key);
      skip(before.due, "too many runs at once");
    }
    if (due.isMissed) return skip(due, "missed its time");
    if (running.has(due.key)) return skip(due, "previous run still going");
    const self = { due, sinceMs: clock.monotonicMs() };
    waiting.set(due.key, self);
    gate.enter(hostOf(due.item), () => startWaiting(self));
  };

  const beat = async (): Promise<void> => {
    while (stopped === null) {
      for (const due of timetable.takeDue(timePoint())) begin(due);
      nap = new AbortController();
      const nextMs = timetable.nextDueMs();
      const waitMs = nextMs === null ? IDLE_MS : nextMs - clock.monotonicMs();
      await clock.sleep(Math.min(waitMs, IDLE_MS), nap.signal).catch(() => undefined);
    }
  };

  const settle = async (): Promise<void> => {
    nap.abort();
    await loop;
    const left = [...waiting.values()];
    waiting.clear();
    for (const { due } of left) skip(due, "shutdown");
    const grace = new AbortController();
    const finished = Promise.all(running.values()).then(() => grace.abort());
    await clock.sleep(graceMs, grace.signal).catch(() => undefined);
    cutOff.abort();
    await finished;
  };

  const loop = Promise.resolve().then(beat);
  return {
    update: (probes) => {
      const beats = probes.map((item) => {
        const { id, intervalMs } = item.definition;
        return { key: keyOf(item), probeId: id, intervalMs, item };
      });
      timetable.update(beats, timePoint());
      nap.abort();
    },
    stop: () => {
      stopped ??= settle();
      return stopped;
    },
    running: () => running.size,
  };
};
