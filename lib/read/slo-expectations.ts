import type { ExclusionRow } from "#db/queries/exclusions.ts";
import { readExclusions } from "#db/queries/exclusions.ts";
import type { SloWithReading } from "#db/queries/slo-dashboard.ts";
import { isAbout } from "#db/queries/slo-minutes.ts";
import type { Feasibility, PairFeasibility } from "#lib/core/slo/feasibility.ts";
import type { Gate } from "#lib/core/slo/gate.ts";
import { gateOfReading } from "#lib/core/slo/gate.ts";
import { windowAt } from "#lib/core/slo/window.ts";
import { addMinutes, minuteOf, startOfMinute } from "#lib/core/units.ts";
import { requireSession } from "./require-session.ts";
import { loadFeasibility } from "./slo-feasibility.ts";
import type { SloForecast } from "./slo-forecast.ts";
import { loadForecast } from "./slo-forecast.ts";
import { getWebContext } from "./web-context.ts";

export type { ExclusionRow, Feasibility, Gate, PairFeasibility, SloForecast };

const MOST_EXCLUSIONS = 50;

/** What follows for an SLO beside its figures. */
export type SloExpectations = {
  /** Null for events that do not come from probes. */
  readonly feasibility: Feasibility | null;
  /** Null before the first evaluation. */
  readonly forecast: SloForecast | null;
  readonly gate: Gate;
  /** That are about the SLO and touch its window, or are still to come; not revoked, the newest first, at most 50. */
  readonly exclusions: readonly ExclusionRow[];
};

/** @throws Error "NotSignedIn" without a session; errors of the database. */
export const loadSloExpectations = async (
  cookieHeader: string | null,
  slo: SloWithReading,
): Promise<SloExpectations> => {
  await requireSession(cookieHeader);
  const { database, clock } = getWebContext();
  const now = clock.now();
  const last = addMinutes(minuteOf(slo.evaluatedAt ?? now), -1);
  const { after } = windowAt(slo.definition.window, last);
  const endedAfter = startOfMinute(addMinutes(after, 1));
  const exclusions = (await database.read((db) => readExclusions(db, { endedAfter })))
    .filter((row) => isAbout(row, slo))
    .sort((a, b) => b.startsAt - a.startsAt)
    .slice(0, MOST_EXCLUSIONS);
  return {
    feasibility: await loadFeasibility(database, slo),
    forecast: await loadForecast(database, slo),
    gate: gateOfReading(slo.definition, slo.reading, now),
    exclusions,
  };
};
