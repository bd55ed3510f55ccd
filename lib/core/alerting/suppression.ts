import type { AlertSeverity } from "../definitions.ts";
import type { EpochMs } from "../units.ts";

/** A firing alert, as the question who is told of it sees it. */
export type FiringAlert = {
  readonly id: string;
  /** Null for an alert on a threshold. */
  readonly sloId: string | null;
  readonly serviceId: string;
  readonly pairId: string;
  readonly severity: AlertSeverity;
};

/** An empty list matches everything. */
export type SilenceMatchers = {
  readonly serviceIds: readonly string[];
  readonly sloIds: readonly string[];
  readonly pairs: readonly string[];
  readonly severities: readonly AlertSeverity[];
};
export type Silence = SilenceMatchers & {
  readonly id: string;
  readonly startsAt: EpochMs;
  /** When it ends, or was ended by hand. */
  readonly endsAt: EpochMs;
};

/** Ids that say why nobody is told of an alert; all empty: everybody is. Sorted. */
export type Suppression = {
  readonly silencedBy: readonly string[];
  readonly inhibitedBy: readonly string[];
  readonly mutedBy: readonly string[];
};

const isIn = (list: readonly string[], value: string): boolean => list.length === 0 || list.includes(value);

/** Whether every matcher of a silence takes the alert. One that names SLOs takes no alert on a threshold. */
export const matches = (silence: SilenceMatchers, alert: FiringAlert): boolean =>
  isIn(silence.serviceIds, alert.serviceId) &&
  (alert.sloId === null ? silence.sloIds.length === 0 : isIn(silence.sloIds, alert.sloId)) &&
  isIn(silence.pairs, alert.pairId) &&
  isIn(silence.severities, alert.severity);

/** In force at `at`: from its start, until just before its end. */
const isSilenceActive = (silence: Pick<Silence, "startsAt" | "endsAt">, at: EpochMs): boolean =>
  silence.startsAt <= at && at < silence.endsAt;

/** Everything that a service depends on, directly or through others. A circle ends where it began. */
export const dependenciesOf = (
  serviceId: string,
  dependsOn: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> => {
  const found = new Set<string>();
  const open = [...(dependsOn.get(serviceId) ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === serviceId || found.has(next)) continue;
    found.add(next);
    open.push(...(dependsOn.get(next) ?? []));
  }
  return found;
};

const ids = (alerts: readonly { readonly id: string }[]): string[] => alerts.map(({ id }) => id).sort();

/** A ticket never hides a page: what burns slowly below does not explain what is down above. */
const weighsAsMuch = (cause: FiringAlert, alert: FiringAlert): boolean =>
  cause.severity === "page" || alert.severity === "ticket";

/**
 * Why nobody is told of a firing alert at `at`: silences that match; alerts of at least its severity on services that
 * its own depends on; for a ticket, pages of its SLO.
 */
export const suppressionOf = (
  alert: FiringAlert,
  world: {
    readonly firing: readonly FiringAlert[];
    readonly silences: readonly Silence[];
    readonly dependsOn: ReadonlyMap<string, readonly string[]>;
    readonly at: EpochMs;
  },
): Suppression => {
  const { firing, silences, dependsOn, at } = world;
  const below = dependenciesOf(alert.serviceId, dependsOn);
  const isMutable = alert.severity === "ticket" && alert.sloId !== null;
  return {
    silencedBy: ids(silences.filter((silence) => isSilenceActive(silence, at) && matches(silence, alert))),
    inhibitedBy: ids(firing.filter((other) => below.has(other.serviceId) && weighsAsMuch(other, alert))),
    mutedBy: isMutable ? ids(firing.filter((other) => other.severity === "page" && other.sloId === alert.sloId)) : [],
  };
};

/** Whether nobody is told, for whatever reason. */
export const isSuppressed = ({ silencedBy, inhibitedBy, mutedBy }: Suppression): boolean =>
  silencedBy.length + inhibitedBy.length + mutedBy.length > 0;

const isSameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index]);

/** Whether two suppressions name the same ids; both are sorted. */
export const isSameSuppression = (a: Suppression, b: Suppression): boolean =>
  isSameList(a.silencedBy, b.silencedBy) &&
  isSameList(a.inhibitedBy, b.inhibitedBy) &&
  isSameList(a.mutedBy, b.mutedBy);
