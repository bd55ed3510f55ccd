import { afterAll, beforeAll, expect, test } from "vitest";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { exportDesk } from "#lib/config/export/desk.ts";
import { loadConfig } from "#lib/config/load-config.ts";
import type { IncidentTemplateResource } from "#lib/contracts/incidents.ts";
import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import type { Config } from "#lib/core/definitions.ts";
import { listIncidentTemplates } from "#lib/read/incidents.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { API_SECRET_BOX } from "./api-world.ts";
import { cliOf, jsonOf } from "./cli-world.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

const BASE = `version: 1
page: { name: Acme, time_zone: Europe/Berlin }
locations: [{ id: fra }]
services:
  - id: shop
    name: Shop
    probes: [{ id: shop-home, type: http, url: "https://shop.example.com/", interval: 30s, locations: [fra] }]
`;
const inDays = (days: number): string =>
  `${new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)}T17:00:00Z`;
const once = (more = "") =>
  `  - { id: upgrade, title: Upgrade, services: [shop], start: ${inDays(3)}, duration: 2h, reminders: [24h]${more} }\n`;
const weekly = `  - { id: weekly, title: Patching, services: [shop], start: ${inDays(1)}, duration: 1h, rrule: "freq=weekly" }\n`;
const template = (title: string) =>
  `incident_templates: [{ id: down, name: Shop down, title: ${title}, message: We look into it., affected: [{ service: shop, impact: major }] }]\n`;

const load = (text: string) =>
  loadConfig({
    bytes: new TextEncoder().encode(BASE + text),
    env: {},
    judgeUrl: () => ({ verdict: "allow", stage: "name", reason: "test" }),
  });
const configOf = (text: string): Config => {
  const result = load(text);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.config;
};
const apply = (text: string) =>
  db.database.transaction((tx) =>
    applyConfig(tx, { config: configOf(text), now: systemClock.now(), secretBox: API_SECRET_BOX }),
  );
const maintenances = async (): Promise<MaintenanceResource[]> =>
  (await jsonOf(cliOf(db)("maintenance", "list", "--json"))) as unknown as MaintenanceResource[];
const templates = async (): Promise<IncidentTemplateResource[]> =>
  (await listIncidentTemplates(db.database, { limit: 20 })).data;

test("maintenances of the file are planned, worded anew, planned again at other times, and called off when they leave it", async () => {
  await apply(`maintenances:\n${once()}${weekly}`);
  const [first, other] = (await maintenances()).toSorted((a, b) => a.title.localeCompare(b.title)).toReversed();
  expect(first).toMatchObject({ title: "Upgrade", managedBy: "file", state: "scheduled", reminders: ["1d"] });
  expect(other).toMatchObject({ rrule: "FREQ=WEEKLY", timeZone: "Europe/Berlin" });
  expect((await apply(`maintenances:\n${once()}${weekly}`)).changed).toBe(false);

  await apply(`maintenances:\n${once(", description: Orders may take longer.")}${weekly}`);
  const edited = (await maintenances()).find(({ id }) => id === first?.id);
  expect(edited?.body).toBe("Orders may take longer.");

  await apply(`maintenances:\n${once(", translations: { ko: { title: 업그레이드 } }")}${weekly}`);
  const worded = async () => (await maintenances()).find(({ id }) => id === first?.id)?.translations;
  expect(await worded()).toEqual({ ko: { title: "업그레이드" } });
  await apply(`maintenances:\n${once()}${weekly}`);
  expect(await worded()).toEqual({});

  await apply(`maintenances:\n${once().replace("2h", "3h")}`);
  const after = await maintenances();
  expect(after.map(({ title, state, duration }) => [title, state, duration]).sort()).toEqual([
    ["Patching", "canceled", "1h"],
    ["Upgrade", "canceled", "2h"],
    ["Upgrade", "scheduled", "3h"],
  ]);
  expect(after.filter(({ managedBy }) => managedBy === "file")).toHaveLength(1);
});

test("what stands in the file is changed there, but its occurrences are in the hands of who is at work", async () => {
  const own = (await maintenances()).find(({ managedBy }) => managedBy === "file");
  const run = cliOf(db);
  for (const args of [
    ["edit", own?.id ?? "", "--title", "x"],
    ["cancel", own?.id ?? ""],
  ])
    expect((await run("maintenance", ...args)).err).toContain("stands in nines.yaml");
  const begun = run("maintenance", "update", own?.id ?? "", "--message", "Early.", "--status", "in_progress", "--json");
  expect(await jsonOf(begun)).toMatchObject({ state: "in_progress" });
});

test("templates of the file are written, changed and taken away with it; one made by hand of the same name stays", async () => {
  await apply(template("Down"));
  expect(await templates()).toEqual([expect.objectContaining({ id: "down", title: "Down", managedBy: "file" })]);
  await apply(template("Shop is down"));
  expect((await templates()).map(({ title }) => title)).toEqual(["Shop is down"]);
  await apply("");
  expect(await templates()).toEqual([]);
});

test("what cannot be is told with its place, and the sections are written back as they were read", () => {
  const faulty = load(
    `${template("Down").replace("service: shop", "service: shpo")}maintenances:\n${once().replace("2h", "40d")}${weekly.replace("freq=weekly", "freq=secondly")}${once().replace(/start: [^,]+/, "start: tomorrow")}`,
  );
  const paths = faulty.ok ? [] : faulty.errors.map(({ path }) => path);
  expect(paths.sort()).toEqual(
    [
      "incident_templates[0].affected[0].service",
      "maintenances[0].duration",
      "maintenances[1].rrule",
      "maintenances[2].id",
      "maintenances[2].start",
    ].sort(),
  );
  const config = configOf(`sandbox: true\n${template("Down")}maintenances:\n${once()}${weekly}`);
  const written = Object.entries(exportDesk(config)).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}: ${JSON.stringify(value)}\n`],
  );
  const again = configOf(written.join(""));
  expect(exportDesk(again)).toEqual(exportDesk(config));
});
