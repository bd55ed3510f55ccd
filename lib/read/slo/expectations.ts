import type { ExclusionRow } from "#db/queries/exclusions.ts";
import type { SloVersionRow, SloWithReading } from "#db/queries/slo-dashboard.ts";
import { readVersionsOfSlo } from "#db/queries/slo-dashboard.ts";
import type { LedgerResource } from "#lib/contracts/budgets.ts";
import type { BacktestResource } from "#lib/contracts/slo-analyses.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import type { Feasibility, PairFeasibility } from "#lib/core/slo/feasibility.ts";
import type { Gate } from "#lib/core/slo/gate.ts";
import { gateOfReading } from "#lib/core/slo/gate.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { getLedger } from "../ledger.ts";
import { requireSession } from "../require-session.ts";
import { getWebContext } from "../web-context.ts";
import type { BacktestQuery } from "./backtest.ts";
import { getBacktest } from "./backtest.ts";
import { loadFeasibility } from "./feasibility.ts";
import type { SloForecast } from "./forecast.ts";

export type {
  BacktestQuery,
  BacktestResource,
  ExclusionRow,
  Feasibility,
  Gate,
  LedgerResource,
  PairFeasibility,
  SloForecast,
  SloVersionRow,
};

const MOST_VERSIONS = 20;

/** What follows for an SLO beside its figures. */
export type SloExpectations = {
  /** Null for events that do not come from probes. */
  readonly feasibility: Feasibility | null;
  readonly gate: Gate;
  /** The newest definitions, the one in force first. */
  readonly versions: readonly SloVersionRow[];
};

/** @throws Error "NotSignedIn" without a session; errors of the database. */
export const loadSloExpectations = async (
  cookieHeader: string | null,
  slo: SloWithReading,
): Promise<SloExpectations> => {
  await requireSession(cookieHeader);
  const { database, clock } = getWebContext();
  return {
    feasibility: await loadFeasibility(database, slo),
    gate: gateOfReading(slo.definition, slo.reading, clock.now()),
    versions: await database.read((db) => readVersionsOfSlo(db, slo.id, MOST_VERSIONS)),
  };
};

/**
 * Who spent the budget of an SLO, over its window or over [from, to); null when nothing was evaluated in that time.
 * @throws Error "NotSignedIn" without a session.
 */
export const loadLedger = async (
  cookieHeader: string | null,
  sloId: string,
  span: { readonly from?: EpochMs; readonly to?: EpochMs },
): Promise<LedgerResource | null> => {
  await requireSession(cookieHeader);
  const { database, clock } = getWebContext();
  return getLedger(database, { id: sloId, ...span }, clock.now()).catch((error: unknown) => {
    if (errorCodeOf(error) === "INVALID_REQUEST") return null;
    throw error;
  });
};

/** A backtest, or why there is none. */
export type BacktestAnswer =
  | { readonly kind: "answer"; readonly backtest: BacktestResource }
  | { readonly kind: "not_ready" | "refused" };

/** What would have fired under other terms. @throws Error "NotSignedIn" without a session. */
export const loadBacktest = async (
  cookieHeader: string | null,
  query: BacktestQuery & { readonly id: string },
): Promise<BacktestAnswer> => {
  await requireSession(cookieHeader);
  const { database, clock } = getWebContext();
  try {
    return { kind: "answer", backtest: await getBacktest(database, query, clock.now()) };
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === "INVALID_REQUEST") return { kind: "refused" };
    if (code === "NOT_READY") return { kind: "not_ready" };
    throw error;
  }
};
