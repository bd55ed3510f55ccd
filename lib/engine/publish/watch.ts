import type { Db } from "#db/database.ts";
import type { ConfigDocument, LocationRow, ServiceRow, SloRow } from "#db/queries/config.ts";
import { readConfigDocument, readLocations, readProbesForRollup, readServices, readSlos } from "#db/queries/config.ts";
import type { ProbeDefinition, SliDefinition } from "#lib/core/definitions.ts";
import { isCoreSlo } from "#lib/core/slo/definition.ts";
import type { Threshold } from "#lib/core/slo/objective.ts";
import { factorOf, objectiveOfPercent, thresholdOf } from "#lib/core/slo/objective.ts";
import { liveWindow } from "#lib/core/status/sli-state.ts";
import type { DurationMs, EpochMs } from "#lib/core/units.ts";
import { addMs, durationMs } from "#lib/core/units.ts";

/** A probe as the public state needs it. */
export type WatchedProbe = {
  readonly no: number;
  readonly definition: ProbeDefinition;
  /** When this definition came into force: older slots lie on another schedule. */
  readonly activeFrom: EpochMs;
};

export type WatchedSli = {
  readonly definition: SliDefinition;
  readonly probes: readonly WatchedProbe[];
  /** Null for a service without SLOs. */
  readonly threshold: Threshold | null;
  /** In percent, as configured; null for a service without SLOs. */
  readonly objective: string | null;
  readonly windowMs: DurationMs;
};

export type WatchedService = {
  readonly row: ServiceRow;
  readonly probes: readonly WatchedProbe[];
  readonly slos: readonly SloRow[];
  readonly slis: readonly WatchedSli[];
};

/** The configuration in force, prepared for many decisions. */
export type Watch = {
  readonly document: ConfigDocument;
  readonly services: readonly WatchedService[];
  readonly locations: readonly LocationRow[];
  readonly probes: readonly WatchedProbe[];
  /** How far back each probe's slots are needed. */
  readonly keptMs: ReadonlyMap<number, DurationMs>;
};

const ONE = factorOf("1");

const sliOf = (definition: SliDefinition, probes: readonly WatchedProbe[], objective: string | null): WatchedSli => ({
  definition,
  probes,
  objective,
  threshold: objective === null ? null : thresholdOf(ONE, objectiveOfPercent(objective)),
  windowMs: liveWindow(durationMs(Math.max(0, ...probes.map((probe) => probe.definition.intervalMs)))),
});

/** The SLIs that decide a service's state: those of its core SLOs, or without any the availability of each probe. */
const slisOf = (
  slos: readonly SloRow[],
  own: readonly WatchedProbe[],
  all: ReadonlyMap<string, WatchedProbe>,
): WatchedSli[] => {
  const core = slos.filter(({ definition }) => isCoreSlo(definition));
  if (core.length === 0) return own.map((probe) => sliOf({ kind: "availability" }, [probe], null));
  return core.map(({ definition }) => {
    const probes = definition.probes.flatMap((id) => all.get(id) ?? []);
    return sliOf(definition.sli, probes, definition.objective);
  });
};

/** Reads the configuration in force at `now`; null before the first. */
export const readWatch = async (db: Db, now: EpochMs): Promise<Watch | null> => {
  const document = await readConfigDocument(db);
  if (document === null) return null;
  const rows = await readServices(db);
  const slos = await readSlos(db);
  const locations = await readLocations(db, { withRetired: true });
  const versions = (await readProbesForRollup(db, { from: now, until: addMs(now, 1) })).filter(
    (version) => version.activeUntil === null,
  );
  const watched = new Map<string, WatchedProbe>();
  const ofService = new Map<string, WatchedProbe[]>();
  for (const { no, serviceId, definition, activeFrom } of versions) {
    const probe: WatchedProbe = { no, definition, activeFrom };
    watched.set(definition.id, probe);
    ofService.set(serviceId, [...(ofService.get(serviceId) ?? []), probe]);
  }
  const services = rows.map((row): WatchedService => {
    const probes = ofService.get(row.id) ?? [];
    const own = slos.filter((slo) => slo.serviceId === row.id);
    return { row, probes, slos: own, slis: slisOf(own, probes, watched) };
  });
  const keptMs = new Map<number, DurationMs>();
  for (const probe of watched.values()) keptMs.set(probe.no, durationMs(2 * liveWindow(probe.definition.intervalMs)));
  for (const { probes, windowMs } of services.flatMap((service) => service.slis)) {
    for (const { no } of probes) keptMs.set(no, durationMs(Math.max(keptMs.get(no) ?? 0, 2 * windowMs)));
  }
  return { document, services, locations, probes: [...watched.values()], keptMs };
};
