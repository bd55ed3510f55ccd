import { describe, expect, test } from "vitest";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import {
  overallOf,
  StatuspageComponentsBody,
  StatuspageIncidentsBody,
  StatuspageMaintenancesBody,
  StatuspageStatusBody,
  StatuspageSummary,
} from "#lib/contracts/statuspage.ts";
import { statuspageId } from "#lib/contracts/statuspage-id.ts";
import * as samples from "#test/support/sample-snapshot.ts";
import { zonedInstant } from "../zoned-instant.ts";
import { statuspageBodies } from "./statuspage.ts";

const bodies = (snapshot: Snapshot, isStale = false) =>
  statuspageBodies({ snapshot, isStale, fallbackUrl: "http://localhost:3000" });
const summaryOf = (snapshot: Snapshot, isStale = false) =>
  StatuspageSummary.parse(JSON.parse(JSON.stringify(bodies(snapshot, isStale).get("summary.json"))));

/** Field lists of the contract (contracts, 1), in the order that clients were recorded to receive. */
const PAGE = "id name url time_zone updated_at";
const COMPONENT =
  "id name status created_at updated_at position description showcase start_date group_id page_id group only_show_if_degraded";
const INCIDENT =
  "id name status created_at updated_at monitoring_at resolved_at impact shortlink started_at page_id incident_updates components";
const UPDATE =
  "id status body incident_id created_at updated_at display_at affected_components deliver_notifications custom_tweet tweet_id";
const keys = (value: object | undefined): string => Object.keys(value ?? {}).join(" ");

describe("the shapes of the Statuspage API", () => {
  const summary = summaryOf(samples.badDay());

  test("keys come in the order of the contract", () => {
    expect(keys(summary)).toBe("page components incidents scheduled_maintenances status");
    expect(keys(summary.page)).toBe(PAGE);
    const group = summary.components.find((component) => component.group);
    const child = summary.components.find((component) => !component.group);
    expect(keys(group)).toBe(`${COMPONENT} components`);
    expect(keys(child)).toBe(COMPONENT);
    const incident = summary.incidents.find(({ impact }) => impact === "critical");
    expect(keys(incident)).toBe(INCIDENT);
    expect(keys(incident?.incident_updates[0])).toBe(UPDATE);
    expect(keys(incident?.incident_updates[0]?.affected_components?.[0])).toBe("code name old_status new_status");
    expect(keys(summary.status)).toBe("indicator description");
  });

  test.each([
    { name: "status.json", schema: StatuspageStatusBody, order: "page status" },
    { name: "components.json", schema: StatuspageComponentsBody, order: "page components" },
    { name: "incidents.json", schema: StatuspageIncidentsBody, order: "page incidents" },
    { name: "incidents/unresolved.json", schema: StatuspageIncidentsBody, order: "page incidents" },
    { name: "scheduled-maintenances.json", schema: StatuspageMaintenancesBody, order: "page scheduled_maintenances" },
    {
      name: "scheduled-maintenances/upcoming.json",
      schema: StatuspageMaintenancesBody,
      order: "page scheduled_maintenances",
    },
    {
      name: "scheduled-maintenances/active.json",
      schema: StatuspageMaintenancesBody,
      order: "page scheduled_maintenances",
    },
  ])("$name has a full page and its own key", ({ name, schema, order }) => {
    const body = bodies(samples.badDay()).get(name);
    expect(keys(body)).toBe(order);
    schema.parse(JSON.parse(JSON.stringify(body)));
  });

  test("a group is a component with its worst child's status, and its children follow it", () => {
    const at = summary.components.findIndex(({ name }) => name === "Shopping");
    const group = summary.components[at];
    expect(group).toMatchObject({ group: true, status: "major_outage", position: 1, group_id: null });
    const children = summary.components.slice(at + 1, at + 1 + (group?.components?.length ?? 0));
    expect(children.map(({ id }) => id)).toEqual(group?.components);
    expect(children.every(({ group_id }) => group_id === group?.id)).toBe(true);
  });

  test("an affected component is named after its group", () => {
    const incident = summary.incidents.find(({ impact }) => impact === "critical");
    expect(incident?.incident_updates[0]?.affected_components?.[0]?.name).toBe("Shopping - Checkout");
    expect(incident?.components.map(({ id }) => id)).toEqual([statuspageId("component", "checkout")]);
  });

  test("only unresolved incidents stand in the summary, all in incidents.json", () => {
    expect(summary.incidents.some(({ status }) => status === "resolved")).toBe(false);
    const all = StatuspageIncidentsBody.parse(bodies(samples.badDay()).get("incidents.json"));
    expect(all.incidents.filter(({ status }) => status === "resolved")).toHaveLength(3);
  });

  test("a service without data is left out, and an empty page has empty lists", () => {
    expect(summaryOf(samples.firstMinute()).components).toEqual([]);
    expect(summaryOf(samples.emptyPage())).toMatchObject({
      components: [],
      incidents: [],
      scheduled_maintenances: [],
      status: { indicator: "none" },
    });
  });

  test("the address of this server stands in when the page has none", () => {
    expect(summaryOf(samples.demoPage()).page.url).toBe("http://localhost:3000");
  });
});

describe("what the contract has no word for", () => {
  test("an unknown service keeps its last status while an incident tells that monitoring is delayed", () => {
    const summary = summaryOf(samples.everythingUnknown());
    expect(summary.components.filter(({ group }) => !group).every(({ status }) => status === "operational")).toBe(true);
    expect(summary.incidents).toHaveLength(1);
    expect(summary.incidents[0]).toMatchObject({
      name: "Monitoring delayed",
      impact: "none",
      status: "investigating",
      started_at: "2026-08-06T13:51:00.000Z",
    });
    expect(summary.status).toEqual({ indicator: "none", description: "All Systems Operational" });
  });

  test("data that is too old counts as unknown for every component", () => {
    const summary = summaryOf(samples.calmDay(), true);
    expect(summary.incidents[0]).toMatchObject({ name: "Monitoring delayed", started_at: samples.SAMPLE_NOW });
    expect(summary.incidents[0]?.components).toHaveLength(9);
    expect(summaryOf(samples.calmDay()).incidents).toEqual([]);
  });
});

describe("the overall status", () => {
  test.each([
    { name: "nothing wrong", states: ["operational"], impacts: [], overall: "none: All Systems Operational" },
    {
      name: "an incident without impact",
      states: ["operational"],
      impacts: ["none"],
      overall: "none: All Systems Operational",
    },
    {
      name: "degraded",
      states: ["degraded_performance", "operational"],
      impacts: [],
      overall: "minor: Partially Degraded Service",
    },
    {
      name: "degraded with a minor incident, as captured",
      states: ["degraded_performance"],
      impacts: ["minor"],
      overall: "minor: Partially Degraded Service",
    },
    {
      name: "one partial outage",
      states: ["partial_outage", "operational"],
      impacts: [],
      overall: "minor: Minor Service Outage",
    },
    {
      name: "a minor incident alone",
      states: ["operational"],
      impacts: ["minor"],
      overall: "minor: Minor Service Outage",
    },
    {
      name: "several partial outages",
      states: ["partial_outage", "partial_outage"],
      impacts: [],
      overall: "major: Partial System Outage",
    },
    { name: "a major incident", states: ["operational"], impacts: ["major"], overall: "major: Partial System Outage" },
    {
      name: "a major outage",
      states: ["major_outage", "operational"],
      impacts: [],
      overall: "critical: Major Service Outage",
    },
    {
      name: "a critical incident",
      states: ["operational"],
      impacts: ["critical"],
      overall: "critical: Major Service Outage",
    },
    {
      name: "maintenance only",
      states: ["under_maintenance", "operational"],
      impacts: [],
      overall: "maintenance: Service Under Maintenance",
    },
    {
      name: "maintenance does not hide degradation",
      states: ["under_maintenance", "degraded_performance"],
      impacts: [],
      overall: "minor: Partially Degraded Service",
    },
  ] as const)("$name", ({ states, impacts, overall }) => {
    const { indicator, description } = overallOf(states, impacts);
    expect(`${indicator}: ${description}`).toBe(overall);
  });
});

describe("instants carry milliseconds and the offset of the page's zone", () => {
  test.each([
    { zone: "Etc/UTC", text: "2019-06-24T13:07:14.473Z" },
    { zone: "UTC", text: "2019-06-24T13:07:14.473Z" },
    { zone: "America/Tijuana", text: "2019-06-24T06:07:14.473-07:00" },
    { zone: "Asia/Kolkata", text: "2019-06-24T18:37:14.473+05:30" },
    { zone: "Africa/Abidjan", text: "2019-06-24T13:07:14.473+00:00" },
  ])("$zone", ({ zone, text }) => {
    expect(zonedInstant("2019-06-24T13:07:14.473Z", zone)).toBe(text);
  });

  test("winter and summer differ", () => {
    expect(zonedInstant("2026-01-15T12:00:00.000Z", "America/Tijuana")).toBe("2026-01-15T04:00:00.000-08:00");
  });
});
