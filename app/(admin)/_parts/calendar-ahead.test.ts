import { expect, test } from "vitest";
import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import { epochMs } from "#lib/core/units.ts";
import { withAhead } from "./calendar-ahead.ts";

const NOW = epochMs(Date.parse("2026-11-22T00:00:00Z"));
const WEEKLY = {
  id: "mnt_1",
  startsAt: "2026-11-01T01:00:00.000Z",
  duration: "2h",
  rrule: "FREQ=WEEKLY",
  timeZone: "Europe/Berlin",
  canceledAt: null,
  occurrences: [],
} as unknown as MaintenanceResource;

test("a month far ahead shows what the rule gives there, on the clock of its zone", () => {
  const { occurrences } = withAhead(WEEKLY, "2027-06", NOW);
  const june = occurrences.map(({ startsAt }) => startsAt).filter((at) => at.startsWith("2027-06"));
  expect(june).toEqual([6, 13, 20, 27].map((day) => `2027-06-${String(day).padStart(2, "0")}T00:00:00.000Z`));
  expect(occurrences.every(({ state }) => state === "scheduled")).toBe(true);
});

test("what is made already, called off, or happens once is left as it is", () => {
  expect(withAhead(WEEKLY, "2026-11", NOW).occurrences).toEqual([]);
  expect(withAhead({ ...WEEKLY, canceledAt: "2026-11-02T00:00:00.000Z" }, "2027-06", NOW).occurrences).toEqual([]);
  expect(withAhead({ ...WEEKLY, rrule: null }, "2027-06", NOW).occurrences).toEqual([]);
});
