import type { AlertSeverity } from "#lib/core/definitions.ts";
import type { Objective } from "#lib/core/slo/objective.ts";
import { canFire, factorOf, objectiveOfPercent } from "#lib/core/slo/objective.ts";
import { HOUR_MS } from "#lib/core/units.ts";
import type { Fault } from "./config-error.ts";
import type { Mapping } from "./read-document.ts";
import type { Ids, Placed } from "./references.ts";
import { checkReferences, mappingsOf } from "./references.ts";
import { readDuration, readDurationWithin } from "./scalars.ts";
import { LIMITS } from "./schema-fields.ts";
import type { Suggest } from "./suggest.ts";

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

const checkThreshold = ({ path, value }: Placed<Mapping>): Fault[] => {
  const place = [...path, "threshold"];
  if (value.sli === "latency" && value.threshold === undefined) {
    return [{ path: place, kind: "missing", message: "is required for the SLI latency, such as 300ms" }];
  }
  if (value.sli === "availability" && value.threshold !== undefined) {
    return [{ path: place, kind: "conflict", message: "belongs to the SLI latency, but sli is availability" }];
  }
  return [];
};

/** Checks an SLO against the rest of the file, and its values against each other. */
export const checkSlo = (
  slo: Placed<Mapping>,
  ids: { readonly probes: Ids; readonly notifications: Ids },
  suggest: Suggest,
): Fault[] => {
  const pairs = mappingsOf(slo, "burn_rate_alerts");
  const objective = objectiveOf(slo.value.objective);
  return [
    ...checkThreshold(slo),
    ...checkReferences(slo, "probes", ids.probes, suggest),
    ...checkRepeatedPairs(pairs),
    ...pairs.flatMap((pair) => [
      ...checkShort(pair),
      ...checkFactor(pair, objective),
      ...checkReferences(pair, "notify", ids.notifications, suggest),
    ]),
  ];
};
