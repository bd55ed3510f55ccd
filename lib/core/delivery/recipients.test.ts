import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { epochMs } from "../units.ts";
import { dueOf, GROUP_WAIT_MS } from "./due.ts";
import type { Candidate } from "./recipients.ts";
import { factsOfEvent, passes, recipientsOf } from "./recipients.ts";

const candidate = (id: string, changes: Partial<Candidate> = {}): Candidate => ({
  id,
  isActive: true,
  events: ["*"],
  filters: {},
  fallbackId: null,
  ...changes,
});
const PAGE = { type: "alert.firing", serviceIds: ["shop"], severity: "page" as const };
const told = (candidates: readonly Candidate[], event = PAGE, notify: readonly string[] | null = null) =>
  recipientsOf(candidates, event, notify).map(({ endpoint, standsInFor }) =>
    standsInFor === null ? endpoint.id : `${endpoint.id} for ${standsInFor}`,
  );

describe("who is told", () => {
  test("subscribers to the type that the event names, in the order of their ids", () => {
    const list = [candidate("b"), candidate("a", { events: ["alert.firing"] }), candidate("c", { events: ["x"] })];
    expect(told(list)).toEqual(["a", "b"]);
    expect(told(list, PAGE, ["b", "c"])).toEqual(["b"]);
    expect(told(list, PAGE, [])).toEqual([]);
  });

  test("filters let through what they name, and what says nothing of it", () => {
    const filters = { services: ["shop", "pay"], severities: ["page" as const] };
    expect(passes(filters, PAGE)).toBe(true);
    expect(passes(filters, { ...PAGE, severity: "ticket" })).toBe(false);
    expect(passes(filters, { ...PAGE, serviceIds: ["wiki"] })).toBe(false);
    expect(passes(filters, { ...PAGE, serviceIds: ["wiki", "pay"] })).toBe(true);
    expect(passes(filters, { type: "delivery.dead", serviceIds: [], severity: null })).toBe(true);
  });

  test("what an event is about is read from its data", () => {
    expect(factsOfEvent("alert.firing", { serviceId: "shop", severity: "ticket" })).toEqual({
      type: "alert.firing",
      serviceIds: ["shop"],
      severity: "ticket",
    });
    expect(factsOfEvent("incident.opened", { serviceIds: ["a", "b"] }).serviceIds).toEqual(["a", "b"]);
    expect(factsOfEvent("component.status_changed", { id: "shop" }).serviceIds).toEqual(["shop"]);
    expect(factsOfEvent("incident.opened", { id: "inc_1" }).serviceIds).toEqual([]);
    expect(factsOfEvent("x", null)).toEqual({ type: "x", serviceIds: [], severity: null });
  });

  test("a test goes to whom it names, whatever that one subscribes to", () => {
    const list = [candidate("a", { events: ["alert.firing"] }), candidate("b")];
    expect(told(list, { ...PAGE, type: "endpoint.test" }, ["a"])).toEqual(["a"]);
  });

  test("in place of a disabled endpoint the next active one along its fallbacks is told", () => {
    const list = [
      candidate("a", { isActive: false, fallbackId: "b" }),
      candidate("b", { isActive: false, fallbackId: "c", events: ["x"] }),
      candidate("c", { events: ["x"] }),
    ];
    expect(told(list)).toEqual(["c for a"]);
    expect(told([...list.slice(0, 2), candidate("c")])).toEqual(["c"]);
    expect(told(list.slice(0, 2))).toEqual([]);
  });

  test("nobody is told twice and only active endpoints are, whoever stands in for whom", () => {
    const id = fc.constantFrom("a", "b", "c", "d", "e");
    const one = fc.record({ isActive: fc.boolean(), fallbackId: fc.option(id), events: fc.constantFrom(["*"], ["x"]) });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 5 }), (changes) => {
        const list = changes.map((change, index) => candidate("abcde"[index] as string, change));
        const recipients = recipientsOf(list, PAGE, null);
        expect(recipients.every(({ endpoint }) => endpoint.isActive)).toBe(true);
        expect(new Set(recipients.map(({ endpoint }) => endpoint.id)).size).toBe(recipients.length);
      }),
    );
  });
});

describe("when it is due", () => {
  const now = epochMs(Date.UTC(2026, 10, 22, 0, 30));
  const night = { from: "22:00", to: "07:00", timeZone: "UTC", severities: ["ticket" as const] };

  test("alerts on channels for people wait for each other, on machines' channels they do not", () => {
    expect(dueOf({ type: "slack", settings: {} }, PAGE, now)).toEqual({
      dueAt: now + GROUP_WAIT_MS,
      groupKey: "shop",
      joinsFrom: now,
    });
    for (const type of ["webhook", "pagerduty", "alertmanager"] as const) {
      expect(dueOf({ type, settings: {} }, PAGE, now)).toEqual({ dueAt: now, groupKey: null, joinsFrom: now });
    }
    expect(dueOf({ type: "slack", settings: {} }, { ...PAGE, type: "incident.opened" }, now).dueAt).toBe(now);
    const stormy = { type: "external_alert.firing", serviceIds: [], severity: null } as const;
    expect(dueOf({ type: "slack", settings: {} }, stormy, now)).toMatchObject({
      dueAt: now + GROUP_WAIT_MS,
      groupKey: "*",
    });
  });

  test("a ticket waits for the morning and joins no message before it; a page does not wait", () => {
    const morning = Date.UTC(2026, 10, 22, 7);
    const settings = { quietHours: night };
    expect(dueOf({ type: "slack", settings }, { ...PAGE, severity: "ticket" }, now)).toEqual({
      dueAt: morning,
      groupKey: "shop",
      joinsFrom: morning,
    });
    expect(dueOf({ type: "slack", settings }, PAGE, now).dueAt).toBe(now + GROUP_WAIT_MS);
    expect(dueOf({ type: "webhook", settings }, { ...PAGE, severity: "ticket" }, now).dueAt).toBe(morning);
  });
});
