import type { AlertSeverity } from "#lib/core/definitions.ts";
import type { Objective } from "#lib/core/slo/objective.ts";
import { canFire, factorOf, objectiveOfPercent } from "#lib/core/slo/objective.ts";
import { HOUR_MS } from "#lib/core/units.ts";
import type { SecretDeps } from "../check/request.ts";
import { checkAuth, checkHeaders, placed } from "../check/request.ts";
import type { Fault } from "../config-error.ts";
import type { Mapping } from "../read-document.ts";
import { isMapping } from "../read-document.ts";
import type { Ids, Placed } from "../references.ts";
import { checkReferences, fieldOf, mappingsOf } from "../references.ts";
import { readDuration, readDurationWithin } from "../scalars.ts";
import { LIMITS } from "../schema/fields.ts";
import type { Suggest } from "../suggest.ts";
import { checkDate } from "./date.ts";
import type { EgressRules } from "./egress.ts";
import type { WrittenProbes } from "./sli.ts";
import { checkSli } from "./sli.ts";

/** A long window of six hours or less finds what must wake someone; longer ones find what can wait for the morning. */
export const severityFor = (severity: unknown, longMs: number): AlertSeverity => {
  if (severity === "page" || severity === "ticket") return severity;
  return longMs <= 6 * HOUR_MS ? "page" : "ticket";
};

/** Decimal digits of a number without exponent; exact for what people write, and only used to compare. */
const decimalOf = (value: number): string => {
  const text = String(value);
  return text.includes("e") ? value.toFixed(20) : text;
};

const objectiveOf = (value: unknown): Objective | null =>
  typeof value === "number" && value > 50 && value < 100 ? objectiveOfPercent(decimalOf(value)) : null;

const checkShort = (pair: Placed<Mapping>): Fault[] => {
  const short = readDurationWithin(LIMITS.alertWindow, pair.value.short);
  const long = readDurationWithin(LIMITS.alertWindow, pair.value.long);
  if (short === null || long === null || short < long) return [];
  return [{ path: [...pair.path, "short"], kind: "conflict", message: "must be shorter than the long window" }];
};

const checkFactor = (pair: Placed<Mapping>, objective: Objective | null): Fault[] => {
  const { factor } = pair.value;
  if (objective === null || typeof factor !== "number" || !(factor > 0 && factor <= 1_000_000)) return [];
  if (canFire(factorOf(decimalOf(factor)), objective)) return [];
  const message =
    "can never be reached: factor x (100 - objective) must stay under 100, else even a total outage is no alert";
  return [{ path: [...pair.path, "factor"], kind: "range", message }];
};

const checkRepeatedPairs = (pairs: readonly Placed<Mapping>[]): Fault[] => {
  const seen = new Set<string>();
  return pairs.flatMap(({ path, value }): Fault[] => {
    const long = readDuration(value.long);
    const short = readDuration(value.short);
    if (long === null || short === null) return [];
    const key = `${severityFor(value.severity, long)} ${long} ${short}`;
    if (!seen.has(key)) {
      seen.add(key);
      return [];
    }
    return [{ path, kind: "duplicate", message: "has the windows and severity of an earlier pair" }];
  });
};

/** A server of PromQL queries: like the target of a probe. */
export const checkSource = (holder: Placed<Mapping>, deps: SourceDeps): Fault[] => {
  const source = fieldOf(holder, "source");
  if (!isMapping(source.value)) return [];
  const placedSource = { path: source.path, value: source.value };
  const { url } = source.value;
  return [
    ...(typeof url === "string" ? placed([...source.path, "url"], deps.rules.checkProbeUrl(url)) : []),
    ...checkHeaders(placedSource),
    ...checkAuth(placedSource, deps),
  ];
};

const checkBudgetPolicy = (slo: Placed<Mapping>): Fault[] => {
  const seen = new Set<string>();
  return mappingsOf(slo, "budget_policy").flatMap(({ path, value }): Fault[] => {
    const { remaining_below: below, action, from, until } = value;
    const key = `${String(below)} ${String(action)} ${String(from)} ${String(until)}`;
    const isRepeated = below !== undefined && action !== undefined && seen.has(key);
    seen.add(key);
    const areDates = [from, until].every((day) => typeof day === "string" && checkDate(day) === null);
    const isReversed = areDates && String(from) > String(until);
    const message = "must not be before from";
    return [
      ...(isRepeated ? [{ path, kind: "duplicate" as const, message: "says what an earlier rule says" }] : []),
      ...(isReversed ? [{ path: [...path, "until"], kind: "conflict" as const, message }] : []),
    ];
  });
};

export type SourceDeps = SecretDeps & { readonly rules: EgressRules };
export type SloDeps = SourceDeps & {
  readonly probes: Ids;
  readonly locations: Ids;
  readonly notifications: Ids;
  readonly writtenProbes: WrittenProbes;
  readonly suggest: Suggest;
};

/** Checks an SLO against the rest of the file, and its values against each other. */
export const checkSlo = (slo: Placed<Mapping>, deps: SloDeps): Fault[] => {
  const { suggest } = deps;
  const pairs = mappingsOf(slo, "burn_rate_alerts");
  const objective = objectiveOf(slo.value.objective);
  return [
    ...checkSli(slo, deps.writtenProbes, deps.locations.known),
    ...checkReferences(slo, "probes", deps.probes, suggest),
    ...checkReferences(slo, "locations", deps.locations, suggest),
    ...checkSource(slo, deps),
    ...checkBudgetPolicy(slo),
    ...checkRepeatedPairs(pairs),
    ...pairs.flatMap((pair) => [
      ...checkShort(pair),
      ...checkFactor(pair, objective),
      ...checkReferences(pair, "notify", deps.notifications, suggest),
    ]),
  ];
};
