import type { SloReadingRow } from "#db/queries/listings.ts";
import type { AlertFacts } from "#lib/contracts/alert-resource.ts";
import type { Snapshot, SnapshotService, SnapshotSlo } from "#lib/contracts/snapshot.ts";
import { statuspageId } from "#lib/contracts/statuspage-id.ts";
import { eventSliOf } from "#lib/core/slo/definition.ts";
import type { BudgetReading, Reading } from "#lib/core/slo/reading.ts";
import { dayBars } from "#lib/core/status/day-bars.ts";
import type { LocalDay } from "#lib/core/status/local-days.ts";
import { localDate } from "#lib/core/status/local-days.ts";
import { overallState } from "#lib/core/status/rollup.ts";
import type { MeasuredServiceState, PublicServiceState } from "#lib/core/status/severity.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, epochMs, minuteOf, startOfMinute } from "#lib/core/units.ts";
import type { History } from "./history.ts";
import type { IncidentPart } from "./incidents.ts";
import type { Latency } from "./latency.ts";
import type { MaintenancePart } from "./maintenances.ts";
import { pagePart } from "./page.ts";
import { pagesPart } from "./pages.ts";
import type { Reason } from "./states.ts";
import type { Watch, WatchedService } from "./watch.ts";

/** What the page shows apart from when: equal contents need no new rendering. */
export type SnapshotContent = Omit<Snapshot, "version" | "builtAt" | "dataAsOf">;

export type ServiceView = {
  readonly measured: MeasuredServiceState;
  readonly published: PublicServiceState;
  readonly why: Reason;
  readonly hasData: boolean;
};

export type SnapshotFacts = {
  readonly watch: Watch;
  readonly isDemo: boolean;
  readonly now: EpochMs;
  readonly days: readonly LocalDay[];
  readonly history: History;
  readonly latency: Latency;
  readonly views: ReadonlyMap<string, ServiceView>;
  readonly incident: IncidentPart;
  readonly readings: readonly SloReadingRow[];
  readonly firing: readonly AlertFacts[];
  readonly maintenance: MaintenancePart;
};

/** `raw` is null or left out while exclusions change nothing. */
type StoredReading = Reading & { readonly raw?: BudgetReading | null };

const iso = (at: EpochMs): string => new Date(at).toISOString();
const groupIdOf = (name: string): string => `g-${statuspageId("group", name)}`;

/** The worst firing pair of an SLO: pages before tickets, then the oldest. */
const burningOf = (sloId: string, reading: Reading | null, firing: readonly AlertFacts[]): SnapshotSlo["burning"] => {
  const own = firing
    .flatMap((alert) =>
      alert.cause.kind === "burn_rate" && alert.cause.sloId === sloId ? [{ alert, cause: alert.cause }] : [],
    )
    .sort((a, b) => a.alert.severity.localeCompare(b.alert.severity) || a.alert.firedAtMs - b.alert.firedAtMs)[0];
  if (own === undefined) return null;
  const { firedAtMs, pair, severity } = own.alert;
  const live = reading?.pairs.find((each) => each.pairId === pair)?.long.burnRate;
  const atFiring = own.cause.reading.windows.long.burnRate;
  return { since: iso(epochMs(firedAtMs)), burnRate: live ?? Number(atFiring ?? 0), severity };
};

const publishesSlos = (service: WatchedService, { watch }: SnapshotFacts): boolean =>
  !(watch.document.page.servicesWithoutSlos ?? []).includes(service.row.id);

const slosOf = ({ slos }: WatchedService, { readings, firing }: SnapshotFacts): SnapshotSlo[] =>
  slos.map(({ id, version, definition }) => {
    const row = readings.find((one) => one.sloId === id && one.version === version);
    const reading = row === undefined ? null : (JSON.parse(row.reading) as StoredReading);
    const budget = reading?.budget;
    const raw = reading?.raw ?? null;
    const event = eventSliOf(definition.sli);
    return {
      id,
      sli: event.kind,
      thresholdMs: event.kind === "latency" ? event.thresholdMs : null,
      objective: definition.objective,
      windowDays: definition.window.durationMs / DAY_MS,
      ...(definition.window.kind === "calendar" ? { calendar: definition.window.period } : {}),
      good: budget?.good ?? 0,
      total: budget?.total ?? 0,
      coverage: budget?.coverage ?? null,
      attained: budget?.attained ?? null,
      budgetRemaining: budget?.remaining ?? null,
      isMet: budget?.isMet ?? null,
      burning: burningOf(id, reading, firing),
      ...(raw === null ? {} : { raw: { good: raw.good, total: raw.total, attained: raw.attained } }),
    };
  });

/** When the published state changed last: rows that only change what was measured are passed over. */
const publishedSince = (service: WatchedService, history: History): EpochMs => {
  const rows = history.rowsOf(service.row.id);
  let index = rows.length - 1;
  while (index > 0 && rows[index - 1]?.published === rows[index]?.published) index -= 1;
  return rows[index]?.since ?? service.row.createdAt;
};

/** What may be told of the reason: an objective only where the service publishes its objectives. */
const whyOf = ({ decidedBy, ...why }: Reason, isPublic: boolean): SnapshotService["why"] => ({
  ...why,
  dissentingLocations: [...why.dissentingLocations],
  locationsWithoutData: [...why.locationsWithoutData],
  ...(decidedBy === null ? {} : { decidedBy: { ...decidedBy, objective: isPublic ? decidedBy.objective : null } }),
});

const serviceOf = (service: WatchedService, position: number, facts: SnapshotFacts): SnapshotService => {
  const { history, latency, now, days, watch } = facts;
  const { id, name, description, group, createdAt } = service.row;
  const view = facts.views.get(id) as ServiceView;
  const changes = history.rowsOf(id).map(({ since, published }) => ({ since, state: published }));
  const firstMeasured = history.firstMeasuredAt(id);
  // Whole minutes, so that the content does not change each second; a new state shows at once all the same.
  const knownUntil = epochMs(Math.max(startOfMinute(minuteOf(now)), addMs(changes.at(-1)?.since ?? epochMs(0), 1)));
  return {
    id,
    name,
    description,
    groupId: group === null ? null : groupIdOf(group),
    position,
    createdAt: iso(createdAt),
    updatedAt: iso(publishedSince(service, history)),
    startDate: firstMeasured === null ? null : localDate(firstMeasured, watch.document.page.timeZone),
    hasData: view.hasData,
    published: view.published,
    lastKnown: view.published === "unknown" ? history.lastKnown(id) : view.published,
    measured: view.measured,
    why: whyOf(view.why, publishesSlos(service, facts)),
    slos: publishesSlos(service, facts) ? slosOf(service, facts) : [],
    days: dayBars(changes, knownUntil, days),
    latencyMs: latency.halfHoursOf(id, now),
    latencyNowMs: latency.nowOf(id),
  };
};

/** Groups in the order in which their first service stands in the file, each with its services; null: no group. */
const grouped = (services: readonly WatchedService[]): (readonly [string | null, readonly WatchedService[]])[] => {
  const names = [...new Set(services.map((service) => service.row.group))];
  const ordered = [...names.filter((name) => name !== null), ...names.filter((name) => name === null)];
  return ordered.map((name) => [name, services.filter((service) => service.row.group === name)] as const);
};

const latest = (instants: readonly string[]): string => instants.reduce((newest, one) => (one > newest ? one : newest));

/** Everything that the page, `/api/v2` and the feeds show, from facts that were read and decided before. */
export const snapshotContent = (facts: SnapshotFacts): SnapshotContent => {
  const { watch } = facts;
  const { page, createdAt, updatedAt } = watch.document;
  const ordered = grouped(watch.services);
  const named = ordered.flatMap(([name, members]) => (name === null ? [] : [{ name, members }]));
  const services = ordered.flatMap(([name, members]) =>
    // Services without a group stand beside the groups, so they count on from them.
    members.map((service, index) => serviceOf(service, index + 1 + (name === null ? named.length : 0), facts)),
  );
  const incidents = [...facts.incident.shown];
  return {
    schemaVersion: 1,
    isDemo: facts.isDemo,
    page: {
      ...pagePart(page),
      createdAt: iso(createdAt),
      updatedAt: latest([iso(updatedAt), ...[...services, ...incidents].map((one) => one.updatedAt)]),
    },
    overall: overallState(services.map((service) => service.published)),
    groups: named.map(({ name, members }, index) => ({
      id: groupIdOf(name),
      name,
      position: index + 1,
      createdAt: members.map((one) => iso(one.row.createdAt)).reduce((first, one) => (one < first ? one : first)),
      updatedAt: latest(services.filter((one) => one.groupId === groupIdOf(name)).map((one) => one.updatedAt)),
    })),
    services,
    incidents,
    ...facts.maintenance,
    ...pagesPart(
      page,
      watch.document.pages,
      ordered.flatMap(([, members]) => members.map(({ row }) => row)),
    ),
  };
};
