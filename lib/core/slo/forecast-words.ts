import { roughly } from "../alerting/describe.ts";
import type { Forecast } from "./forecast.ts";

/** One sentence about what becomes of a budget. `remaining`: the signed share that is left now; null without events. */
export const forecastSummary = (
  args: Forecast & { readonly kind: "rolling" | "calendar"; readonly remaining: number | null },
): string => {
  const { exhaustedIn, recoveredIn, remaining, kind } = args;
  if (remaining === null) return "Nothing was counted in this window yet.";
  const back = kind === "rolling" ? "back within the objective" : "back within the objective, before the period ends,";
  if (remaining < 0) {
    if (recoveredIn === null) return "The budget is overspent, and does not come back within the window.";
    return `The budget is overspent; if nothing else fails, it is ${back} in ${roughly(recoveredIn * 60)}.`;
  }
  if (remaining === 0) return "The budget is spent to the last event.";
  if (exhaustedIn !== null) return `At the pace of the last hour the budget is spent in ${roughly(exhaustedIn * 60)}.`;
  return kind === "rolling"
    ? "At the pace of the last hour the budget lasts."
    : "At the pace of the last hour the budget lasts until the period ends.";
};
