import type {
  IncidentImpact,
  PublicState,
  Snapshot,
  SnapshotIncident,
  SnapshotIncidentUpdate,
} from "#lib/contracts/snapshot.ts";
import type { Language } from "#lib/core/definitions.ts";
import type { Format } from "./format.ts";
import { fillText } from "./format.ts";

const STATE_OF_IMPACT: Record<IncidentImpact, PublicState> = {
  none: "operational",
  minor: "degraded_performance",
  major: "partial_outage",
  critical: "major_outage",
};

/** The name in the reader's language where there is a translation. */
export const nameOf = (incident: Pick<SnapshotIncident, "name" | "translations">, language: Language): string =>
  incident.translations?.[language]?.name ?? incident.name;

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

/** What a reader of the safe HTML of a text reads, without its markup; paragraphs stay apart. */
const textOfHtml = (html: string): string =>
  html
    .replace(/<\/(?:p|li|h\d|tr|pre|blockquote)>/g, "\n\n")
    .replace(/<br[^>]*>/g, "\n")
    .replace(/<[^>]*>/g, "")
    .replace(/&(amp|lt|gt|quot|#39);/g, (whole, name: string) => ENTITIES[name] ?? whole)
    .trim();

export type IncidentText = { readonly plain: string; readonly html: string | null };

/** What an update says, in the reader's language where there is a translation. */
export const textOf = (update: SnapshotIncidentUpdate, language: Language): IncidentText => {
  const translated = update.translations?.[language];
  const html = translated?.bodyHtml ?? (translated === undefined ? update.bodyHtml : undefined) ?? null;
  return { plain: html === null ? (translated?.body ?? update.body) : textOfHtml(html), html };
};

/** The state of a service from an instant until another one; null: it still lasts. */
export type StateSpan = { readonly from: string; readonly until: string | null; readonly state: PublicState };
export type ServiceSpans = { readonly serviceId: string; readonly spans: readonly StateSpan[] };

/** Snapshots of earlier releases say only what each update changed. */
const spansOfUpdates = (incident: SnapshotIncident): readonly ServiceSpans[] => {
  const oldestFirst = incident.updates.toReversed();
  return incident.serviceIds.map((serviceId) => {
    const changes = oldestFirst.flatMap(({ displayAt, affected }) =>
      affected
        .filter((one) => one.serviceId === serviceId)
        .map(({ newState }) => ({ from: displayAt, state: newState })),
    );
    const kept = changes.filter(({ state }, index) => state !== changes[index - 1]?.state);
    return {
      serviceId,
      spans: kept.map((span, index) => ({ ...span, until: kept[index + 1]?.from ?? incident.resolvedAt })),
    };
  });
};

/** How each service was while the incident lasted, oldest first. Services of which nothing is known are left out. */
export const impactSpans = (incident: SnapshotIncident): readonly ServiceSpans[] => {
  const known = incident.impactSpans?.map(({ serviceId, spans }) => ({
    serviceId,
    spans: spans.map(({ from, until, impact }) => ({ from, until, state: STATE_OF_IMPACT[impact] })),
  }));
  return (known ?? spansOfUpdates(incident)).filter(({ spans }) => spans.length > 0);
};

export type Cost = NonNullable<SnapshotIncident["costs"]>[number];

/** The budget that suffered most; null when none did, or none is published. */
export const worstCost = (incident: SnapshotIncident, snapshot: Snapshot): Cost | null => {
  const published = new Set(snapshot.services.flatMap(({ slos }) => slos.map(({ id }) => id)));
  const costs = (incident.costs ?? []).filter(({ sloId, share }) => share > 0 && published.has(sloId));
  return costs.toSorted((a, b) => b.share - a.share)[0] ?? null;
};

const serviceName = (snapshot: Snapshot, id: string): string =>
  snapshot.services.find((service) => service.id === id)?.name ?? id;

/** A share of a budget: whole percent, and never nothing where something was used. */
export const shareText = (share: number, format: Format): string =>
  share < 0.01 ? format.percent(Math.max(share, 0.0001), 2) : format.percent(Math.round(share * 100) / 100, 0);

const DAY_MS = 86_400_000;

/** What a cost is a share of: "July 2026", or "28 days". */
export const costPeriod = ({ period, windowDays }: Cost, format: Format): string =>
  period === null ? format.span(windowDays * DAY_MS) : format.month(period);

/** "Used 31 % of the error budget for July 2026 (Checkout)." */
export const costSentence = (cost: Cost, snapshot: Snapshot, format: Format): string => {
  const { usedOfPeriod, usedOfWindow } = format.words.incident;
  return fillText(cost.period === null ? usedOfWindow : usedOfPeriod, {
    share: shareText(cost.share, format),
    period: costPeriod(cost, format),
    window: costPeriod(cost, format),
    service: serviceName(snapshot, cost.serviceId),
  });
};

/** Names of the services that an incident or maintenance lists, as far as the page shows them. */
export const serviceNames = (ids: readonly string[], snapshot: Snapshot): readonly string[] =>
  snapshot.services.filter(({ id }) => ids.includes(id)).map(({ name }) => name);
