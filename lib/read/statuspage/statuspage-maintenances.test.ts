import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { SnapshotMaintenance } from "#lib/contracts/snapshot-maintenances.ts";
import { StatuspageMaintenancesBody, StatuspageSummary } from "#lib/contracts/statuspage.ts";
import * as samples from "#test/support/sample-snapshot.ts";
import { statuspageBodies } from "./statuspage.ts";

const work = (id: string, more: Partial<SnapshotMaintenance> = {}): SnapshotMaintenance => ({
  id,
  maintenanceId: id,
  name: `Work ${id}`,
  description: null,
  status: "scheduled",
  impact: "none",
  serviceIds: ["checkout"],
  plannedFor: "2026-08-09T01:00:00.000Z",
  scheduledFor: "2026-08-09T01:00:00.000Z",
  scheduledUntil: "2026-08-09T03:00:00.000Z",
  createdAt: "2026-08-01T09:00:00.000Z",
  updatedAt: "2026-08-02T09:00:00.000Z",
  startedAt: null,
  endedAt: null,
  canceledAt: null,
  sequence: 0,
  isRecurring: false,
  updates: [
    {
      ...{ id: `${id}-s`, status: "scheduled", body: "Planned.", createdAt: "2026-08-01T09:00:00.000Z" },
      ...{ updatedAt: "2026-08-01T09:00:00.000Z", displayAt: "2026-08-01T09:00:00.000Z" },
    },
  ],
  ...more,
});

const withWork = (maintenances: SnapshotMaintenance[], more: Partial<Snapshot> = {}): Snapshot => ({
  ...samples.calmDay(),
  maintenances,
  ...more,
});
const bodyOf = (snapshot: Snapshot, name: string): unknown =>
  JSON.parse(
    JSON.stringify(statuspageBodies({ snapshot, isStale: false, fallbackUrl: "http://localhost:3000" }).get(name)),
  );
const namesIn = (snapshot: Snapshot, name: string): string[] =>
  StatuspageMaintenancesBody.parse(bodyOf(snapshot, name)).scheduled_maintenances.map((one) => one.name.slice(5));

const ALL = [
  work("running", {
    status: "in_progress",
    scheduledFor: "2026-08-06T13:00:00.000Z",
    startedAt: "2026-08-06T13:00:00.000Z",
  }),
  work("checked", {
    status: "verifying",
    scheduledFor: "2026-08-06T12:00:00.000Z",
    startedAt: "2026-08-06T12:00:00.000Z",
  }),
  work("soon"),
  work("later", { scheduledFor: "2026-08-20T01:00:00.000Z" }),
  work("over", { status: "completed", scheduledFor: "2026-07-01T01:00:00.000Z", endedAt: "2026-07-01T03:00:00.000Z" }),
  work("gone", { status: "canceled" }),
];

describe("planned work in the Statuspage API", () => {
  test("stands in the lists that its status belongs to; what was canceled in none", () => {
    const snapshot = withWork(ALL);
    expect(namesIn(snapshot, "scheduled-maintenances/active.json")).toEqual(["checked", "running"]);
    expect(namesIn(snapshot, "scheduled-maintenances/upcoming.json")).toEqual(["soon", "later"]);
    expect(namesIn(snapshot, "scheduled-maintenances.json")).toEqual(["later", "soon", "running", "checked", "over"]);
    const summary = StatuspageSummary.parse(bodyOf(snapshot, "summary.json"));
    expect(summary.scheduled_maintenances.map(({ status }) => status)).toEqual([
      "verifying",
      "in_progress",
      "scheduled",
      "scheduled",
    ]);
  });

  test("has the fields of an incident in its order and the two instants of the plan last", () => {
    const summary = StatuspageSummary.parse(bodyOf(withWork(ALL), "summary.json"));
    const one = summary.scheduled_maintenances.find(({ name }) => name === "Work soon");
    expect(Object.keys(one ?? {}).join(" ")).toBe(
      "id name status created_at updated_at monitoring_at resolved_at impact shortlink started_at page_id incident_updates components scheduled_for scheduled_until",
    );
    expect(one).toMatchObject({ impact: "maintenance", resolved_at: null, components: [{ name: "Checkout" }] });
    expect(one?.incident_updates.at(-1)).toMatchObject({ status: "scheduled", affected_components: null });
  });

  test("lists hold 50", () => {
    const many = Array.from({ length: 70 }, (_, index) => work(`w${index}`));
    expect(namesIn(withWork(many), "scheduled-maintenances.json")).toHaveLength(50);
  });

  test("is told by the indicator, or as none for clients that know four", () => {
    const worked = samples.calmDay().services.map((one) => ({ ...one, lastKnown: "under_maintenance" as const }));
    const snapshot = withWork(ALL, { services: worked });
    const statusOf = (page: Snapshot) => StatuspageSummary.parse(bodyOf(page, "summary.json")).status;
    expect(statusOf(snapshot)).toEqual({ indicator: "maintenance", description: "Service Under Maintenance" });
    const four = { ...snapshot, page: { ...snapshot.page, statuspageIndicators: "four" as const } };
    expect(statusOf(four)).toEqual({ indicator: "none", description: "Service Under Maintenance" });
  });
});

/** What strict readers ask for, written down from their field lists (contracts, 1.7). */
const OpenStatusSummary = z.object({
  page: z.object({ id: z.string(), name: z.string(), url: z.url(), updated_at: z.iso.datetime({ offset: true }) }),
  status: z.object({ indicator: z.enum(["none", "minor", "major", "critical"]), description: z.string() }),
});
const OpenStatusComponents = z.object({
  components: z.array(z.object({ id: z.string(), name: z.string(), status: z.string() })),
});
const OpenStatusIncidents = z.object({
  incidents: z.array(
    z.object({
      ...{ id: z.string(), name: z.string(), status: z.string(), created_at: z.string() },
      components: z.array(z.object({ id: z.string() })),
    }),
  ),
});
const OneUptimeStatus = z.object({ status: z.object({ indicator: z.string(), description: z.string() }) });
const OneUptimeComponents = z.object({
  components: z.array(
    z.object({ name: z.string().min(1), status: z.string(), group: z.boolean(), description: z.string().nullable() }),
  ),
});
const OneUptimeIncidents = z.object({ incidents: z.array(z.unknown()) });

test("strict readers take every day of the page, when four indicators are asked for", () => {
  const days = [samples.badDay(), samples.calmDay(), samples.everythingUnknown(), samples.emptyPage(), withWork(ALL)];
  for (const day of days) {
    const snapshot = { ...day, page: { ...day.page, statuspageIndicators: "four" as const } };
    OpenStatusSummary.parse(bodyOf(snapshot, "summary.json"));
    OpenStatusComponents.parse(bodyOf(snapshot, "components.json"));
    OpenStatusIncidents.parse(bodyOf(snapshot, "incidents.json"));
    OneUptimeStatus.parse(bodyOf(snapshot, "status.json"));
    OneUptimeComponents.parse(bodyOf(snapshot, "components.json"));
    OneUptimeIncidents.parse(bodyOf(snapshot, "incidents/unresolved.json"));
  }
});
