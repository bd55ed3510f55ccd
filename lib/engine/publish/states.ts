import type { BlindSpan } from "#lib/core/location/eyesight.ts";
import { isWithin } from "#lib/core/location/eyesight.ts";
import type { Vote } from "#lib/core/outcome.ts";
import { slotsWithin } from "#lib/core/schedule.ts";
import { eventSliOf } from "#lib/core/slo/definition.ts";
import { voteOfRun, voteOfSlot } from "#lib/core/slot.ts";
import { dissentingLocations } from "#lib/core/status/dissent.ts";
import type { CoreSli } from "#lib/core/status/service-state.ts";
import { decideServiceState } from "#lib/core/status/service-state.ts";
import type { MeasuredServiceState } from "#lib/core/status/severity.ts";
import type { DecidedSlot } from "#lib/core/status/sli-state.ts";
import { decideSliState } from "#lib/core/status/sli-state.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, epochMs, SECOND_MS } from "#lib/core/units.ts";
import type { LiveSlots } from "../rollup/live-slots.ts";
import type { WatchedProbe, WatchedService, WatchedSli } from "./watch.ts";

/** Why a service has its measured state. */
export type Reason = {
  readonly decidedSlots: number;
  readonly expectedSlots: number;
  readonly badSlots: number;
  readonly windowSeconds: number;
  readonly dissentingLocations: readonly string[];
  /** Names of locations that are blind now, or that have not reported lately. */
  readonly locationsWithoutData: readonly string[];
  /** The SLI whose reading decided, and its objective in percent; null for a service without any. */
  readonly decidedBy: {
    readonly sli: "availability" | "latency";
    readonly thresholdMs: number | null;
    readonly objective: string | null;
  } | null;
};

export type MeasuredService = { readonly measured: MeasuredServiceState; readonly why: Reason };

export type MeasureArgs = {
  readonly now: EpochMs;
  readonly live: LiveSlots;
  /** When each probe, by number, ran first; a probe that never ran is missing and expects nothing. */
  readonly firstRuns: ReadonlyMap<number, EpochMs>;
  /** Numbers of locations by id. */
  readonly locationNos: ReadonlyMap<string, number>;
  /** Names of locations by number. */
  readonly locationNames: ReadonlyMap<number, string>;
  /** By location number, the spans in which its votes do not count. */
  readonly uncounted: ReadonlyMap<number, readonly BlindSpan[]>;
};

/** A run that took its whole timeout still needs this long to be recorded and read. */
const ARRIVAL_MS = 2 * SECOND_MS;
/** A location is named as silent after this many slots, and this long, without a result. */
const SILENT_SLOTS = 3;
const SILENT_MS = 10 * SECOND_MS;

type ProbeSlots = { readonly slots: DecidedSlot[]; readonly expected: number };

/**
 * The decided slots of a probe, and how many slots of the window should be decided: those whose result is due, and
 * beside them those that are decided already.
 */
const readProbe = (
  probe: WatchedProbe,
  sli: WatchedSli,
  { now, live, firstRuns, uncounted }: MeasureArgs,
): ProbeSlots => {
  const { id, intervalMs, timeoutMs, locations } = probe.definition;
  const slots = live.slotsOf(probe.no).flatMap(({ at, reports }): DecidedSlot[] => {
    const votes = [...reports].flatMap(([no, report]) =>
      isWithin(uncounted.get(no), at) ? [] : [voteOfRun(report, sli.definition)],
    );
    const vote = voteOfSlot(votes, locations.length);
    return vote === "none" ? [] : [{ at, isBad: vote === "bad" }];
  });
  const firstRun = firstRuns.get(probe.no);
  if (firstRun === undefined) return { slots, expected: 0 };
  const due = addMs(now, -timeoutMs - ARRIVAL_MS);
  const from = epochMs(Math.max(now - sli.windowMs + 1, firstRun, probe.activeFrom));
  const early = slots.filter((slot) => slot.at > due).length;
  return { slots, expected: slotsWithin(id, intervalMs, from, addMs(due, 1)) + early };
};

const measureSli = (sli: WatchedSli, args: MeasureArgs): CoreSli => {
  const probes = sli.probes.map((probe) => readProbe(probe, sli, args));
  const { kind } = eventSliOf(sli.definition);
  const reading = decideSliState({
    slots: probes.flatMap(({ slots }) => slots).sort((a, b) => a.at - b.at),
    now: args.now,
    windowMs: sli.windowMs,
    expected: probes.reduce((sum, { expected }) => sum + expected, 0),
    threshold: sli.threshold,
    canBeOutage: kind === "availability",
  });
  return { kind, reading };
};

const dissentOf = (probe: WatchedProbe, windowMs: number, args: MeasureArgs): string[] => {
  const { now, live, locationNames, uncounted } = args;
  if (probe.definition.locations.length < 2) return [];
  const recent = live.slotsOf(probe.no).filter((slot) => slot.at > now - windowMs);
  return dissentingLocations(
    recent.map(({ at, reports }) => {
      const votes = new Map<string, Vote>();
      for (const [no, report] of reports) {
        if (isWithin(uncounted.get(no), at)) continue;
        votes.set(locationNames.get(no) ?? String(no), voteOfRun(report, { kind: "availability" }));
      }
      return votes;
    }),
  );
};

/** Locations of a probe that are blind now, or none of whose last three results has come. */
const withoutDataOf = (
  probe: WatchedProbe,
  { now, live, firstRuns, locationNos, uncounted }: MeasureArgs,
): string[] => {
  const { id, intervalMs, timeoutMs, locations } = probe.definition;
  const firstRun = firstRuns.get(probe.no);
  if (firstRun === undefined) return [];
  const due = addMs(now, -timeoutMs - ARRIVAL_MS);
  const lookedAtMs = Math.max(SILENT_SLOTS * intervalMs, SILENT_MS);
  const from = epochMs(Math.max(due - lookedAtMs + 1, firstRun, probe.activeFrom));
  const isDue = slotsWithin(id, intervalMs, from, addMs(due, 1)) >= SILENT_SLOTS;
  const recent = live.slotsOf(probe.no).filter((slot) => slot.at >= from);
  return locations.filter((location) => {
    const no = locationNos.get(location) ?? -1;
    if (isWithin(uncounted.get(no), now)) return true;
    return isDue && recent.every(({ reports }) => !reports.has(no));
  });
};

const decidedByOf = (sli: WatchedSli | undefined): Reason["decidedBy"] => {
  if (sli === undefined) return null;
  const event = eventSliOf(sli.definition);
  const thresholdMs = event.kind === "latency" ? event.thresholdMs : null;
  return { sli: event.kind, thresholdMs, objective: sli.objective };
};

/** The measured state of a service now, from the live slots of the probes behind its SLIs. */
export const measureService = (service: WatchedService, args: MeasureArgs): MeasuredService => {
  const readings = service.slis.map((sli) => measureSli(sli, args));
  const windowMs = Math.max(0, ...service.slis.map((sli) => sli.windowMs));
  const probes = new Set(service.slis.flatMap((sli) => sli.probes));
  const dissenting = [...new Set([...probes].flatMap((probe) => dissentOf(probe, windowMs, args)))].sort();
  const silent = new Set([...probes].flatMap((probe) => withoutDataOf(probe, args)));
  const silentNames = [...silent].map((id) => args.locationNames.get(args.locationNos.get(id) ?? -1) ?? id);
  const { measured, decidedBy } = decideServiceState(readings, dissenting.length > 0);
  return {
    measured,
    why: {
      decidedSlots: decidedBy?.decided ?? 0,
      expectedSlots: decidedBy?.expected ?? 0,
      badSlots: decidedBy?.bad ?? 0,
      windowSeconds: windowMs / SECOND_MS,
      dissentingLocations: dissenting,
      locationsWithoutData: silentNames.sort(),
      decidedBy: decidedByOf(service.slis[readings.findIndex(({ reading }) => reading === decidedBy)]),
    },
  };
};
