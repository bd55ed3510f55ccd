import type {
  MaintenanceStatus,
  SnapshotMaintenance,
  SnapshotMaintenanceUpdate,
} from "#lib/contracts/snapshot-maintenances.ts";
import type {
  StatuspageComponent,
  StatuspageMaintenance,
  StatuspageMaintenanceStatus,
} from "#lib/contracts/statuspage.ts";
import { statuspageId } from "#lib/contracts/statuspage-id.ts";
import type { StatuspageContext } from "./statuspage-context.ts";
import { affectedComponents } from "./statuspage-context.ts";

const MOST_MAINTENANCES = 50;

type Told = SnapshotMaintenance & { readonly status: StatuspageMaintenanceStatus };

/** What was canceled is deleted at Statuspage, so its API has no word for it. */
const isTold = (one: SnapshotMaintenance): one is Told => one.status !== "canceled";

/** What an update says of the components: work begins or ends. Other updates change nothing. */
const changesOf = (one: Told, status: MaintenanceStatus) => {
  if (status !== "in_progress" && status !== "completed") return [];
  const [from, to] =
    status === "in_progress"
      ? (["operational", "under_maintenance"] as const)
      : (["under_maintenance", "operational"] as const);
  return one.serviceIds.map((serviceId) => ({ serviceId, from, to }));
};

const updateOf = (context: StatuspageContext, one: Told, update: SnapshotMaintenanceUpdate, incidentId: string) => ({
  id: statuspageId("update", update.id),
  // The cancellation of a rule says nothing of an occurrence that was over.
  status: update.status === "canceled" ? one.status : update.status,
  body: update.body,
  incident_id: incidentId,
  created_at: context.at(update.createdAt),
  updated_at: context.at(update.updatedAt),
  display_at: context.at(update.displayAt),
  affected_components: affectedComponents(context, changesOf(one, update.status)),
  deliver_notifications: true,
  custom_tweet: null,
  tweet_id: null,
});

const maintenanceOf = (
  context: StatuspageContext,
  one: Told,
  components: readonly StatuspageComponent[],
): StatuspageMaintenance => {
  const { at, pageId, url } = context;
  const id = statuspageId("maintenance", one.id);
  const ids = new Set(one.serviceIds.map((serviceId) => statuspageId("component", serviceId)));
  return {
    id,
    name: one.name,
    status: one.status,
    created_at: at(one.createdAt),
    updated_at: at(one.updatedAt),
    monitoring_at: null,
    resolved_at: one.status === "completed" && one.endedAt !== null ? at(one.endedAt) : null,
    impact: one.impact === "none" ? "maintenance" : one.impact,
    shortlink: `${url}/i/${id}`,
    started_at: at(one.startedAt ?? one.createdAt),
    page_id: pageId,
    incident_updates: one.updates.map((update) => updateOf(context, one, update, id)),
    components: components.filter((component) => !component.group && ids.has(component.id)),
    scheduled_for: at(one.scheduledFor),
    scheduled_until: at(one.scheduledUntil),
  };
};

/** The lists of maintenances by what they hold. `all` has the 50 newest, by when they are due; the others the soonest first. */
export const maintenanceLists = (context: StatuspageContext, components: readonly StatuspageComponent[]) => {
  const told = (context.snapshot.maintenances ?? []).filter(isTold);
  const soonest = told.toSorted((a, b) => a.scheduledFor.localeCompare(b.scheduledFor));
  const of = (list: readonly Told[]): StatuspageMaintenance[] =>
    list.slice(0, MOST_MAINTENANCES).map((one) => maintenanceOf(context, one, components));
  const isActive = ({ status }: Told): boolean => status === "in_progress" || status === "verifying";
  return {
    all: of(soonest.toReversed()),
    upcoming: of(soonest.filter(({ status }) => status === "scheduled")),
    active: of(soonest.filter(isActive)),
    open: of(soonest.filter(({ status }) => status !== "completed")),
    isAnyActive: told.some(isActive),
  };
};
