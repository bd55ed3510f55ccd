import { afterAll, beforeAll, expect, test } from "vitest";
import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import { noticeForSubscriber } from "#lib/core/subscribers/notice.ts";
import { epochMs } from "#lib/core/units.ts";
import { readMaintenancePart } from "#lib/engine/publish/maintenances.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { fillWithServices } from "./api-world.ts";
import { cliOf, jsonOf } from "./cli-world.ts";

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

test("its texts stand in other languages too: in the API, on the page, and in what subscribers hear", async () => {
  const { id } = await schedule("--start", "1m", "--for", "1h", "--description", "Orders may take longer.");
  await maintenance(
    "edit",
    id,
    "--translate",
    "ko.title=데이터베이스 업그레이드",
    "--translate",
    "ru.description=Дольше.",
  );
  const edited = await maintenance("edit", id, "--translate", "ko.title=DB 업그레이드");
  expect(edited.translations).toEqual({ ko: { title: "DB 업그레이드" }, ru: { body: "Дольше." } });
  const said = await maintenance(
    ...["update", id, "--message", "It begins.", "--status", "in_progress", "--translate", "ko.message=시작합니다."],
  );
  expect(said.updates[0]?.translations).toEqual({ ko: { message: "시작합니다." } });
  const { maintenances } = await db.database.read((sql) => readMaintenancePart(sql, epochMs(Date.now())));
  const shown = maintenances.find((one) => one.maintenanceId === id);
  expect(shown?.translations).toEqual({
    ko: { name: "DB 업그레이드", description: "Orders may take longer." },
    ru: { name: "Database upgrade", description: "Дольше." },
  });
  expect(shown?.updates[0]?.translations).toEqual({ ko: { body: "시작합니다." } });
  const event = { id: "evt_1", type: "maintenance.updated", subject: id, data: said, occurredAt: epochMs(Date.now()) };
  const naming = {
    ...{ language: "ko" as const, pageName: "Acme", pageUrl: "https://status.example.com" },
    ...{ instant: String, serviceName: String, incidentPath: String },
  };
  const notice = noticeForSubscriber(event, naming);
  expect(notice.title).toContain("DB 업그레이드");
  expect(notice.text).toBe("시작합니다.");
  const wrong = await run("maintenance", "edit", id, "--translate", "de.title=Umzug");
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain('ko.title="TEXT"');
});
