import type { EndpointFilters } from "../definitions.ts";

/** What filters look at in an event. */
export type EventFacts = {
  readonly type: string;
  /** Services that it is about; empty: none. */
  readonly serviceIds: readonly string[];
  readonly severity: "page" | "ticket" | null;
};

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];

/** Reads what filters need from an event's data, whatever resource that is. */
export const factsOfEvent = (type: string, data: unknown): EventFacts => {
  const resource = (typeof data === "object" && data !== null ? data : {}) as Record<string, unknown>;
  const { serviceId, serviceIds, severity, id } = resource;
  const own = type === "component.status_changed" && typeof id === "string" ? [id] : [];
  return {
    type,
    serviceIds: [...(typeof serviceId === "string" ? [serviceId] : []), ...texts(serviceIds), ...own],
    severity: severity === "page" || severity === "ticket" ? severity : null,
  };
};

/** An endpoint that may be told. */
export type Candidate = {
  readonly id: string;
  readonly isActive: boolean;
  readonly events: readonly string[];
  readonly filters: EndpointFilters;
  readonly fallbackId: string | null;
};

/** Whether the filters let an event through: what it does not say is not filtered. */
export const passes = ({ services, severities }: EndpointFilters, event: EventFacts): boolean =>
  (services === undefined || event.serviceIds.length === 0 || event.serviceIds.some((id) => services.includes(id))) &&
  (severities === undefined || event.severity === null || severities.includes(event.severity));

const wants = (candidate: Candidate, event: EventFacts): boolean =>
  candidate.events.includes("*") || candidate.events.includes(event.type);

/** The first active endpoint along the fallbacks of one that is not; null: there is none. */
export const standInFor = <One extends Pick<Candidate, "fallbackId" | "isActive">>(
  id: string,
  candidates: ReadonlyMap<string, One>,
): One | null => {
  const seen = new Set([id]);
  for (let next = candidates.get(id)?.fallbackId ?? null; next !== null && !seen.has(next); ) {
    seen.add(next);
    const candidate = candidates.get(next);
    if (candidate === undefined) return null;
    if (candidate.isActive) return candidate;
    next = candidate.fallbackId;
  }
  return null;
};

/** Who is told, and in whose place; null: in its own. */
export type Recipient<One extends Candidate> = { readonly endpoint: One; readonly standsInFor: string | null };

/**
 * Who is told of an event: each active endpoint that subscribes to its type, lets it through its filters and is in
 * `notify` (null: anybody). In place of a disabled one its fallback is told. Nobody is told twice. A test goes to whom it
 * names, whatever that endpoint subscribes to. In the order of the ids.
 */
export const recipientsOf = <One extends Candidate>(
  candidates: readonly One[],
  event: EventFacts,
  notify: readonly string[] | null,
): Recipient<One>[] => {
  const byId = new Map(candidates.map((candidate) => [candidate.id, candidate]));
  const isTest = event.type === "endpoint.test" && notify !== null;
  const meant = candidates.filter(
    (candidate) =>
      (notify === null || notify.includes(candidate.id)) &&
      (isTest || (wants(candidate, event) && passes(candidate.filters, event))),
  );
  const told = new Map<string, Recipient<One>>();
  for (const endpoint of meant) if (endpoint.isActive) told.set(endpoint.id, { endpoint, standsInFor: null });
  for (const { id, isActive } of isTest ? [] : meant) {
    const stand = isActive ? null : standInFor(id, byId);
    if (stand !== null && !told.has(stand.id)) told.set(stand.id, { endpoint: stand, standsInFor: id });
  }
  return [...told.values()].sort((a, b) => (a.endpoint.id < b.endpoint.id ? -1 : 1));
};
