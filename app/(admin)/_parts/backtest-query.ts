import { parseDuration } from "#lib/core/duration.ts";
import type { BacktestQuery } from "#lib/read/slo/expectations.ts";
import type { SearchParams } from "./view.ts";

export const BACKTEST_WINDOWS = ["7d", "14d", "28d", "30d", "60d", "90d"] as const;
export const BACKTEST_POLICIES = ["own", "default", "pages"] as const;

/** What the form of the backtest holds, as it stands in the address; empty: as the SLO has it. */
export type BacktestForm = {
  readonly objective: string;
  readonly window: string;
  readonly policy: (typeof BACKTEST_POLICIES)[number];
  readonly minLong: string;
  readonly minShort: string;
};

const one = (value: string | string[] | undefined): string => (Array.isArray(value) ? value[0] : value)?.trim() ?? "";

/** Reads an address; null when nobody asked for a backtest. */
export const backtestFormOf = (search: SearchParams): BacktestForm | null => {
  const [objective, window, policy] = [one(search.objective), one(search.window), one(search.policy)];
  const [minLong, minShort] = [one(search.min_long), one(search.min_short)];
  if ([objective, window, policy, minLong, minShort].every((text) => text === "")) return null;
  return {
    objective: objective.replace(",", ".").slice(0, 20),
    window: BACKTEST_WINDOWS.find((each) => each === window) ?? "",
    policy: BACKTEST_POLICIES.find((each) => each === policy) ?? "own",
    minLong: minLong.slice(0, 6),
    minShort: minShort.slice(0, 6),
  };
};

const isObjective = (text: string): boolean =>
  /^\d{2}(\.\d{1,9})?$/.test(text) && Number(text) > 50 && Number(text) < 100;
const isCount = (text: string): boolean => /^\d{1,6}$/.test(text);

/** What the operation is asked; null when it would refuse it. Of the guard both counts are given, or none. */
export const backtestQueryOf = ({
  objective,
  window,
  policy,
  minLong,
  minShort,
}: BacktestForm): BacktestQuery | null => {
  const hasGuard = minLong !== "" || minShort !== "";
  if (objective !== "" && !isObjective(objective)) return null;
  if (hasGuard && !(isCount(minLong) && isCount(minShort))) return null;
  const length = window === "" ? null : parseDuration(window);
  return {
    ...(objective === "" ? {} : { objective }),
    ...(length === null ? {} : { window: length }),
    ...(policy === "own" ? {} : { policy }),
    ...(hasGuard ? { minBad: `${minLong}/${minShort}` } : {}),
  };
};

/** The address of the API that answers what a form asks; null: the terms in force. */
export const backtestPath = (sloId: string, form: BacktestForm | null): string => {
  const { window: _window, ...asked } = (form === null ? null : backtestQueryOf(form)) ?? {};
  const parameters = new URLSearchParams({ ...asked, ...(form?.window ? { window: form.window } : {}) } as Record<
    string,
    string
  >);
  return `/v1/slos/${sloId}/backtest?${parameters.toString()}`;
};
