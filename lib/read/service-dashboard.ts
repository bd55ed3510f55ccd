import { readSlos } from "#db/queries/config.ts";
import type { LatestRun, PartMark, StateChange } from "#db/queries/probe-dashboards.ts";
import { readLatestRuns, readPartMarks, readStateChanges } from "#db/queries/probe-dashboards.ts";
import type { SloWithReading } from "#db/queries/slo-dashboard.ts";
import { readSlosWithReadings } from "#db/queries/slo-dashboard.ts";
import type { FiringRow } from "#db/queries/suppression.ts";
import { readDependencies, readFiring } from "#db/queries/suppression.ts";
import type { ServiceResource } from "#lib/contracts/api.ts";
import type { PartResource } from "#lib/contracts/probes.ts";
import type { Inhibited } from "#lib/core/alerting/inhibition-preview.ts";
import { inhibitedIfFails } from "#lib/core/alerting/inhibition-preview.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import { getProbe, listParts } from "./probes.ts";
import { requireSession } from "./require-session.ts";
import { loadServices } from "./services.ts";
import type { Database } from "./web-context.ts";
import { getWebContext } from "./web-context.ts";

export type { Inhibited, LatestRun, PartMark, ServiceResource, StateChange };

/** What services need to work, by id; services that need nothing are left out. */
export type DependsOn = ReadonlyMap<string, readonly string[]>;

export const HISTORY_DAYS = 35;
const MOST_CHANGES = 200;
const MARKS_A_PART = 20;
const MOST_PARTS = 100;
const SIGNED_IN = { isSignedIn: true } as const;
/** Types of probes whose runs tell of parts. */
const WITH_PARTS: ReadonlySet<string> = new Set(["journey", "health_json"]);

export type ServiceOverview = {
  readonly services: readonly ServiceResource[];
  readonly dependsOn: DependsOn;
  readonly firing: readonly Pick<FiringRow, "serviceId" | "severity">[];
};

/** All services as `GET /v1/services` has them, what they depend on, and what fires. @throws AppError UNAUTHENTICATED */
export const loadServiceOverview = async (cookieHeader: string | null): Promise<ServiceOverview> => {
  await requireSession(cookieHeader);
  const { database, snapshot } = getWebContext();
  const [services, dependsOn, firing] = await Promise.all([
    loadServices(database, snapshot()),
    database.read((db) => readDependencies(db)),
    database.read((db) => readFiring(db)),
  ]);
  return { services, dependsOn, firing };
};

/** The steps of a journey or the entries of a health document, with what the newest runs saw of each. */
export type ProbeParts = {
  readonly probeId: string;
  readonly type: string;
  readonly parts: readonly (PartResource & {
    readonly marks: readonly PartMark[];
    /** Among the parts of the API. */
    readonly place: number;
  })[];
};

/** Ids of steps in the order of the definition, so that a journey reads as it is walked. */
const stepsOf = (definition: Readonly<Record<string, unknown>> | null): readonly string[] => {
  const steps = definition?.steps;
  return Array.isArray(steps) ? steps.map((step: { readonly id?: unknown }) => String(step.id)) : [];
};

const loadParts = async (database: Database, probeId: string, type: string): Promise<ProbeParts> => {
  const [{ data }, marks, { definition }] = await Promise.all([
    listParts(database, probeId, { limit: MOST_PARTS }, SIGNED_IN),
    database.read((db) => readPartMarks(db, { probeId, limit: MARKS_A_PART })),
    getProbe(database, probeId, SIGNED_IN),
  ]);
  const order = stepsOf(definition);
  const stepOf = ({ key }: PartResource): number => (order.includes(key) ? order.indexOf(key) : order.length);
  const parts = data.map((part, place) => ({ ...part, place, marks: marks.filter(({ key }) => key === part.key) }));
  return { probeId, type, parts: parts.sort((a, b) => stepOf(a) - stepOf(b)) };
};

export type ServiceDashboard = {
  readonly service: ServiceResource;
  readonly services: readonly ServiceResource[];
  readonly dependsOn: DependsOn;
  /** Alerts of other services that nobody would be told of while this one fails. */
  readonly inhibited: readonly Inhibited[];
  readonly slos: readonly SloWithReading[];
  readonly latest: readonly LatestRun[];
  readonly journeys: readonly ProbeParts[];
  /** Of the last 35 days, the newest first; the oldest may be older. */
  readonly states: readonly StateChange[];
  readonly isFiring: boolean;
  readonly now: number;
};

/** One service with everything around it; null when there is no such service. @throws AppError UNAUTHENTICATED */
export const loadServiceDashboard = async (
  cookieHeader: string | null,
  serviceId: string,
): Promise<ServiceDashboard | null> => {
  const { services, dependsOn, firing } = await loadServiceOverview(cookieHeader);
  const service = services.find(({ id }) => id === serviceId);
  if (service === undefined) return null;
  const { database, clock } = getWebContext();
  const now = clock.now();
  const from = addMs(now, -HISTORY_DAYS * DAY_MS);
  const [possible, slos, latest, journeys, states] = await Promise.all([
    database.read((db) => readSlos(db)),
    database.read((db) => readSlosWithReadings(db, service.sloIds)),
    database.read((db) => readLatestRuns(db, serviceId)),
    Promise.all(
      service.probes.filter(({ type }) => WITH_PARTS.has(type)).map(({ id, type }) => loadParts(database, id, type)),
    ),
    database.read((db) => readStateChanges(db, { serviceId, from, limit: MOST_CHANGES })),
  ]);
  const alerts = possible.flatMap(({ id, serviceId: owner, definition }) =>
    definition.burnRateAlerts.map((pair) => ({
      sloId: id,
      serviceId: owner,
      pairId: pair.id,
      severity: pair.severity,
    })),
  );
  return {
    service,
    services,
    dependsOn,
    inhibited: inhibitedIfFails(serviceId, alerts, dependsOn),
    slos,
    latest,
    journeys,
    states,
    isFiring: firing.some((alert) => alert.serviceId === serviceId),
    now,
  };
};
