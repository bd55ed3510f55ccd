import type { Config, ProbeDefinition, SloDefinition } from "#lib/core/definitions.ts";
import { formatDuration } from "#lib/core/duration.ts";
import type { Probing } from "#lib/core/slo/event-stream.ts";
import { eventInterval } from "#lib/core/slo/event-stream.ts";
import type { Feasibility } from "#lib/core/slo/feasibility.ts";
import { feasibilityOf } from "#lib/core/slo/feasibility.ts";
import { objectiveOfPercent } from "#lib/core/slo/objective.ts";
import type { DroppedPair } from "#lib/core/slo/policy.ts";
import { droppedPairs, pairId, shortWindowFor } from "#lib/core/slo/policy.ts";
import type { DurationMs } from "#lib/core/units.ts";
import { durationMs } from "#lib/core/units.ts";
import type { ConfigWarning } from "./config-error.ts";
import { severityFor } from "./rules/slo.ts";
import { toDuration } from "./scalars.ts";
import type { ConfigFile } from "./schema.ts";

/** Pages that come this long after the first failure, or later, are worth a word. */
const SLOW_PAGE_MINUTES = 10;
/** More pages by chance than this in 28 days wear people out. */
const FALSE_PAGES_GOAL = 0.2;
const GOAL_DAYS = 28;

type SloFile = NonNullable<ConfigFile["services"][number]["slos"]>[number];

/** How an SLO's probes are run: their intervals, and the locations that it counts. */
export const probingsOf = (slo: SloDefinition, probes: ReadonlyMap<string, ProbeDefinition>): Probing[] =>
  slo.probes.flatMap((id) => {
    const probe = probes.get(id);
    if (probe === undefined) return [];
    const chosen = probe.locations.filter((location) => slo.locations?.includes(location) ?? true);
    return chosen.length === 0 ? [] : [{ intervalMs: probe.intervalMs, locations: chosen.length }];
  });

const slowestOf = (probings: readonly Probing[]): DurationMs =>
  durationMs(Math.max(0, ...probings.map(({ intervalMs }) => intervalMs)));

const inWords = (minutes: number): string => {
  // The mean time between the events of several probes is no whole number, and its sums are off by a hair.
  const whole = Math.ceil(minutes - 1e-6);
  return whole === 1 ? "1 minute" : `${whole} minutes`;
};

/** "one location at 5m", or "2 probes, the slowest at 5m". */
const whereOf = (probings: readonly Probing[]): string => {
  const interval = formatDuration(slowestOf(probings));
  if (probings.length > 1) return `${probings.length} probes, the slowest at ${interval}`;
  const locations = probings[0]?.locations ?? 1;
  return `${locations === 1 ? "one location" : `${locations} locations`} at ${interval}`;
};

/** What has to go wrong several times. */
const badEvents = ({ sli, combine }: SloDefinition): string => {
  if (sli.kind === "timeslice") return "bad slices";
  return combine?.kind === "any_bad" ? "bad minutes" : "failures";
};

const lateness = (slo: SloDefinition, probings: readonly Probing[], found: Feasibility): string | null => {
  const { pageFailuresNeeded: needed, pageAfterMinutes } = found;
  if (needed === null || pageAfterMinutes === null || pageAfterMinutes < SLOW_PAGE_MINUTES) return null;
  return `${whereOf(probings)}: a page needs ${needed} ${badEvents(slo)}, at the earliest after ${inWords(pageAfterMinutes)}`;
};

const tooManyPages = (probings: readonly Probing[], found: Feasibility): string | null => {
  const pages = (found.falsePagesIn30d * GOAL_DAYS) / 30;
  if (pages <= FALSE_PAGES_GOAL) return null;
  const runs = Math.round(1 / found.flakeRate);
  return `${whereOf(probings)}: expect ${pages.toPrecision(2)} pages in ${GOAL_DAYS} days by chance alone, if one run of ${runs} fails by itself`;
};

const impossible = ({ pairs }: Feasibility): readonly string[] =>
  pairs
    .filter(({ isPossible }) => !isPossible)
    .map(({ pairId: id, failuresNeeded, longEvents, shortEvents }) => {
      const held = `${longEvents} and ${shortEvents} checks`;
      return `the alert pair ${id} can never fire: it needs ${failuresNeeded} failures, and its windows hold ${held}`;
    });

const REASONS: Readonly<Record<DroppedPair["reason"], string>> = {
  short_not_below_long: "its short window must hold three intervals and would not be shorter than its long window",
  longer_than_window: "its long window is longer than the window of the SLO",
  never_fires: "its threshold cannot be reached at this objective",
};

/** Pairs that were asked for, by the file or by the default policy, and that cannot work. */
const leftOut = (file: SloFile, slo: SloDefinition, intervalMs: DurationMs): readonly string[] => {
  if (file.burn_rate_alerts === undefined) {
    const objective = objectiveOfPercent(slo.objective);
    const dropped = droppedPairs(slo.window.durationMs, { intervalMs, objective });
    return dropped.map(({ id, reason }) => `the alert pair ${id} is left out: ${REASONS[reason]}`);
  }
  return file.burn_rate_alerts.flatMap((pair) => {
    const [longMs, shortMs] = [toDuration(pair.long), toDuration(pair.short)];
    const id = pairId(severityFor(pair.severity, longMs), longMs, shortMs);
    if (shortWindowFor(shortMs, intervalMs) < longMs) return [];
    return [`the alert pair ${id} is left out: ${REASONS.short_not_below_long}`];
  });
};

const NO_PAGE = "no page can come of this SLO: none of its alert pairs has the severity page";

/** What is valid but will probably disappoint: alerts that come late, too often, or never. */
export const findWarnings = (file: ConfigFile, config: Config): ConfigWarning[] => {
  const probes = new Map(
    config.services.flatMap((service) => service.probes.map((probe) => [probe.id, probe] as const)),
  );
  // Many SLOs are alike, and the odds of false pages take a moment to work out.
  const known = new Map<string, Feasibility | null>();
  const feasibility = (slo: SloDefinition, probings: readonly Probing[]): Feasibility | null => {
    const { sli, objective, window, burnRateAlerts, count, combine } = slo;
    const key = JSON.stringify([sli, objective, window, burnRateAlerts, count, combine, probings]);
    const found = known.get(key) ?? feasibilityOf({ definition: slo, probes: probings });
    known.set(key, found);
    return found;
  };
  const messagesFor = (slo: SloDefinition, source: SloFile | undefined): readonly string[] => {
    const probings = probingsOf(slo, probes);
    const found = feasibility(slo, probings);
    const hasPage = slo.burnRateAlerts.some((pair) => pair.severity === "page");
    const judged =
      found === null ? [] : [lateness(slo, probings, found), tooManyPages(probings, found), ...impossible(found)];
    return [
      ...(hasPage ? [] : [NO_PAGE]),
      ...judged.filter((message) => message !== null),
      ...(source === undefined
        ? []
        : leftOut(
            source,
            slo,
            eventInterval(
              slo,
              probings.map(({ intervalMs }) => intervalMs),
            ),
          )),
    ];
  };
  return config.services.flatMap((service, at) =>
    service.slos.flatMap((slo, index) =>
      messagesFor(slo, file.services[at]?.slos?.[index]).map((message) => ({
        path: `services[${at}].slos[${index}]`,
        kind: "feasibility" as const,
        message,
      })),
    ),
  );
};
