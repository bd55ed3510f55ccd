import { z } from "zod";
import { parseDuration } from "#lib/core/duration.ts";
import { objectiveOfPercent } from "#lib/core/slo/objective.ts";
import type { DurationMs } from "#lib/core/units.ts";
import { DAY_MS, HOUR_MS } from "#lib/core/units.ts";
import { BacktestResource, FeasibilityResource, ForecastResource } from "../slo-analyses.ts";
import type { Operation } from "./operation.ts";
import { instant, NoQuery, READ_ONE_PROBLEMS } from "./operation.ts";

const isObjective = (text: string): boolean => {
  if (!/^\d{2}(\.\d{1,9})?$/.test(text) || Number(text) <= 50) return false;
  try {
    objectiveOfPercent(text);
    return true;
  } catch {
    return false;
  }
};

const LONGEST_WINDOW_MS = 92 * DAY_MS;
const isWindow = (ms: DurationMs | null): boolean => ms !== null && ms >= HOUR_MS && ms <= LONGEST_WINDOW_MS;

const BacktestQuery = z.strictObject({
  objective: z
    .string()
    .refine(isObjective, "must be a percentage over 50 and under 100 such as 99.95")
    .optional()
    .meta({ description: "Another objective, in percent", example: "99.95" }),
  window: z
    .string()
    .max(20)
    .refine((text) => isWindow(parseDuration(text)), "must be a duration from 1h to 92d such as 30d")
    .transform((text) => parseDuration(text) as DurationMs)
    .optional()
    .meta({ description: "Another rolling window; the default policy follows it", type: "string", example: "30d" }),
  minBad: z
    .string()
    .regex(/^\d{1,6}\/\d{1,6}$/, "must be two counts such as 3/2")
    .optional()
    .meta({ description: "Bad events needed in the long and in the short window of every pair", example: "3/2" }),
  policy: z
    .enum(["own", "default", "pages"])
    .optional()
    .meta({ description: "`default`: the default policy; `pages`: without tickets; `own` or left out: as configured" }),
  from: instant("Start; 28 days before `to` when it is left out, and 92 days at most"),
  to: instant("End; that of the newest reading when it is left out, and at most"),
});

/** For everybody, as readings are; what they may cost is bounded where they are worked out. */
export const ANALYSIS_OPERATIONS = [
  {
    operationId: "getFeasibility",
    cost: 5,
    method: "GET",
    path: "/v1/slos/{id}/feasibility",
    tag: "slos",
    summary: "Tell what the alerts of an objective can and cannot do, before any data",
    scope: null,
    query: NoQuery,
    response: FeasibilityResource,
    problems: READ_ONE_PROBLEMS,
  },
  {
    operationId: "getForecast",
    cost: 5,
    method: "GET",
    path: "/v1/slos/{id}/forecast",
    tag: "slos",
    summary: "Tell when the error budget is spent, and when it is back",
    scope: null,
    query: NoQuery,
    response: ForecastResource,
    problems: READ_ONE_PROBLEMS,
  },
  {
    operationId: "getBacktest",
    cost: 10,
    method: "GET",
    path: "/v1/slos/{id}/backtest",
    tag: "slos",
    summary: "Tell what would have fired under another objective, window or guard",
    scope: null,
    query: BacktestQuery,
    response: BacktestResource,
    problems: READ_ONE_PROBLEMS,
  },
] as const satisfies readonly Operation[];
