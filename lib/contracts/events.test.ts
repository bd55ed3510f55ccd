import { expect, test } from "vitest";
import {
  CloudEvent,
  cloudEvent,
  EVENT_DATA,
  EVENT_DESCRIPTIONS,
  EVENT_TYPES,
  eventSource,
  isEventType,
} from "./events.ts";
import { statuspageId } from "./statuspage-id.ts";

const stored = {
  id: "evt_1",
  type: "incident.opened",
  subject: "inc_1",
  occurredAtMs: Date.UTC(2026, 0, 2),
  data: { a: 1 },
} as const;

test("every type has a schema of its data and a description, and is dotted lower case", () => {
  expect(Object.keys(EVENT_DATA)).toEqual([...EVENT_TYPES]);
  expect(Object.keys(EVENT_DESCRIPTIONS)).toEqual([...EVENT_TYPES]);
  for (const type of EVENT_TYPES) expect(type).toMatch(/^[a-z_]+\.[a-z_]+$/);
  expect(isEventType("alert.firing")).toBe(true);
  expect(isEventType("toString")).toBe(false);
});

test("an envelope is a CloudEvent whose attribute names are lower-case letters and digits", () => {
  const envelope = cloudEvent(stored, eventSource(null), 12n);
  expect(CloudEvent.parse(envelope)).toEqual({
    specversion: "1.0",
    id: "evt_1",
    source: "/nines",
    type: "incident.opened",
    subject: "inc_1",
    time: "2026-01-02T00:00:00.000Z",
    timestamp: "2026-01-02T00:00:00.000Z",
    datacontenttype: "application/json",
    sequence: "00000000000000000012",
    data: { a: 1 },
  });
  for (const name of Object.keys(envelope)) expect(name).toMatch(/^[a-z0-9]{1,20}$/);
  expect(eventSource("https://status.acme.example")).toBe("https://status.acme.example");
});

test("sequences order as text as they do as numbers", () => {
  const texts = [1n, 9n, 10n, 99n, 100n, 9_007_199_254_740_993n].map((n) => cloudEvent(stored, "/nines", n).sequence);
  expect([...texts].sort()).toEqual(texts);
});

test("Statuspage ids are 12 characters of base36, stable, and differ by kind", () => {
  expect(statuspageId("component", "shop")).toMatch(/^[0-9a-z]{12}$/);
  expect(statuspageId("component", "shop")).toBe(statuspageId("component", "shop"));
  expect(statuspageId("component", "shop")).not.toBe(statuspageId("group", "shop"));
  expect(new Set(Array.from({ length: 5_000 }, (_, n) => statuspageId("incident", `inc_${n}`))).size).toBe(5_000);
});
