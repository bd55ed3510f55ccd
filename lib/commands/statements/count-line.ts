import { createHash } from "node:crypto";
import type { Db } from "#db/database.ts";
import type { ExclusionRow } from "#db/queries/exclusions.ts";
import type { SliHour } from "#db/queries/sli-hours.ts";
import { countMinutes, readHoursOf } from "#db/queries/slo-minutes.ts";
import type { PromisedSlo } from "#db/queries/statements.ts";
import { instantText } from "#lib/contracts/api.ts";
import { sliResource } from "#lib/contracts/slo-parts.ts";
import type { StatementFigures, StatementLine } from "#lib/contracts/statements.ts";
import type { SloDefinition } from "#lib/core/definitions.ts";
import { exclusionPolicyOf, isFromProbes } from "#lib/core/slo/definition.ts";
import { downMinutes } from "#lib/core/slo/downtime.ts";
import { isMet, objectiveOfPercent } from "#lib/core/slo/objective.ts";
import type { MinuteSeries } from "#lib/core/slo/series.ts";
import { sumOver } from "#lib/core/slo/series.ts";
import { ratioText } from "#lib/core/slo/shares.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import { minuteOf, startOfMinute } from "#lib/core/units.ts";

/** One SLO under one set of terms: definitions that differ only in what a statement does not depend on are one. */
export type Term = {
  readonly versions: readonly PromisedSlo[];
  readonly from: EpochMinute;
  readonly until: EpochMinute;
};

export type Minutes = { readonly from: EpochMinute; readonly until: EpochMinute };

/** What of a definition a statement depends on, without addresses and credentials of sources. */
export const termsOf = (definition: SloDefinition) => ({
  sli: sliResource(definition.sli),
  objective: definition.objective,
  probes: definition.probes,
  locations: definition.locations ?? null,
  count: definition.count ?? "slots",
  combine: definition.combine ?? { kind: "sum" },
  exclusions: exclusionPolicyOf(definition),
});

const unitOf = ({ sli, count, combine }: SloDefinition): StatementLine["unit"] => {
  if (sli.kind === "timeslice") return "slices";
  if (sli.kind === "ratio_timeslices") return "slice_billionths";
  if (sli.kind === "promql") return "events";
  if (combine?.kind === "any_bad") return "minutes";
  return count ?? "slots";
};

const figuresOf = (series: MinuteSeries, { from, until }: Minutes, objectiveText: string): StatementFigures => {
  const { bad, total } = sumOver(series, (from - 1) as EpochMinute, (until - 1) as EpochMinute);
  return {
    good: total - bad,
    bad,
    total,
    attainedRatio: ratioText(total - bad, total),
    isMet: isMet(bad, total, objectiveOfPercent(objectiveText)),
  };
};

/** An hour that several versions counted is the newest one's: it holds what was counted last. */
const mergedHours = (byVersion: readonly (readonly SliHour[])[]): SliHour[] => {
  const byHour = new Map<number, SliHour>();
  for (const hours of byVersion) for (const hour of hours) byHour.set(hour.hourAt, hour);
  return [...byHour.values()].sort((a, b) => a.hourAt - b.hourAt);
};

const sliceMinutesOf = ({ sli }: SloDefinition): number =>
  sli.kind === "timeslice" || sli.kind === "ratio_timeslices" ? Math.round(sli.sliceMs / 60_000) : 1;

/** SHA-256 of the counts that the figures come from: a line "minute good total expected" for each minute with any. */
const digestOf = (hours: readonly SliHour[], { from, until }: Minutes): string => {
  const hash = createHash("sha256");
  for (const hour of hours) {
    const first = minuteOf(hour.hourAt);
    let text = "";
    for (let index = 0; index < 60; index += 1) {
      const [good, total, expected] = [hour.good[index] ?? 0, hour.total[index] ?? 0, hour.expected[index] ?? 0];
      if (total + expected === 0 || first + index < from || first + index >= until) continue;
      text += `${first + index} ${good} ${total} ${expected}\n`;
    }
    if (text !== "") hash.update(text);
  }
  return hash.digest("hex");
};

const firstCounted = (hours: readonly SliHour[]): EpochMinute | null => {
  for (const hour of hours) {
    const index = hour.total.findIndex((total, at) => total + (hour.expected[at] ?? 0) > 0);
    if (index !== -1) return (minuteOf(hour.hourAt) + index) as EpochMinute;
  }
  return null;
};

export type CountedLine = { readonly line: StatementLine; readonly minutesSha256: string };

/** Counts one line of a statement from stored minutes. Null when nothing of the period is under these terms. */
export const countLine = async (
  db: Db,
  { versions, ...own }: Term,
  args: { readonly period: Minutes; readonly exclusions: readonly ExclusionRow[] },
): Promise<CountedLine | null> => {
  const { period, exclusions } = args;
  const slo = versions.at(-1);
  if (slo === undefined) return null;
  const hours = mergedHours(
    await Promise.all(versions.map(({ id, version }) => readHoursOf(db, { sloId: id, version }, period))),
  );
  const isFirst = versions[0]?.isFirst === true;
  const reach = isFirst ? Math.min(own.from, firstCounted(hours) ?? own.from) : own.from;
  const from = Math.max(reach, period.from) as EpochMinute;
  const until = Math.min(own.until, period.until) as EpochMinute;
  if (until <= from) return null;
  const minutes = countMinutes(hours, { slo, exclusions, until });
  const { definition } = slo;
  const { objective } = definition;
  const span = { from, until };
  const carries = isFromProbes(definition.sli);
  const down = downMinutes({ raw: minutes.raw, spans: minutes.spans, ...span, carries });
  return {
    minutesSha256: digestOf(hours, { from: (from - sliceMinutesOf(definition) + 1) as EpochMinute, until }),
    line: {
      sloId: slo.id,
      sli: sliResource(definition.sli),
      objective,
      from: instantText(startOfMinute(from)),
      until: instantText(startOfMinute(until)),
      unit: unitOf(definition),
      figures: figuresOf(minutes.events, span, objective),
      raw: figuresOf(minutes.rawEvents, span, objective),
      expected: sumOver(minutes.events, (from - 1) as EpochMinute, (until - 1) as EpochMinute).expected,
      downtimeSeconds: down * 60,
    },
  };
};
