import { z } from "zod";

/**
 * The public API of Statuspage, version 2. Field order is part of the contract: objects are written in the order of
 * these schemas. Instants carry milliseconds and the offset of the page's time zone.
 */

const Instant = z.iso.datetime({ offset: true, precision: 3 });
const Id = z.string().regex(/^[a-z0-9]{12}$/);

export const StatuspageStatus = z.enum([
  "operational",
  "degraded_performance",
  "partial_outage",
  "major_outage",
  "under_maintenance",
]);
export type StatuspageStatus = z.infer<typeof StatuspageStatus>;
const StatuspageImpact = z.enum(["none", "minor", "major", "critical", "maintenance"]);
const StatuspageIndicator = z.enum(["none", "minor", "major", "critical", "maintenance"]);

const StatuspagePage = z
  .strictObject({ id: Id, name: z.string(), url: z.url(), time_zone: z.string(), updated_at: Instant })
  .meta({ id: "StatuspagePage" });

export const StatuspageComponent = z
  .strictObject({
    id: Id,
    name: z.string(),
    status: StatuspageStatus,
    created_at: Instant,
    updated_at: Instant,
    position: z.number().int().positive(),
    description: z.string().nullable(),
    showcase: z.boolean(),
    start_date: z.iso.date().nullable(),
    group_id: Id.nullable(),
    page_id: Id,
    group: z.boolean(),
    only_show_if_degraded: z.boolean(),
    components: z.array(Id).optional(),
  })
  .meta({ id: "StatuspageComponent" });
export type StatuspageComponent = z.infer<typeof StatuspageComponent>;

const StatuspageIncidentUpdate = z
  .strictObject({
    id: Id,
    status: z.string(),
    body: z.string(),
    incident_id: Id,
    created_at: Instant,
    updated_at: Instant,
    display_at: Instant,
    affected_components: z
      .array(z.strictObject({ code: Id, name: z.string(), old_status: StatuspageStatus, new_status: StatuspageStatus }))
      .nullable(),
    deliver_notifications: z.boolean(),
    custom_tweet: z.string().nullable(),
    tweet_id: z.string().nullable(),
  })
  .meta({ id: "StatuspageIncidentUpdate" });

export const StatuspageIncident = z
  .strictObject({
    id: Id,
    name: z.string(),
    status: z.enum(["investigating", "identified", "monitoring", "resolved", "postmortem"]),
    created_at: Instant,
    updated_at: Instant,
    monitoring_at: Instant.nullable(),
    resolved_at: Instant.nullable(),
    impact: StatuspageImpact,
    shortlink: z.url(),
    started_at: Instant,
    page_id: Id,
    incident_updates: z.array(StatuspageIncidentUpdate),
    components: z.array(StatuspageComponent),
  })
  .meta({ id: "StatuspageIncident" });
export type StatuspageIncident = z.infer<typeof StatuspageIncident>;

const StatuspageMaintenanceStatus = z.enum(["scheduled", "in_progress", "verifying", "completed"]);
export type StatuspageMaintenanceStatus = z.infer<typeof StatuspageMaintenanceStatus>;

/** The fields of an incident with other words for the status, and the two instants of the plan at the end. */
const StatuspageMaintenance = z
  .strictObject({
    ...StatuspageIncident.shape,
    status: StatuspageMaintenanceStatus,
    scheduled_for: Instant,
    scheduled_until: Instant,
  })
  .meta({ id: "StatuspageMaintenance" });
export type StatuspageMaintenance = z.infer<typeof StatuspageMaintenance>;

const StatuspageMaintenances = z.array(StatuspageMaintenance);

export const StatuspageOverall = z
  .strictObject({ indicator: StatuspageIndicator, description: z.string() })
  .meta({ id: "StatuspageOverall" });
export type StatuspageOverall = z.infer<typeof StatuspageOverall>;

export const StatuspageSummary = z.strictObject({
  page: StatuspagePage,
  components: z.array(StatuspageComponent),
  incidents: z.array(StatuspageIncident),
  scheduled_maintenances: StatuspageMaintenances,
  status: StatuspageOverall,
});
export const StatuspageStatusBody = z.strictObject({ page: StatuspagePage, status: StatuspageOverall });
export const StatuspageComponentsBody = z.strictObject({
  page: StatuspagePage,
  components: z.array(StatuspageComponent),
});
export const StatuspageIncidentsBody = z.strictObject({ page: StatuspagePage, incidents: z.array(StatuspageIncident) });
export const StatuspageMaintenancesBody = z.strictObject({
  page: StatuspagePage,
  scheduled_maintenances: StatuspageMaintenances,
});

type Impact = z.infer<typeof StatuspageImpact>;

/** Rows of the mapping, mildest first: a reading picks the worst row that applies. */
const OVERALL_ROWS = [
  { indicator: "none", description: "All Systems Operational" },
  { indicator: "maintenance", description: "Service Under Maintenance" },
  { indicator: "minor", description: "Partially Degraded Service" },
  { indicator: "minor", description: "Minor Service Outage" },
  { indicator: "major", description: "Partial System Outage" },
  { indicator: "critical", description: "Major Service Outage" },
] as const satisfies readonly StatuspageOverall[];

const rowOfComponents = (states: readonly StatuspageStatus[]): number => {
  if (states.includes("major_outage")) return 5;
  const partial = states.filter((state) => state === "partial_outage").length;
  if (partial > 0) return partial > 1 ? 4 : 3;
  if (states.includes("degraded_performance")) return 2;
  return states.includes("under_maintenance") ? 1 : 0;
};

const ROW_OF_IMPACT: Readonly<Record<Impact, number>> = { none: 0, maintenance: 1, minor: 3, major: 4, critical: 5 };

export type OverallOptions = {
  /** Work is under way somewhere, even where something worse is shown. */
  readonly isInMaintenance?: boolean;
  /** False for clients that know four indicators only: `maintenance` is then told as `none`, by the same description. */
  readonly saysMaintenance?: boolean;
};

/**
 * Status of the whole page from the components' states (groups left out) and the impacts of unresolved incidents
 * (contracts, 1.3). A minor incident on a degraded component reads "Partially Degraded Service", as Statuspage does.
 */
export const overallOf = (
  states: readonly StatuspageStatus[],
  impacts: readonly Impact[],
  { isInMaintenance = false, saysMaintenance = true }: OverallOptions = {},
): StatuspageOverall => {
  const components = rowOfComponents(states);
  const incidents = Math.max(isInMaintenance ? 1 : 0, ...impacts.map((impact) => ROW_OF_IMPACT[impact]));
  const row = components === 2 && incidents === 3 ? 2 : Math.max(components, incidents);
  const { indicator, description } = OVERALL_ROWS[row] as StatuspageOverall;
  return { indicator: indicator === "maintenance" && !saysMaintenance ? "none" : indicator, description };
};

const SEVERITY: Readonly<Record<StatuspageStatus, number>> = {
  operational: 0,
  under_maintenance: 1,
  degraded_performance: 2,
  partial_outage: 3,
  major_outage: 4,
};

/** The status of a group: its worst child. */
export const worstStatus = (states: readonly StatuspageStatus[]): StatuspageStatus =>
  states.reduce<StatuspageStatus>((worst, state) => (SEVERITY[state] > SEVERITY[worst] ? state : worst), "operational");
