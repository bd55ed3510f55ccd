import type { Database } from "#db/database.ts";
import { readActiveProbes } from "#db/queries/config.ts";
import type { SloWithReading } from "#db/queries/slo-dashboard.ts";
import { readSlosWithReadings } from "#db/queries/slo-dashboard.ts";
import { probingsOf } from "#lib/config/feasibility.ts";
import { decimalText } from "#lib/contracts/api.ts";
import type { FeasibilityResource } from "#lib/contracts/slo-analyses.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Feasibility, PairFeasibility } from "#lib/core/slo/feasibility.ts";
import { feasibilityOf } from "#lib/core/slo/feasibility.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { MINUTE_MS } from "#lib/core/units.ts";
import { answersFrom } from "../answer-cache.ts";

/** What can be expected of an SLO's alerts; null for events that do not come from probes. Goes by the definition alone. */
export const loadFeasibility = async (database: Database, slo: SloWithReading): Promise<Feasibility | null> => {
  const probes = await database.read((db) => readActiveProbes(db, null));
  const byId = new Map(probes.map(({ definition }) => [definition.id, definition]));
  return feasibilityOf({ definition: slo.definition, probes: probingsOf(slo.definition, byId) });
};

/** A tenth of a second is more than anybody can use; sums of fractions are off by a hair. */
const seconds = (minutes: number | null): number | null => (minutes === null ? null : Math.round(minutes * 600) / 10);

const pairResource = (pair: PairFeasibility): FeasibilityResource["pairs"][number] => {
  const { detectionMinutes: after } = pair;
  return {
    pair: pair.pairId,
    severity: pair.severity,
    isPossible: pair.isPossible,
    failuresNeeded: pair.failuresNeeded,
    longEvents: pair.longEvents,
    shortEvents: pair.shortEvents,
    detectionSeconds: {
      "100": seconds(after["100"]),
      "50": seconds(after["50"]),
      "5": seconds(after["5"]),
      "1": seconds(after["1"]),
      "0.1": seconds(after["0.1"]),
    },
    resetSeconds: seconds(pair.resetMinutes),
    falseAlertsIn30d: pair.falseAlertsIn30d,
  };
};

const resourceOf = (slo: SloWithReading, found: Feasibility | null): FeasibilityResource => ({
  sloId: slo.id,
  objective: slo.definition.objective,
  events:
    found === null
      ? null
      : {
          spacingSeconds: Math.round(found.spacingMs) / 1_000,
          locations: found.locations,
          flakeRatio: decimalText(found.flakeRate) ?? "0",
          badRatio: decimalText(found.badShare, 12) ?? "0",
        },
  firstPage:
    found === null || found.pageFailuresNeeded === null || found.pageAfterMinutes === null
      ? null
      : {
          failuresNeeded: found.pageFailuresNeeded,
          afterSeconds: Math.round(found.pageAfterMinutes * (MINUTE_MS / 100)) / 10,
        },
  falsePagesIn30d: found === null ? null : found.falsePagesIn30d,
  pairs: found === null ? [] : found.pairs.map(pairResource),
  dropped: found === null ? [] : found.dropped.map(({ id, reason }) => ({ pair: id, reason })),
});

/** What the alerts of an SLO can and cannot do, from its definition. @throws AppError NOT_FOUND, NOT_READY */
export const getFeasibility = async (database: Database, id: string, now: EpochMs): Promise<FeasibilityResource> => {
  const [slo] = await database.read((db) => readSlosWithReadings(db, id));
  if (slo === undefined) throw new AppError("NOT_FOUND", "there is no SLO with this id");
  return answersFrom(database).answer({ key: `feasibility ${id} ${slo.version}`, cost: 1, now }, async () =>
    resourceOf(slo, await loadFeasibility(database, slo)),
  );
};
