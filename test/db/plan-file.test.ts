import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createFilePlanner, planFile } from "#lib/commands/config/plan-file.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { loadConfig } from "#lib/config/load-config.ts";
import { ConfigPlanResource } from "#lib/contracts/config-plan.ts";
import { AppError } from "#lib/core/errors.ts";
import { epochMs } from "#lib/core/units.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { testDatabase } from "#test/support/test-database.ts";

const FILE = `
version: 1
locations: [{ id: fra }]
telemetry: { trace_url: "https://tempo.example/trace/{traceId}" }
services:
  - id: shop
    name: Shop
    probes: [{ id: home, type: http, url: "https://shop.example/", interval: 30s, locations: [fra] }]
`;
const secretBox = createSecretBox(new Uint8Array(32));
const clock = createFakeClock(epochMs(Date.parse("2026-11-22T10:00:00Z")));
let world: Awaited<ReturnType<typeof testDatabase>>;
let database: Database;
let text = FILE;
let loads = 0;
const load = async () => {
  loads += 1;
  return loadConfig({ bytes: Buffer.from(text), env: {}, judgeUrl });
};
const file = { name: "nines.yaml", signature: async () => text, load };
const plan = async () => ConfigPlanResource.parse(await planFile(database, { file, secretBox, clock }));

beforeAll(async () => {
  world = await testDatabase();
  database = world.database;
  const loaded = await load();
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  await database.transaction((tx) => applyConfig(tx, { config: loaded.config, now: clock.now(), secretBox }));
});
afterAll(() => world.drop());

describe("the file beside what is in force", () => {
  test("is the same right after it was applied", async () => {
    expect(await plan()).toMatchObject({ state: "same", version: "1", changes: [], faults: [], file: "nines.yaml" });
  });

  test("differs by what an edit would change, field by field", async () => {
    text = FILE.replace("interval: 30s", "interval: 60s");
    expect(await plan()).toMatchObject({
      state: "differs",
      changes: [{ action: "change", kind: "probe", id: "home", fields: [{ from: 30_000, to: 60_000 }] }],
    });
  });

  test("is faulty with place, line and cure of each fault, and nothing is planned", async () => {
    text = FILE.replace("interval: 30s", "interval: 30").replace("{traceId}", "x");
    const { state, faults, faultCount, changes } = await plan();
    expect([state, faultCount, changes]).toEqual(["faulty", 2, []]);
    expect(faults[0]).toMatchObject({ path: "telemetry.trace_url", kind: "format", line: 4 });
    expect(faults[1]).toMatchObject({ path: "services[0].probes[0].interval", kind: "type", line: 8 });
    expect(faults.every(({ cure }) => cure.length > 10)).toBe(true);
  });

  test("is unreadable, or none", async () => {
    const gone = {
      ...file,
      load: () => Promise.reject(new AppError("CONFIG_UNREADABLE", "nines.yaml cannot be read (ENOENT).")),
    };
    const of = (one: typeof file | null) => planFile(database, { file: one, secretBox, clock });
    expect((await of(gone)).state).toBe("unreadable");
    expect((await of(null)).state).toBe("none");
  });

  test("pages work it out anew only when the file has changed, or after a minute", async () => {
    const planned = createFilePlanner(database, { file, secretBox, clock });
    text = FILE;
    const before = loads;
    await Promise.all([planned(), planned()]);
    await planned();
    expect(loads - before).toBeLessThanOrEqual(2);
    const settled = loads;
    expect((await planned()).state).toBe("same");
    expect(loads).toBe(settled);
    text = FILE.replace("name: Shop", "name: Shop two");
    expect((await planned()).state).toBe("differs");
    expect(loads).toBe(settled + 1);
  });
});
