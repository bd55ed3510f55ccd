import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readExclusions } from "#db/queries/exclusions.ts";
import { cancelMaintenance } from "#lib/commands/maintenances/cancel-maintenance.ts";
import {
  addMaintenanceUpdate,
  editMaintenance,
  rescheduleMaintenance,
} from "#lib/commands/maintenances/change-maintenance.ts";
import type { MaintenanceToSchedule } from "#lib/commands/maintenances/schedule-maintenance.ts";
import { scheduleMaintenance } from "#lib/commands/maintenances/schedule-maintenance.ts";
import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, durationMs, epochMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";
import { advanceOnce } from "#lib/engine/incidents/run-maintenances.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { readMaintenancePart } from "#lib/engine/publish/maintenances.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { at, configure, lead, readEvents, sloDefinition } from "./slo-world.ts";

let world: TestDatabase;
let lease: Lease;
const clock = createFakeClock(at(600));

beforeAll(async () => {
  world = await testDatabase();
  await configure(world.database, { slos: [sloDefinition({ id: "one" })] });
  lease = await lead(world.database);
});
afterAll(() => world.drop());

const by = { by: "ada", actor: "cli" };
const schedule = (more: Partial<MaintenanceToSchedule> = {}): Promise<MaintenanceResource> =>
  world.database.transaction((tx) =>
    scheduleMaintenance(tx, {
      title: "Database upgrade",
      body: "We move to a newer version.",
      impact: "none",
      reminders: [60, 10],
      serviceIds: ["shop"],
      startsAt: addMs(clock.now(), 2 * HOUR_MS),
      durationMs: durationMs(HOUR_MS),
      rrule: null,
      author: "ada",
      actor: "cli",
      now: clock.now(),
      randomBytes,
      ...more,
    }),
  );
const advance = () => advanceOnce({ database: world.database, lease, clock });
const part = () => world.database.read((db) => readMaintenancePart(db, clock.now()));
const shownOf = async (id: string) => (await part()).maintenances.filter(({ maintenanceId }) => maintenanceId === id);
const toldOf = async (id: string): Promise<string[]> =>
  (await readEvents(world.database))
    .filter(({ subject }) => subject === id)
    .map(({ type }) => type.split(".")[1] ?? "");
const inForce = async (id: string) => {
  const all = await world.database.read((db) => readExclusions(db, { endedAfter: epochMs(0), withRevoked: false }));
  const rows = await world.database.read(
    (db) => db<{ id: string }[]>`select exclusion_id as id from maintenance_occurrences where maintenance_id = ${id}`,
  );
  return all.filter((one) => rows.some((row) => row.id === one.id));
};

describe("an occurrence", () => {
  test("is reminded of, begins and ends by the clock, each told once under two engines", async () => {
    const { id } = await schedule();
    for (const minutes of [30, 40, 45, 5, 1, 59, 1, 5]) {
      await clock.advance(minutes * MINUTE_MS);
      await Promise.all([advance(), advance()]);
    }
    expect(await toldOf(id)).toEqual(["scheduled", "reminder", "reminder", "started", "completed"]);
    const [shown] = await shownOf(id);
    expect(shown).toMatchObject({ status: "completed", serviceIds: ["shop"], isRecurring: false });
    expect(shown?.updates.map(({ status }) => status)).toEqual(["completed", "in_progress", "scheduled"]);
    expect(shown?.updates.at(-1)?.body).toBe("We move to a newer version.");
  });

  test("that passed while no engine led begins and ends in one look", async () => {
    const { id } = await schedule({ reminders: [] });
    await clock.advance(5 * HOUR_MS);
    expect(await advance()).toBe(2);
    expect(await advance()).toBe(0);
    expect(await toldOf(id)).toEqual(["scheduled", "started", "completed"]);
  });

  test("that was over when it was entered is told of as planned only", async () => {
    const { id } = await schedule({ startsAt: addMs(clock.now(), -3 * HOUR_MS) });
    expect(await advance()).toBe(0);
    expect(await toldOf(id)).toEqual(["scheduled"]);
    expect(await shownOf(id)).toMatchObject([{ status: "completed" }]);
  });

  test("ends early or late, and its exclusion follows to the second", async () => {
    const { id } = await schedule({ reminders: [] });
    const start = addMs(clock.now(), 2 * HOUR_MS);
    await clock.advance(2 * HOUR_MS);
    await advance();
    const longer = { id, endsAt: addMs(start, 2 * HOUR_MS), ...by, now: clock.now() };
    await world.database.transaction((tx) => rescheduleMaintenance(tx, longer));
    expect(await inForce(id)).toMatchObject([
      { kind: "announced", startsAt: start, endsAt: addMs(start, 2 * HOUR_MS) },
    ]);
    await clock.advance(20 * MINUTE_MS);
    const say = (status: "verifying" | "completed") =>
      world.database.transaction((tx) =>
        addMaintenanceUpdate(tx, { id, status, message: "Almost there.", ...by, now: clock.now(), randomBytes }),
      );
    expect(await say("verifying")).toMatchObject({ state: "verifying" });
    expect(await say("completed")).toMatchObject({ state: "completed" });
    expect(await inForce(id)).toMatchObject([{ startsAt: start, endsAt: addMs(start, 20 * MINUTE_MS) }]);
    await expect(say("verifying")).rejects.toMatchObject({ code: "CONFLICT" });
    await clock.advance(2 * HOUR_MS);
    expect(await advance()).toBe(0);
    expect(await toldOf(id)).toEqual(["scheduled", "started", "updated", "updated", "completed"]);
  });

  test("is moved before it begins, never into the past, and keeps its public id while SEQUENCE grows", async () => {
    const { id } = await schedule({ reminders: [] });
    const [before] = await shownOf(id);
    const move = (startsAt: EpochMs) =>
      world.database.transaction((tx) => rescheduleMaintenance(tx, { id, startsAt, ...by, now: clock.now() }));
    await move(addMs(clock.now(), 30 * HOUR_MS));
    await world.database.transaction((tx) =>
      editMaintenance(tx, { id, title: "Database upgrade, second try", ...by, now: clock.now() }),
    );
    const [after] = await shownOf(id);
    expect(after).toMatchObject({ id: before?.id, name: "Database upgrade, second try", status: "scheduled" });
    expect(after?.sequence).toBeGreaterThan(before?.sequence ?? 0);
    expect(await inForce(id)).toMatchObject([{ startsAt: addMs(clock.now(), 30 * HOUR_MS) }]);
    await expect(move(addMs(clock.now(), -HOUR_MS))).rejects.toMatchObject({ code: "INVALID_REQUEST" });
  });
});

describe("a rule", () => {
  test("loses one occurrence without losing the others, and calendars are told which", async () => {
    const made = await schedule({ rrule: "FREQ=DAILY", reminders: [], timeZone: "Europe/Berlin" });
    const second = made.occurrences[1];
    const plannedFor = epochMs(Date.parse(second?.plannedFor ?? ""));
    const cancel = { id: made.id, plannedFor, reason: "A holiday.", ...by, now: clock.now() };
    const after = await world.database.transaction((tx) => cancelMaintenance(tx, cancel));
    expect(after).toMatchObject({
      state: "scheduled",
      occurrence: { state: "canceled", plannedFor: second?.plannedFor },
    });
    await world.database.transaction((tx) => cancelMaintenance(tx, cancel));
    expect(await inForce(made.id)).toHaveLength(made.occurrences.length - 1);
    const { maintenanceRules } = await part();
    expect(maintenanceRules.find(({ maintenanceId }) => maintenanceId === made.id)).toMatchObject({
      rrule: "FREQ=DAILY",
      canceledAt: null,
      exceptions: [{ plannedFor: second?.plannedFor, moved: null }],
    });
    expect(await toldOf(made.id)).toEqual(["scheduled", "canceled"]);
    await world.database.transaction((tx) =>
      cancelMaintenance(tx, { id: made.id, reason: null, ...by, now: clock.now() }),
    );
    expect((await shownOf(made.id)).every(({ status }) => status === "canceled")).toBe(true);
    expect(await inForce(made.id)).toEqual([]);
  });
});
