import type { MetricsResource } from "#lib/contracts/metrics.ts";
import type { OutcomeClass, Vote } from "#lib/core/outcome.ts";
import { fillText } from "../../_view/format.ts";
import type { Role } from "../../_view/state-looks.ts";
import type { AdminView } from "./view.ts";

/** The role that a run is drawn in: slow is good for availability, and still seen. */
export const roleOfRun = ({ class: name, vote }: { readonly class: OutcomeClass; readonly vote: Vote }): Role => {
  if (vote === "none") return "none";
  if (vote === "bad") return "major";
  return name === "slow" ? "degraded" : "ok";
};

/** Instants with seconds in the zone of the view, and with the day where it is not the day of the view. */
export const createStamp = ({ format, timeZone, today }: AdminView): ((instant: string) => string) => {
  const { locale } = format.words;
  const time = new Intl.DateTimeFormat(locale, { timeStyle: "medium", hourCycle: "h23", timeZone });
  const day = new Intl.DateTimeFormat("en-CA", { timeZone });
  const key = day.format(new Date(today));
  return (instant) => {
    const at = new Date(instant);
    return day.format(at) === key ? time.format(at) : `${format.day(instant, today)}, ${time.format(at)}`;
  };
};

/** A length of time; a dash where nothing was measured. What is short keeps its parts of a millisecond. */
export const tookText = (ms: number | null, format: AdminView["format"]): string => {
  if (ms === null) return "–";
  return ms < 10 ? fillText(format.words.milliseconds, { number: format.rate(ms) }) : format.response(ms);
};

/** The question that the API answers with these metrics. */
export const metricsPath = ({ probeId, locations, from, to, step }: MetricsResource, isOne = false): string =>
  addressOf("/v1/metrics", { probe: probeId, location: isOne ? locations[0] : null, from, to, step, totals: "true" });

/** The address of a page with these parameters; those that are null are left out. */
export const addressOf = (path: string, parameters: Readonly<Record<string, string | null | undefined>>): string => {
  const kept = Object.entries(parameters).flatMap(([name, value]) => (value ? [[name, value]] : []));
  const search = new URLSearchParams(kept as [string, string][]).toString();
  return search === "" ? path : `${path}?${search}`;
};
