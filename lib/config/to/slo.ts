import type {
  BudgetRule,
  BurnRatePair,
  Combination,
  EventSli,
  ProbeDefinition,
  PromqlSource,
  SliDefinition,
  SloDefinition,
  SloDocument,
  SloWindow,
  ThresholdAlert,
} from "#lib/core/definitions.ts";
import { DEFAULT_EXCLUSION_POLICY } from "#lib/core/definitions.ts";
import { eventInterval } from "#lib/core/slo/event-stream.ts";
import { objectiveOfPercent } from "#lib/core/slo/objective.ts";
import { defaultPolicy, minBadFor, pairId, shortWindowFor } from "#lib/core/slo/policy.ts";
import { nominalLength } from "#lib/core/slo/window.ts";
import type { DurationMs } from "#lib/core/units.ts";
import { DAY_MS, durationMs, MINUTE_MS } from "#lib/core/units.ts";
import type { Path } from "../config-error.ts";
import { exactDecimal } from "../exact-decimal.ts";
import { anchorText } from "../rules/date.ts";
import { severityFor } from "../rules/slo.ts";
import { CUSTOMARY } from "../rules/threshold.ts";
import { toDuration } from "../scalars.ts";
import type { SloFile } from "../schema/slo.ts";
import type { ThresholdAlertFile } from "../schema/threshold.ts";
import type { SecretOf } from "./probe.ts";
import { toAuth, toHeaders } from "./probe.ts";

/** The text of a number as it stands in the file, for values whose decimals count. */
export type SourceOf = (path: Path) => string | null;

/** What an SLO of the file needs of the rest. */
export type SloContext = {
  readonly path: Path;
  readonly intervals: ReadonlyMap<string, DurationMs>;
  readonly pageTimeZone: string;
  readonly sourceOf: SourceOf;
  readonly secretOf: SecretOf;
};

type PairFile = NonNullable<SloFile["burn_rate_alerts"]>[number];

const toPair = (file: PairFile, intervalMs: DurationMs, factor: string): BurnRatePair => {
  const longMs = toDuration(file.long);
  const shortMs = shortWindowFor(toDuration(file.short), intervalMs);
  const severity = severityFor(file.severity, longMs);
  const standard = minBadFor({ severity, shortMs, intervalMs });
  return {
    id: pairId(severity, longMs, shortMs),
    severity,
    longMs,
    shortMs,
    factor,
    minBadLong: file.min_bad?.long ?? standard.minBadLong,
    minBadShort: file.min_bad?.short ?? standard.minBadShort,
    notify: file.notify ?? null,
  };
};

/** Pairs of the file that work for the interval. Two that became one by their longer short windows count once. */
const toPairs = (
  files: readonly PairFile[],
  intervalMs: DurationMs,
  factorAt: (index: number) => string,
): BurnRatePair[] => {
  const pairs = files.map((file, index) => toPair(file, intervalMs, factorAt(index)));
  return pairs.filter(
    (pair, index) => pair.shortMs < pair.longMs && pairs.findIndex((other) => other.id === pair.id) === index,
  );
};

const toSource = (file: NonNullable<SloFile["source"]>, path: Path, secretOf: SecretOf): PromqlSource => ({
  url: file.url.replace(/\/+$/, ""),
  headers: toHeaders(file.headers),
  auth: toAuth(file.auth, path, secretOf),
});

const eventSli = (kind: string | undefined, threshold: string | undefined): EventSli =>
  kind === "latency" ? { kind: "latency", thresholdMs: toDuration(threshold ?? "") } : { kind: "availability" };

const toSli = (file: SloFile, { path, sourceOf, secretOf }: SloContext): SliDefinition => {
  const slices = () => ({
    base: eventSli(file.base, file.threshold),
    sliceMs: toDuration(file.slice ?? ""),
    noData: file.no_data ?? ("ignore" as const),
  });
  switch (file.sli) {
    case "availability":
    case "latency":
      return eventSli(file.sli, file.threshold);
    case "timeslice":
      return {
        kind: file.sli,
        ...slices(),
        target: exactDecimal(sourceOf([...path, "slice_target"]), file.slice_target ?? 100),
      };
    case "ratio_timeslices":
      return { kind: file.sli, ...slices() };
    case "journey":
      return { kind: file.sli };
    case "component":
      return { kind: file.sli, part: file.part ?? "" };
    case "promql": {
      const source = toSource(file.source ?? { url: "" }, [...path, "source"], secretOf);
      return { kind: file.sli, source, good: file.good ?? "", total: file.total ?? "" };
    }
  }
};

const toWindow = (file: SloFile["window"], pageTimeZone: string): SloWindow => {
  if (typeof file === "string") return { kind: "rolling", durationMs: toDuration(file) };
  return {
    kind: "calendar",
    period: file.calendar,
    timeZone: file.time_zone ?? pageTimeZone,
    ...(file.anchor === undefined ? {} : { anchor: anchorText(file.anchor) }),
    durationMs: nominalLength(file.calendar),
  };
};

const toCombination = (file: SloFile): Combination | undefined => {
  if (file.combine === undefined) return undefined;
  return file.combine === "weighted" ? { kind: "weighted", weights: file.weights ?? {} } : { kind: file.combine };
};

const toDocument = (file: NonNullable<SloFile["document"]>): SloDocument => ({
  owner: file.owner ?? null,
  reviewers: file.reviewers ?? [],
  approver: file.approver ?? null,
  reviewDate: file.review_date ?? null,
  rationale: file.rationale ?? null,
  runbook: file.runbook ?? null,
});

const toBudgetRules = (file: SloFile, { path, sourceOf }: SloContext): readonly BudgetRule[] | undefined =>
  file.budget_policy?.map((rule, index) => ({
    remainingBelow: exactDecimal(sourceOf([...path, "budget_policy", index, "remaining_below"]), rule.remaining_below),
    action: rule.action,
    owner: rule.owner ?? null,
    escalation: rule.escalation ?? null,
    note: rule.note ?? null,
    from: rule.from ?? null,
    until: rule.until ?? null,
  }));

/** Without the fields that the file leaves out, so that what was written before them stays the same text. */
const given = <Fields extends object>(fields: Fields): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Fields]?: Exclude<Fields[Key], undefined>;
  };

/** An SLO of the file as the engine knows it, defaults filled in. */
export const toSlo = (file: SloFile, context: SloContext): SloDefinition => {
  const { path, sourceOf } = context;
  const sli = toSli(file, context);
  const combine = toCombination(file);
  const ownIntervals = (file.probes ?? []).flatMap((id) => context.intervals.get(id) ?? []);
  const intervalMs = eventInterval({ sli, ...(combine === undefined ? {} : { combine }) }, ownIntervals);
  const objective = exactDecimal(sourceOf([...path, "objective"]), file.objective);
  const window = toWindow(file.window, context.pageTimeZone);
  const factorAt = (index: number): string => {
    const written = file.burn_rate_alerts?.[index]?.factor ?? 0;
    return exactDecimal(sourceOf([...path, "burn_rate_alerts", index, "factor"]), written);
  };
  return {
    id: file.id,
    sli,
    probes: file.probes ?? [],
    objective,
    window,
    burnRateAlerts:
      file.burn_rate_alerts === undefined
        ? defaultPolicy(window.durationMs, { intervalMs, objective: objectiveOfPercent(objective) })
        : toPairs(file.burn_rate_alerts, intervalMs, factorAt),
    ...given({
      locations: file.locations,
      count: file.count,
      combine,
      core: file.core,
      exclusions: file.exclusions === undefined ? undefined : { ...DEFAULT_EXCLUSION_POLICY, ...file.exclusions },
      document: file.document === undefined ? undefined : toDocument(file.document),
      budgetPolicy: toBudgetRules(file, context),
    }),
  };
};

const DEFAULT_WINDOW_MS = durationMs(5 * MINUTE_MS);
const DEFAULT_BASELINE_MS = durationMs(7 * DAY_MS);

/** A threshold alert of the file as the engine knows it, with what is customary for its metric. */
export const toThresholdAlert = (
  file: ThresholdAlertFile,
  probes: readonly ProbeDefinition[],
  { path, sourceOf, secretOf }: Omit<SloContext, "intervals" | "pageTimeZone">,
): ThresholdAlert => {
  const customary = CUSTOMARY[file.metric];
  const valueOf = (): string => {
    if (file.value === undefined) return customary.value;
    if (typeof file.value === "string") return String(toDuration(file.value));
    return exactDecimal(sourceOf([...path, "value"]), file.value);
  };
  return {
    id: file.id,
    metric: file.metric,
    op: file.op ?? customary.op,
    value: valueOf(),
    forMs: file.for === undefined ? durationMs(0) : toDuration(file.for),
    windowMs: file.window === undefined ? DEFAULT_WINDOW_MS : toDuration(file.window),
    severity: file.severity ?? customary.severity,
    notify: file.notify ?? null,
    probes: file.source === undefined ? (file.probes ?? probes.map(({ id }) => id)) : [],
    source:
      file.source === undefined
        ? null
        : { server: toSource(file.source, [...path, "source"], secretOf), query: file.query ?? "" },
    baselineMs: file.baseline === undefined ? DEFAULT_BASELINE_MS : toDuration(file.baseline),
  };
};
