import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { fillWithServices } from "./api-world.ts";
import { cliOf, jsonOf } from "./cli-world.ts";

vi.setConfig({ testTimeout: 20_000, hookTimeout: 20_000 });
const HOUR_MS = 3_600_000;
let db: TestDatabase;
let run: ReturnType<typeof cliOf>;

beforeAll(async () => {
  db = await testDatabase();
  await fillWithServices(db);
  run = cliOf(db);
});
afterAll(() => db.drop());

const maintenance = async (...args: readonly string[]): Promise<MaintenanceResource> =>
  (await jsonOf(run("maintenance", ...args, "--json"))) as unknown as MaintenanceResource;
const schedule = (...more: readonly string[]) =>
  maintenance("schedule", "--title", "Database upgrade", "--service", "svc-00", ...more);

test("maintenance goes by the commands of docs/maintenance.md from its plan to its early end", async () => {
  const words = ["--description", "Orders may take longer.", "--remind", "24h", "--remind", "1h"];
  const { id, state } = await schedule("--start", "2h", "--for", "2h", ...words);
  expect(state).toBe("scheduled");
  const edited = await maintenance("edit", id, "--title", "Upgrade", "--impact", "minor", "--remind", "30m");
  expect(edited).toMatchObject({ title: "Upgrade", impact: "minor", body: "Orders may take longer." });
  const moved = await maintenance("move", id, "--start", "3h");
  expect(Date.parse(moved.occurrences[0]?.startsAt ?? "") - Date.now()).toBeGreaterThan(2.9 * HOUR_MS);
  expect((await maintenance("update", id, "--message", "We begin early.", "--status", "in_progress")).state).toBe(
    "in_progress",
  );
  const looking = ["--message", "The new version runs; we are checking it.", "--status", "verifying"];
  const checked = await maintenance("update", id, ...looking);
  expect(checked.occurrences[0]?.state).toBe("verifying");
  await maintenance("move", id, "--end", "1h");
  expect((await maintenance("update", id, "--message", "All done.", "--status", "completed")).state).toBe("completed");
  const { out } = await run("maintenance", "list");
  expect(out).toContain(`${id}  completed`);
});

test("one occurrence of a rule is canceled and another one moved, by when they were first meant to begin", async () => {
  const start = new Date(Math.ceil(Date.now() / HOUR_MS) * HOUR_MS + 24 * HOUR_MS);
  const at = (days: number) => new Date(start.getTime() + days * 24 * HOUR_MS).toISOString();
  const rule = ["--rrule", "FREQ=DAILY;COUNT=4", "--zone", "Etc/UTC"];
  const { id } = await schedule("--start", start.toISOString(), "--for", "1h", ...rule);
  await maintenance("cancel", id, "--occurrence", at(1), "--reason", "A holiday.");
  const moved = await maintenance("move", id, "--occurrence", at(2), "--start", at(2.5));
  expect(moved.occurrences.map(({ plannedFor, startsAt, state }) => [plannedFor, startsAt, state])).toEqual([
    [at(0), at(0), "scheduled"],
    [at(1), at(1), "canceled"],
    [at(2), at(2.5), "scheduled"],
    [at(3), at(3), "scheduled"],
  ]);
  expect((await maintenance("cancel", id)).state).toBe("canceled");
});

test.each([
  { args: ["schedule", "--title", "x", "--start", "1h", "--for", "1h"], says: "--service" },
  { args: ["schedule", "--title", "x", "--service", "svc-00", "--start", "1h"], says: "--for" },
  { args: ["update", "mnt_x"], says: "--message" },
  { args: ["update", "mnt_x", "--message", "x", "--status", "over"], says: "--status" },
  { args: ["move", "mnt_x"], says: "--start or --end" },
  { args: ["edit"], says: "id" },
  { args: ["list", "--for", "1h"], says: "--for" },
])("maintenance $args is wrong usage and says why", async ({ args, says }) => {
  const { code, out, err } = await run("maintenance", ...args);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain(says);
});
