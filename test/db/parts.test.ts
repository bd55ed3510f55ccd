import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { deletePartRunsBefore, deleteSilentParts } from "#db/queries/parts.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { ingestRuns } from "#lib/commands/ingest-runs.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { pushedRun, readPushedRun } from "#lib/contracts/ingest-run.ts";
import type { Run, RunPart } from "#lib/core/outcome.ts";
import { addMs, durationUs, epochMs, MINUTE_MS } from "#lib/core/units.ts";
import { decodeRecord, encodeRun } from "#probes/spool/codec.ts";
import { sampleConfig, sampleProbe, sampleService } from "#test/support/sample-config.ts";
import { sampleRun } from "#test/support/sample-run.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

const NOW = epochMs(Date.UTC(2026, 10, 21, 12, 0, 30));
let db: TestDatabase;
beforeEach(async () => {
  db = await testDatabase();
  const config = sampleConfig({
    services: [sampleService({ probes: [sampleProbe(), sampleProbe({ id: "second" })] })],
  });
  const secretBox = createSecretBox(randomBytes(32));
  await db.database.transaction((tx) => applyConfig(tx, { config, now: NOW, secretBox }));
});
afterEach(() => db.drop());

const part = (key: string, changes: Partial<RunPart> = {}): RunPart => ({
  key,
  name: `The ${key}`,
  class: "ok",
  detail: null,
  durationUs: durationUs(1_000),
  httpStatus: 200,
  failures: [],
  ...changes,
});
const runWith = (
  parts: readonly RunPart[],
  changes: Partial<Omit<Run, "outcome" | "scheduledAt">> & { at?: number } = {},
) => {
  const { at = NOW, ...rest } = changes;
  return sampleRun({ scheduledAt: at, parts, ...rest });
};
const ingest = (runs: readonly Run[]) => ingestRuns(db.database, { runs, now: NOW });
const history = () =>
  db.database.read(
    (sql) => sql`select probe_id, part_key, part_name, location_id, scheduled_at, class, vote, detail, http_status,
                        duration_us, failures
                   from part_run_details order by probe_id, part_key, scheduled_at`,
  );
const count = async (table: "probe_parts" | "part_runs") =>
  (await db.database.read((sql) => sql<{ n: number }[]>`select count(*)::int4 as n from ${sql(table)}`))[0]?.n;

test("each part has a history of its own, with every value that it had", async () => {
  const failures = [{ assertion: "health status", expected: "pass or warn", seen: 'DOWN: "no" connection\n한글' }];
  const down = part("db", { class: "body_mismatch", detail: "health DOWN", httpStatus: 503, failures });
  await ingest([
    runWith([part("db"), part("cache")], { at: NOW - MINUTE_MS }),
    runWith([down, part("cache")]),
    runWith([part("db")], { probeId: "second" }),
    sampleRun({ scheduledAt: NOW - 2 * MINUTE_MS }),
  ]);
  const rows = await history();
  expect(rows.map((row) => `${row["probe_id"]} ${row["part_key"]} ${row["class"]}`)).toEqual([
    "second db ok",
    "shop-home cache ok",
    "shop-home cache ok",
    "shop-home db ok",
    "shop-home db body_mismatch",
  ]);
  expect(rows.at(-1)).toEqual({
    probe_id: "shop-home",
    part_key: "db",
    part_name: "The db",
    location_id: "fra",
    scheduled_at: new Date(NOW),
    class: "body_mismatch",
    vote: "bad",
    detail: "health DOWN",
    http_status: 503,
    duration_us: 1_000,
    failures,
  });
});

test("a replay is no change, within a batch and after it, and a name follows the newest run", async () => {
  const run = runWith([part("db"), part("db", { class: "timeout" })]);
  expect(await ingest([run, run])).toMatchObject({ inserted: 1, duplicates: 1 });
  expect(await ingest([run])).toMatchObject({ inserted: 0, duplicates: 1 });
  expect(await count("part_runs")).toBe(1);
  await ingest([runWith([part("db", { name: "Database" })], { at: NOW - 1_000 })]);
  expect((await history()).map((row) => row["part_name"])).toEqual(["Database", "Database"]);
  expect(await count("probe_parts")).toBe(1);
});

test("two processes that meet the same new parts at once store both", async () => {
  const keys = Array.from({ length: 50 }, (_, i) => part(`part-${i}`));
  await Promise.all([
    ingest([runWith(keys)]),
    ingest([runWith(keys.toReversed(), { at: NOW - 1_000 })]),
    ingest([runWith(keys, { at: NOW - 2_000 })]),
  ]);
  expect(await count("probe_parts")).toBe(50);
  expect(await count("part_runs")).toBe(150);
});

test("odd keys, names and texts are stored or left out, and never keep a run from being stored", async () => {
  const odd = [
    part("\0"),
    part("a\0b", { name: "\ud800" }),
    part("x".repeat(5_000), { detail: "\0".repeat(10) }),
    part('"{},\\', { httpStatus: 99_999, durationUs: durationUs(1e12) }),
    ...Array.from({ length: 500 }, (_, i) => part(`many-${i}`)),
  ];
  expect(await ingest([runWith(odd)])).toMatchObject({ inserted: 1 });
  expect(await count("part_runs")).toBe(99);
});

test("a target that names its entries anew each time makes a bounded number of parts", async () => {
  for (let i = 0; i < 12; i += 1)
    await ingest([
      runWith(
        Array.from({ length: 100 }, (_, j) => part(`entry-${i}-${j}`)),
        { at: NOW - i * 1_000 },
      ),
    ]);
  expect(await count("probe_parts")).toBe(1_000);
});

test("parts are kept on the way through the spool and from an agent", async () => {
  const run = runWith([part("db", { class: "timeout", detail: "first_byte" })]);
  expect(decodeRecord(encodeRun(run))).toEqual([run]);
  expect(readPushedRun(JSON.parse(JSON.stringify(pushedRun(run))))).toEqual({ run });
  expect(readPushedRun({ ...pushedRun(run), parts: [{ key: "" }] })).toHaveProperty("fault");
});

test("old rows go, and parts that nothing tells about any more with them", async () => {
  await ingest([runWith([part("old"), part("both")], { at: NOW - 2 * MINUTE_MS }), runWith([part("both")])]);
  const before = addMs(NOW, -MINUTE_MS);
  await db.database.transaction(async (tx) => {
    expect(await deletePartRunsBefore(tx, { before, limit: 1 })).toBe(1);
    expect(await deletePartRunsBefore(tx, { before, limit: 10 })).toBe(1);
    expect(await deleteSilentParts(tx, { before, limit: 10 })).toBe(0);
    await tx`update probe_parts set created_at = ${new Date(NOW - 2 * MINUTE_MS)}`;
    expect(await deleteSilentParts(tx, { before, limit: 10 })).toBe(1);
  });
  expect((await history()).map((row) => row["part_key"])).toEqual(["both"]);
});
