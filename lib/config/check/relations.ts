import type { Fault, Path } from "../config-error.ts";
import type { Mapping } from "../read-document.ts";
import { isMapping } from "../read-document.ts";
import type { Ids, Placed } from "../references.ts";
import { collectIds, entriesOf, fieldOf, mappingsOf } from "../references.ts";
import type { EgressRules } from "../rules/egress.ts";
import { checkDependencies, checkHasProbes } from "../rules/service.ts";
import type { WrittenProbes } from "../rules/sli.ts";
import { checkSlo } from "../rules/slo.ts";
import { checkThresholdAlert } from "../rules/threshold.ts";
import { MAX_PROBES } from "../schema.ts";
import type { SecretSources } from "../secrets.ts";
import type { Suggest } from "../suggest.ts";
import { checkDeadMan } from "./dead-man.ts";
import { checkDesk } from "./desk.ts";
import { checkIdentity } from "./identity.ts";
import { checkLocation } from "./location.ts";
import { checkMail, checkNotifications } from "./notification.ts";
import { checkPages } from "./pages.ts";
import { checkProbe } from "./probe.ts";

export type RelationDeps = {
  readonly rules: EgressRules;
  readonly secrets: SecretSources;
  readonly suggest: Suggest;
  /** True when a list may be written twice, of which only the first is known: names cannot be called unknown then. */
  readonly hasDoubtfulIds: boolean;
};

export type Relations = {
  readonly faults: readonly Fault[];
  /** What `env:` and `file:` references lead to, by the path of the reference in JSON. */
  readonly secrets: ReadonlyMap<string, string>;
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

const writtenProbesOf = (services: readonly Placed<Mapping>[]): WrittenProbes =>
  new Map(
    services
      .flatMap((service) => mappingsOf(service, "probes"))
      .flatMap(({ value }) => (typeof value.id === "string" ? [[value.id, value] as const] : [])),
  );

/**
 * Checks what takes more than one value to judge. It works on files that are wrong in other ways too, so that all
 * faults are told at once, and stays silent where an earlier fault makes the question meaningless.
 */
export const checkRelations = (file: unknown, deps: RelationDeps): Relations => {
  const root: Placed = { path: [], value: file };
  const services = mappingsOf(root, "services");
  const locations = collectIds("location", [root], "locations");
  const probes = collectIds("probe", services, "probes");
  const serviceIds = collectIds("service", [root], "services");
  const notifications = collectIds("notification", [root], "notifications", { isOptional: true });
  const isEveryServiceRead =
    isMapping(file) && Array.isArray(file.services) && file.services.length === services.length;
  const trust = (ids: Ids, isRead = true): Ids => ({
    ...ids,
    isComplete: ids.isComplete && isRead && !deps.hasDoubtfulIds,
  });
  const known = {
    locations: trust(locations.ids),
    services: trust(serviceIds.ids),
    probes: trust(probes.ids, isEveryServiceRead),
    notifications: trust(notifications.ids),
  };
  const secrets = new Map<string, string>();
  const keepSecret = (path: Path, value: string) => void secrets.set(JSON.stringify(path), value);
  const probeDeps = { ...deps, keepSecret, locations: known.locations, tokens: new Set<string>() };
  const sloDeps = { ...deps, ...known, keepSecret, writtenProbes: writtenProbesOf(services) };
  return {
    faults: [
      ...checkRepeated(fieldOf(root, "page"), "languages"),
      ...locations.faults,
      ...mappingsOf(root, "locations").flatMap((location) => checkLocation(location, deps.rules)),
      ...serviceIds.faults,
      ...probes.faults,
      ...collectIds("SLO", services, "slos").faults,
      ...collectIds("threshold alert", services, "threshold_alerts").faults,
      ...checkDependencies(services, known.services, deps.suggest),
      ...notifications.faults,
      ...checkProbeCount(services),
      ...services.flatMap((service) => [
        ...checkHasProbes(service),
        ...mappingsOf(service, "probes").flatMap((probe) => checkProbe(probe, probeDeps)),
        ...mappingsOf(service, "slos").flatMap((slo) => checkSlo(slo, sloDeps)),
        ...mappingsOf(service, "threshold_alerts").flatMap((alert) => checkThresholdAlert(alert, sloDeps)),
      ]),
      ...checkNotifications(mappingsOf(root, "notifications"), { ...deps, ...known, keepSecret }),
      ...checkPages(root, { services: known.services, suggest: deps.suggest }),
      ...checkDesk(root, { services: known.services, suggest: deps.suggest }),
      ...checkDeadMan(root, { ...deps, keepSecret }),
      ...checkIdentity(root, deps.rules),
      ...checkMail(fieldOf(root, "mail"), { ...deps, keepSecret }),
    ],
    secrets,
  };
};
