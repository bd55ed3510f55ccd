import type { AlertSeverity } from "#lib/core/definitions.ts";
import { formatDuration, parseDuration } from "#lib/core/duration.ts";
import { parseFraction, toNumber } from "#lib/core/slo/fraction.ts";
import { durationMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";
import type { Cursor } from "./fidelity.ts";
import { isRecord } from "./fidelity.ts";
import type { PairFile } from "./imported.ts";
import { canPairFire } from "./imported.ts";
import type { Documents } from "./openslo-documents.ts";

/** The key under `metadata.annotations` that holds the multiwindow policy as JSON; docs/interchange.md. */
export const POLICY_ANNOTATION = "nines/burn-rate-alerts";

/** Google SRE workbook: a short window of 1/12 of the long one. */
const SHORT_SHARE = 12;
const PAGE_WORDS = /^(?:page|critical|crit|high|fatal|emergency|sev-?[01]|p[01])$/i;
const TICKET_WORDS = /^(?:ticket|warning|warn|low|minor|info|medium|sev-?[2-9]|p[2-9])$/i;
const MOST_PAIRS = 20;

const severityOf = (field: Cursor, longMs: number): AlertSeverity => {
  const text = field.text();
  if (text !== null && (PAGE_WORDS.test(text) || TICKET_WORDS.test(text))) {
    const severity = PAGE_WORDS.test(text) ? "page" : "ticket";
    if (severity === text) field.keep(severity);
    else field.change(severity);
    return severity;
  }
  const severity = longMs <= 6 * HOUR_MS ? "page" : "ticket";
  field.change(`${severity}: taken from the length of the window`);
  return severity;
};

const readCondition = (spec: Cursor, objective: number): PairFile | null => {
  const condition = spec.at("condition");
  const [kind, op, threshold, lookback, after] = ["kind", "op", "threshold", "lookbackWindow", "alertAfter"].map(
    (key) => condition.at(key),
  ) as [Cursor, Cursor, Cursor, Cursor, Cursor];
  const name = kind.text() ?? "burnrate";
  if (name.toLowerCase() !== "burnrate") return kind.refuse(`only burnrate is known, got "${name}"`);
  kind.keep("burn-rate alert");
  const operator = op.text() ?? "gt";
  if (operator === "gt") op.keep("strictly above");
  else if (operator === "gte") op.change("strictly above");
  else return op.refuse(`gt or gte is due for a burn rate, got "${operator}"`);
  const factor = Number(threshold.text() ?? "");
  if (!(factor > 0)) return threshold.refuse("a burn rate over 0 is required");
  const longMs = parseDuration(lookback.text() ?? "");
  if (longMs === null || longMs < 2 * MINUTE_MS || longMs % MINUTE_MS !== 0)
    return lookback.refuse("a window of whole minutes from 2m on is required, such as 1h");
  if (!canPairFire(factor, objective)) {
    threshold.drop("can never be reached at this objective: even a total outage burns slower");
    return null;
  }
  const shortMs = Math.max(1, Math.ceil(longMs / SHORT_SHARE / MINUTE_MS)) * MINUTE_MS;
  const short = formatDuration(durationMs(shortMs));
  threshold.keep(`factor ${factor}`);
  lookback.change(`long window; with a short one of ${short}, so that the alert ends soon after the cause`);
  if (after.exists()) after.drop("the short window takes its place");
  return { long: formatDuration(longMs), short, factor, severity: severityOf(spec.at("severity"), longMs) };
};

const resolve = (
  entry: Cursor,
  ref: string,
  kind: "AlertPolicy" | "AlertCondition",
  documents: Documents,
): Cursor | null => {
  const field = entry.at(ref);
  // Older files name a policy by a bare string.
  const name = typeof entry.value === "string" ? entry.value : field.text();
  if (name === null) return entry.at("spec").exists() ? entry : entry.refuse(`${ref} or an inline ${kind} is due`);
  const found = documents.find(kind, name);
  const at = typeof entry.value === "string" ? entry : field;
  if (found === null) at.drop(`no ${kind} of this name is in the files`);
  else at.keep(`${kind} ${name}`);
  return found;
};

const noteTargets = (policy: Cursor): void => {
  for (const target of policy.at("spec").at("notificationTargets").items()) {
    target.drop("who is told stands under `notifications` of the configuration");
  }
  for (const flag of ["alertWhenBreaching", "alertWhenResolved", "alertWhenNoData"]) {
    const field = policy.at("spec").at(flag);
    if (!field.exists()) continue;
    if (flag === "alertWhenNoData") field.drop("missing data never fires an alert; it keeps a firing one open");
    else if (field.value === true) field.keep("events alert.firing and alert.resolved");
    else field.change("both alert.firing and alert.resolved are sent; choose under `notifications`");
  }
};

const readPolicy = (entry: Cursor, documents: Documents, objective: number): PairFile[] => {
  const policy = resolve(entry, "alertPolicyRef", "AlertPolicy", documents);
  if (policy === null) return [];
  noteTargets(policy);
  return policy
    .at("spec")
    .at("conditions")
    .items()
    .flatMap((each) => {
      const condition = resolve(each, "conditionRef", "AlertCondition", documents);
      return condition === null ? [] : (readCondition(condition.at("spec"), objective) ?? []);
    });
};

/** A decimal or an exact fraction: 14/15 is the factor of the last pair at 28 days. Zero when it is neither. */
const factorIn = (value: unknown): number => {
  const exact = typeof value === "string" ? parseFraction(value) : null;
  return exact === null ? 0 : toNumber(exact);
};

const isPair = (value: unknown): value is Record<string, unknown> =>
  isRecord(value) && typeof value.long === "string" && typeof value.short === "string" && factorIn(value.factor) > 0;

const pairFrom = (value: Record<string, unknown>): PairFile => {
  const bad = value.min_bad;
  return {
    long: String(value.long),
    short: String(value.short),
    factor: factorIn(value.factor),
    severity: value.severity === "ticket" ? "ticket" : "page",
    ...(isRecord(bad) ? { min_bad: { long: Number(bad.long), short: Number(bad.short) } } : {}),
  };
};

const readAnnotation = (field: Cursor): readonly PairFile[] | null => {
  let policy: unknown = null;
  try {
    policy = JSON.parse(field.text() ?? "");
  } catch {
    return field.refuse("is no JSON");
  }
  if (!isRecord(policy) || !Array.isArray(policy.pairs) || !policy.pairs.every(isPair))
    return field.refuse('{"policy": "default" or "own", "pairs": [{"severity", "long", "short", "factor"}, …]} is due');
  field.keep(
    policy.policy === "default" ? "the default policy of the window" : `${policy.pairs.length} pairs of windows`,
  );
  return policy.policy === "default" ? null : policy.pairs.map(pairFrom);
};

/**
 * The burn-rate alerts of an SLO: from our annotation when it is there, else from its alert policies. Null: the default
 * policy of the window.
 */
export const readAlerts = (slo: Cursor, documents: Documents, objective: number): readonly PairFile[] | null => {
  const own = slo.at("metadata").at("annotations").at(POLICY_ANNOTATION);
  const list = slo.at("spec").at("alertPolicies");
  if (own.exists()) {
    list.keep(`as the annotation ${POLICY_ANNOTATION} says`);
    return readAnnotation(own);
  }
  const pairs = list.items().flatMap((entry) => readPolicy(entry, documents, objective));
  const seen = new Set<string>();
  const distinct = pairs.filter((pair) => {
    const key = `${pair.severity} ${pair.long} ${pair.short}`;
    return seen.has(key) ? false : seen.add(key).has(key);
  });
  if (distinct.length > MOST_PAIRS) return list.refuse(`at most ${MOST_PAIRS} conditions can be taken over`);
  if (distinct.length === 0) {
    slo.at("spec").at("alertPolicies").change("the default burn-rate alerts of the window");
    return null;
  }
  return distinct;
};
