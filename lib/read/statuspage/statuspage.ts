import type { SnapshotIncident, SnapshotIncidentUpdate, SnapshotService } from "#lib/contracts/snapshot.ts";
import type {
  StatuspageComponent,
  StatuspageIncident,
  StatuspageMaintenance,
  StatuspageOverall,
  StatuspageStatus,
} from "#lib/contracts/statuspage.ts";
import { overallOf, worstStatus } from "#lib/contracts/statuspage.ts";
import { statuspageId } from "#lib/contracts/statuspage-id.ts";
import type { StatuspageContext as Context, StatuspageArgs } from "./statuspage-context.ts";
import { affectedComponents, statuspageContext } from "./statuspage-context.ts";
import { maintenanceLists } from "./statuspage-maintenances.ts";

const MOST_INCIDENTS = 50;
const UNRESOLVED = new Set(["investigating", "identified", "monitoring"]);

const pageOf = ({ snapshot, pageId, at, url }: Context) => ({
  id: pageId,
  name: snapshot.page.name,
  url,
  time_zone: snapshot.page.timeZone,
  updated_at: at(snapshot.page.updatedAt),
});

const componentOf = (context: Context, service: SnapshotService, position: number): StatuspageComponent => ({
  id: statuspageId("component", service.id),
  name: service.name,
  status: service.lastKnown,
  created_at: context.at(service.createdAt),
  updated_at: context.at(service.updatedAt),
  position,
  description: service.description,
  showcase: true,
  start_date: service.startDate,
  group_id: service.groupId === null ? null : statuspageId("group", service.groupId),
  page_id: context.pageId,
  group: false,
  only_show_if_degraded: false,
});

/** Groups in their order, each followed by its children, then services without a group, numbered on after the groups. */
const componentsOf = (context: Context): StatuspageComponent[] => {
  const { snapshot, shown, pageId, at } = context;
  const components: StatuspageComponent[] = [];
  let position = 0;
  for (const group of snapshot.groups) {
    const members = shown.filter((service) => service.groupId === group.id);
    if (members.length === 0) continue;
    position += 1;
    const children = members.map((service) => componentOf(context, service, service.position));
    components.push({
      id: statuspageId("group", group.id),
      name: group.name,
      status: worstStatus(children.map((child) => child.status)),
      created_at: at(group.createdAt),
      updated_at: at(group.updatedAt),
      position,
      description: null,
      showcase: false,
      start_date: null,
      group_id: null,
      page_id: pageId,
      group: true,
      only_show_if_degraded: false,
      components: children.map((child) => child.id),
    });
    components.push(...children);
  }
  for (const service of shown.filter(({ groupId }) => groupId === null)) {
    position += 1;
    components.push(componentOf(context, service, position));
  }
  return components;
};

const statusOf = (state: SnapshotService["published"]): StatuspageStatus =>
  state === "unknown" ? "operational" : state;

const affectedOf = (context: Context, { affected }: SnapshotIncidentUpdate) =>
  affectedComponents(
    context,
    affected.map(({ serviceId, oldState, newState }) => ({
      serviceId,
      from: statusOf(oldState),
      to: statusOf(newState),
    })),
  );

const incidentOf = (
  context: Context,
  incident: SnapshotIncident,
  components: readonly StatuspageComponent[],
): StatuspageIncident => {
  const { at, pageId } = context;
  const id = statuspageId("incident", incident.id);
  const ids = new Set(incident.serviceIds.map((serviceId) => statuspageId("component", serviceId)));
  return {
    id,
    name: incident.name,
    status: incident.status,
    created_at: at(incident.createdAt),
    updated_at: at(incident.updatedAt),
    monitoring_at: incident.monitoringAt === null ? null : at(incident.monitoringAt),
    resolved_at: incident.resolvedAt === null ? null : at(incident.resolvedAt),
    impact: incident.impact,
    shortlink: `${context.url}/i/${id}`,
    started_at: at(incident.startedAt),
    page_id: pageId,
    incident_updates: incident.updates.map((update) => ({
      id: statuspageId("update", update.id),
      status: update.status,
      body: update.body,
      incident_id: id,
      created_at: at(update.createdAt),
      updated_at: at(update.updatedAt),
      display_at: at(update.displayAt),
      affected_components: affectedOf(context, update),
      deliver_notifications: update.notify ?? true,
      custom_tweet: null,
      tweet_id: null,
    })),
    components: components.filter((component) => !component.group && ids.has(component.id)),
  };
};

/**
 * The contract has no "unknown": a component keeps its last status, and this automatic incident says so instead
 * (slo-semantics, "Public state of a service"). It is derived, so it goes as soon as data is back.
 */
const delayedOf = ({ snapshot, isStale, shown }: Context): SnapshotIncident | null => {
  const unknown = shown.filter((service) => isStale || service.published === "unknown");
  if (unknown.length === 0) return null;
  const since = isStale ? snapshot.dataAsOf : (unknown.map(({ updatedAt }) => updatedAt).sort()[0] as string);
  const id = `monitoring-delayed:${since}`;
  return {
    id,
    name: "Monitoring delayed",
    status: "investigating",
    impact: "none",
    startedAt: since,
    createdAt: since,
    updatedAt: since,
    monitoringAt: null,
    resolvedAt: null,
    serviceIds: unknown.map((service) => service.id),
    updates: [
      {
        id,
        status: "investigating",
        body: "Measurements are late. The last known status is shown.",
        createdAt: since,
        updatedAt: since,
        displayAt: since,
        affected: [],
      },
    ],
  };
};

/** Every body of the API by its path below `/api/v2/`, from one snapshot. Keys are in the order of the contract. */
export const statuspageBodies = (args: StatuspageArgs): ReadonlyMap<string, object> => {
  const context = statuspageContext(args);
  const page = pageOf(context);
  const components = componentsOf(context);
  const delayed = delayedOf(context);
  const all = [...(delayed === null ? [] : [delayed]), ...args.snapshot.incidents];
  const incidents = all.slice(0, MOST_INCIDENTS).map((incident) => incidentOf(context, incident, components));
  // Not cut to 50 first: an old incident that is still open must not fall off the summary.
  const unresolved = all
    .filter(({ status }) => UNRESOLVED.has(status))
    .map((incident) => incidentOf(context, incident, components));
  const maintenances = maintenanceLists(context, components);
  const status: StatuspageOverall = overallOf(
    components.filter(({ group }) => !group).map((component) => component.status),
    unresolved.map(({ impact }) => impact),
    {
      isInMaintenance: maintenances.isAnyActive,
      saysMaintenance: args.snapshot.page.statuspageIndicators !== "four",
    },
  );
  const scheduled = (scheduled_maintenances: readonly StatuspageMaintenance[]) => ({ page, scheduled_maintenances });
  return new Map<string, object>([
    ["summary.json", { page, components, incidents: unresolved, scheduled_maintenances: maintenances.open, status }],
    ["status.json", { page, status }],
    ["components.json", { page, components }],
    ["incidents.json", { page, incidents }],
    ["incidents/unresolved.json", { page, incidents: unresolved }],
    ["scheduled-maintenances.json", scheduled(maintenances.all)],
    ["scheduled-maintenances/upcoming.json", scheduled(maintenances.upcoming)],
    ["scheduled-maintenances/active.json", scheduled(maintenances.active)],
  ]);
};
