import { checkAssertion } from "./assertion-values.ts";
import type { Complaint, Fault, Path } from "./config-error.ts";
import type { EgressRules } from "./egress-rules.ts";
import { checkHeaderValue, checkRequestHeaderName } from "./header-rules.ts";
import type { Mapping } from "./read-document.ts";
import { isMapping } from "./read-document.ts";
import type { Ids, Placed } from "./references.ts";
import { checkReferences, collectIds, entriesOf, fieldOf, mappingsOf } from "./references.ts";
import { readDurationWithin } from "./scalars.ts";
import { LIMITS, MAX_PROBES } from "./schema.ts";
import type { SecretSources } from "./secrets.ts";
import { resolveSecret } from "./secrets.ts";
import { checkSlo } from "./slo-rules.ts";
import type { Suggest } from "./suggest.ts";

const MAX_HEADERS = 100;

export type RelationDeps = {
  readonly rules: EgressRules;
  readonly secrets: SecretSources;
  readonly suggest: Suggest;
  /** True when a list may be written twice, of which only the first is known: names cannot be called unknown then. */
  readonly hasDoubtfulIds: boolean;
};

export type Relations = {
  readonly faults: readonly Fault[];
  /** Signing keys by the index of their notification. */
  readonly keys: ReadonlyMap<number, string>;
};

const placed = (path: Path, complaint: Complaint | null): Fault[] =>
  complaint === null ? [] : [{ ...complaint, path }];

const checkHeaders = (probe: Placed<Mapping>): Fault[] => {
  const { path, value: headers } = fieldOf(probe, "headers");
  if (!isMapping(headers)) return [];
  const names = Object.keys(headers);
  if (names.length > MAX_HEADERS) return [{ path, kind: "limit", message: `must have at most ${MAX_HEADERS} entries` }];
  const seen = new Set<string>();
  return names.flatMap((name): Fault[] => {
    const place = [...path, name];
    const complaint = checkRequestHeaderName(name);
    if (complaint !== null) return [{ ...complaint, path: place }];
    if (seen.has(name.toLowerCase()))
      return [{ path: place, kind: "duplicate", message: "is there already in other case" }];
    seen.add(name.toLowerCase());
    const value = headers[name];
    return typeof value === "string" ? placed(place, checkHeaderValue(value)) : [];
  });
};

const checkTimeout = (probe: Placed<Mapping>): Fault[] => {
  const timeout = readDurationWithin(LIMITS.timeout, probe.value.timeout);
  const interval = readDurationWithin(LIMITS.interval, probe.value.interval);
  if (timeout === null || interval === null || timeout <= interval) return [];
  return [{ path: [...probe.path, "timeout"], kind: "conflict", message: "must not be longer than the interval" }];
};

const checkProbe = (probe: Placed<Mapping>, locations: Ids, { rules, suggest }: RelationDeps): Fault[] => {
  const { url } = probe.value;
  return [
    ...(typeof url === "string" ? placed([...probe.path, "url"], rules.checkProbeUrl(url)) : []),
    ...checkTimeout(probe),
    ...checkReferences(probe, "locations", locations, suggest),
    ...checkHeaders(probe),
    ...mappingsOf(probe, "assertions").flatMap((assertion) =>
      checkAssertion(assertion.value).map(({ at, ...complaint }) => ({
        ...complaint,
        path: [...assertion.path, ...at],
      })),
    ),
  ];
};

const checkProbeCount = (services: readonly Placed<Mapping>[]): Fault[] => {
  let count = 0;
  for (const service of services) {
    count += entriesOf(service, "probes").length;
    if (count > MAX_PROBES) {
      const path = [...service.path, "probes"];
      return [{ path, kind: "limit", message: `brings the file over ${MAX_PROBES} probes` }];
    }
  }
  return [];
};

const checkRepeated = (holder: Placed, key: string): Fault[] => {
  const entries = entriesOf(holder, key);
  const values = entries.map((entry) => entry.value);
  return entries
    .filter(({ value }, index) => typeof value === "string" && values.indexOf(value) < index)
    .map(({ path }) => ({ path, kind: "duplicate", message: "is in the list already" }));
};

const checkNotification = (
  entry: Placed<Mapping>,
  { rules, secrets }: RelationDeps,
): { faults: Fault[]; key: string | null } => {
  const { url, secret } = entry.value;
  const resolved = typeof secret === "string" ? resolveSecret(secret, secrets) : null;
  const faults = [
    ...(typeof url === "string" ? placed([...entry.path, "url"], rules.checkWebhookUrl(url)) : []),
    ...(resolved?.ok === false ? placed([...entry.path, "secret"], resolved.complaint) : []),
    ...checkRepeated(entry, "events"),
  ];
  return { faults, key: resolved?.ok === true ? resolved.secret : null };
};

/**
 * Checks what takes more than one value to judge. It works on files that are wrong in other ways too, so that all
 * faults are told at once, and stays silent where an earlier fault makes the question meaningless.
 */
export const checkRelations = (file: unknown, deps: RelationDeps): Relations => {
  const root: Placed = { path: [], value: file };
  const services = mappingsOf(root, "services");
  const locations = collectIds("location", [root], "locations");
  const probes = collectIds("probe", services, "probes");
  const notifications = collectIds("notification", [root], "notifications", { isOptional: true });
  const isEveryServiceRead =
    isMapping(file) && Array.isArray(file.services) && file.services.length === services.length;
  const trust = (ids: Ids, isRead = true): Ids => ({
    ...ids,
    isComplete: ids.isComplete && isRead && !deps.hasDoubtfulIds,
  });
  const known = {
    locations: trust(locations.ids),
    probes: trust(probes.ids, isEveryServiceRead),
    notifications: trust(notifications.ids),
  };
  const endpoints = mappingsOf(root, "notifications").map((entry) => ({ entry, ...checkNotification(entry, deps) }));
  return {
    faults: [
      ...checkRepeated(fieldOf(root, "page"), "languages"),
      ...locations.faults,
      ...collectIds("service", [root], "services").faults,
      ...probes.faults,
      ...collectIds("SLO", services, "slos").faults,
      ...notifications.faults,
      ...checkProbeCount(services),
      ...services.flatMap((service) => [
        ...mappingsOf(service, "probes").flatMap((probe) => checkProbe(probe, known.locations, deps)),
        ...mappingsOf(service, "slos").flatMap((slo) => checkSlo(slo, known, deps.suggest)),
      ]),
      ...endpoints.flatMap(({ faults }) => faults),
    ],
    keys: new Map(endpoints.flatMap(({ entry, key }) => (key === null ? [] : [[Number(entry.path.at(-1)), key]]))),
  };
};
