import type { Impact } from "../status/severity.ts";
import type { EpochMs } from "../units.ts";
import { epochMs } from "../units.ts";

export type LifeStatus = "investigating" | "identified" | "monitoring" | "resolved" | "postmortem";

/** What the life of an incident depends on of each published update. */
export type LifeUpdate = {
  readonly id: string;
  readonly status: LifeStatus;
  readonly displayAt: EpochMs;
  /** Of the whole incident from here on; null: as before. */
  readonly impact: Impact | null;
  /** Of single services from here on. */
  readonly impacts: Readonly<Record<string, Impact>>;
};

export type IncidentLife = {
  readonly status: LifeStatus;
  readonly monitoringAt: EpochMs | null;
  /** When it was closed for the last time; null while it is open. */
  readonly resolvedAt: EpochMs | null;
  /** Null when no update said one. */
  readonly impact: Impact | null;
  /** Services that were named, with the impact that holds now. */
  readonly impacts: Readonly<Record<string, Impact>>;
};

const IMPACTS: readonly Impact[] = ["none", "minor", "major", "critical"];

/** The worst of several impacts; none of none. */
export const worstImpact = (impacts: readonly Impact[]): Impact =>
  impacts.reduce<Impact>((worst, one) => (IMPACTS.indexOf(one) > IMPACTS.indexOf(worst) ? one : worst), "none");

/** Whether an incident of this status is over. */
export const isClosed = (status: LifeStatus): boolean => status === "resolved" || status === "postmortem";

/** The order in which people read updates: by when they are said to have been, then by age. */
const inOrder = <Update extends Pick<LifeUpdate, "displayAt" | "id">>(updates: readonly Update[]): Update[] =>
  updates.toSorted((a, b) => a.displayAt - b.displayAt || (a.id < b.id ? -1 : Number(a.id > b.id)));

/**
 * What an incident is after its published updates, in whatever order they were written: a back-dated update finds its
 * place, and the newest by its displayed time has the last word. `startedAt` is the earliest that it can have ended.
 */
export const lifeOf = (updates: readonly LifeUpdate[], startedAt: EpochMs): IncidentLife => {
  let status: LifeStatus = "investigating";
  let monitoringAt: EpochMs | null = null;
  let resolvedAt: EpochMs | null = null;
  let impact: Impact | null = null;
  const impacts: Record<string, Impact> = {};
  for (const update of inOrder(updates)) {
    status = update.status;
    if (status === "monitoring") monitoringAt ??= update.displayAt;
    resolvedAt = isClosed(status) ? (resolvedAt ?? epochMs(Math.max(startedAt, update.displayAt))) : null;
    impact = update.impact ?? impact;
    Object.assign(impacts, update.impacts);
  }
  return { status, monitoringAt, resolvedAt, impact, impacts };
};

/** [from, until) with one impact of one service. */
export type ImpactSpan = { readonly from: EpochMs; readonly until: EpochMs | null; readonly impact: Impact };

/** The spans of each service's impact over time; spans of one impact that touch are one. Nothing lasts beyond the end. */
export const impactSpans = (
  updates: readonly LifeUpdate[],
  {
    startedAt,
    resolvedAt,
    impactOf,
  }: {
    readonly startedAt: EpochMs;
    readonly resolvedAt: EpochMs | null;
    /** Of services that no update named. */
    readonly impactOf: Readonly<Record<string, Impact>>;
  },
): ReadonlyMap<string, readonly ImpactSpan[]> => {
  const ordered = inOrder(updates);
  const spansOf = (serviceId: string): ImpactSpan[] => {
    const changes: { at: EpochMs; impact: Impact }[] = [];
    for (const { displayAt, impacts } of ordered) {
      const impact = impacts[serviceId];
      if (impact === undefined) continue;
      const at = changes.length === 0 && ordered[0]?.impacts[serviceId] !== undefined ? startedAt : displayAt;
      if (changes.at(-1)?.impact !== impact) changes.push({ at, impact });
    }
    if (changes.length === 0) changes.push({ at: startedAt, impact: impactOf[serviceId] ?? "none" });
    const cut = (at: EpochMs | null): EpochMs | null =>
      at === null || (resolvedAt !== null && resolvedAt < at) ? resolvedAt : at;
    return changes
      .map(({ at, impact }, index) => ({ from: at, until: cut(changes[index + 1]?.at ?? null), impact }))
      .filter(({ from, until, impact }) => impact !== "none" && (until === null || until > from));
  };
  return new Map(Object.keys(impactOf).map((serviceId) => [serviceId, spansOf(serviceId)]));
};

/** What a change says of impacts. `impact` null: nothing; `affected` names services, new ones too. */
export type ImpactChange = {
  readonly impact: Impact | null;
  readonly affected: Readonly<Record<string, Impact | null>>;
};

/**
 * The impacts that a change leads to: of the incident, and of the services that change. A service that is named without
 * an impact takes that of the incident. When only the incident's is given, services that had the same one follow; when only
 * services are named, the incident has the worst of all.
 */
export const nextImpacts = (
  now: { readonly impact: Impact; readonly impacts: Readonly<Record<string, Impact>> },
  { impact, affected }: ImpactChange,
): { readonly impact: Impact; readonly impacts: Readonly<Record<string, Impact>> } => {
  const named = Object.entries(affected);
  const given = impact ?? now.impact;
  const follows = Object.entries(now.impacts).filter(
    ([id, own]) => impact !== null && own === now.impact && !(id in affected),
  );
  const impacts = Object.fromEntries<Impact>([
    ...follows.map(([id]) => [id, given] as const),
    ...named.map(([id, own]) => [id, own ?? given] as const),
  ]);
  if (impact !== null || named.length === 0) return { impact: given, impacts };
  return { impact: worstImpact(Object.values({ ...now.impacts, ...impacts })), impacts };
};
