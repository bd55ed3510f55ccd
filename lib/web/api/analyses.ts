import type { ANALYSIS_OPERATIONS } from "#lib/contracts/operations/analyses.ts";
import { getBacktest } from "#lib/read/slo/backtest.ts";
import { getFeasibility } from "#lib/read/slo/feasibility.ts";
import { getForecast } from "#lib/read/slo/forecast.ts";
import type { HandlersOf } from "./types.ts";

export const analysisHandlers: HandlersOf<typeof ANALYSIS_OPERATIONS> = {
  getFeasibility: async ({ database, clock }, { params }) => ({
    body: await getFeasibility(database, params.id, clock.now()),
  }),
  getForecast: async ({ database, clock }, { params }) => ({
    body: await getForecast(database, params.id, clock.now()),
  }),
  getBacktest: async ({ database, clock }, { params, query }) => ({
    body: await getBacktest(database, { id: params.id, ...query }, clock.now()),
  }),
};
