import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listPartitions } from "#db/queries/partitions.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createIngestCache, ingestRuns } from "#lib/commands/ingest-runs.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import type { Run } from "#lib/core/outcome.ts";
import { OUTCOME_CLASSES } from "#lib/core/outcome.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, durationUs, epochMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { sampleConfig, sampleProbe, sampleService } from "#test/support/sample-config.ts";
import { sampleRun } from "#test/support/sample-run.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

const NOW = epochMs(Date.UTC(2026, 10, 21, 12, 0, 30));
let db: TestDatabase;
beforeEach(async () => {
  db = await testDatabase();
  const config = sampleConfig({
    locations: [
      { id: "fra", name: "Frankfurt" },
      { id: "sel", name: "Seoul" },
    ],
    services: [sampleService({ probes: [sampleProbe({ locations: ["fra", "sel"] }), sampleProbe({ id: "second" })] })],
  });
  const secretBox = createSecretBox(randomBytes(32));
  await db.database.transaction((tx) => applyConfig(tx, { config, now: NOW, secretBox }));
});
afterEach(() => db.drop());

const ingest = (runs: readonly Run[], now = NOW) => ingestRuns(db.database, { runs, now });
type Mark = { minute: Date; location_no: number; marks: number };
const marks = () =>
  db.database.read((sql) => sql<Mark[]>`select minute, location_no, marks from dirty_minutes order by 1, 2`);
const details = () =>
  db.database.read((sql) => sql`select * from run_details order by scheduled_at, probe_id, location_id`);

test("a run is stored with every value that it had", async () => {
  const run = sampleRun({
    scheduledAt: NOW - 1_234,
    outcome: {
      class: "body_mismatch",
      detail: 'expected "ok"\nsaw \\ and {null} and 한글',
      certificateExpiresAt: addMs(NOW, 90 * DAY_MS),
      phasesUs: {
        dns: durationUs(1),
        connect: durationUs(2),
        tls: durationUs(3),
        firstByte: durationUs(4),
        transfer: durationUs(5),
      },
      failures: [{ assertion: "json_path $.status eq", expected: "ok", seen: '"down"' }],
    },
  });
  expect(await ingest([run])).toEqual({ inserted: 1, duplicates: 0, late: 0, refused: 0 });
  const [row] = await details();
  expect(row).toMatchObject({
    probe_id: "shop-home",
    location_id: "fra",
    scheduled_at: new Date(run.scheduledAt),
    started_at: new Date(run.startedAt),
    ingested_at: new Date(NOW),
    class: "body_mismatch",
    vote: "bad",
    detail: run.outcome.detail,
    http_status: 200,
    duration_us: 12_345,
    dns_us: 1,
    connect_us: 2,
    tls_us: 3,
    first_byte_us: 4,
    transfer_us: 5,
    bytes_read: 2,
    address: "192.0.2.1",
    certificate_expires_at: new Date(NOW + 90 * DAY_MS),
    trace_id: "0af76519-16cd-43dd-8448-eb211c80319c",
    is_late: false,
    failures: run.outcome.failures,
  });
});

test("when a run started is read back to the millisecond, also where the short form does not hold it", async () => {
  const delays = [-5_000, 0, 1, 2 ** 15 - 1, 2 ** 15, 90_000];
  const at = (index: number): EpochMs => addMs(NOW, -600_000 + index * 1_000);
  await ingest(
    delays.map((delayMs, index) => ({
      ...sampleRun({ scheduledAt: at(index) }),
      startedAt: addMs(at(index), delayMs),
    })),
  );
  const found = (await details()).map((row) => Number(row.started_at) - Number(row.scheduled_at));
  expect(found).toEqual(delays);
  const short = await db.database.read((sql) => sql`select start_delay_ms from runs where started_at is null`);
  expect(short).toHaveLength(3);
});

test("a batch with one run that is stored already and one that comes twice stores the rest", async () => {
  const [a, b, c] = [1, 2, 3].map((n) => sampleRun({ scheduledAt: NOW - n * 1_000 })) as [Run, Run, Run];
  await ingest([b]);
  expect(await ingest([a, b, c, c])).toEqual({ inserted: 2, duplicates: 2, late: 0, refused: 0 });
  expect(await details()).toHaveLength(3);
});

test("a batch in which nothing but the necessary is known is stored too", async () => {
  const bare = sampleRun({
    scheduledAt: NOW,
    traceId: null,
    outcome: {
      class: "skipped",
      durationUs: durationUs(0),
      httpStatus: null,
      bytesRead: 0,
      address: null,
      phasesUs: { dns: null, connect: null, tls: null, firstByte: null, transfer: null },
    },
  });
  expect(await ingest([bare])).toMatchObject({ inserted: 1 });
  expect((await details())[0]).toMatchObject({
    class: "skipped",
    http_status: null,
    trace_id: null,
    detail: null,
    failures: null,
  });
  expect(await ingest([])).toEqual({ inserted: 0, duplicates: 0, late: 0, refused: 0 });
});

test("every class of outcome keeps its name on the way into the database and out", async () => {
  await ingest(OUTCOME_CLASSES.map((name, index) => sampleRun({ scheduledAt: NOW - index, outcome: { class: name } })));
  expect((await details()).map((row) => row.class as string).toReversed()).toEqual([...OUTCOME_CLASSES]);
});

test("a replay changes nothing: no row, no mark", async () => {
  const runs = Array.from({ length: 50 }, (_, index) => sampleRun({ scheduledAt: NOW - index * 1_000 }));
  await ingest(runs);
  const before = [await details(), await marks()];
  expect(await ingest(runs.toReversed(), addMs(NOW, 1_000))).toEqual({
    inserted: 0,
    duplicates: 50,
    late: 0,
    refused: 0,
  });
  expect([await details(), await marks()]).toEqual(before);
});

test("for any batches in any order, with repeats and at once, each run is stored once", async () => {
  const key = fc.record({
    probeId: fc.constantFrom("shop-home", "second"),
    locationId: fc.constantFrom("fra", "sel"),
    slot: fc.integer({ min: 0, max: 30 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(key, { maxLength: 20 }), { minLength: 1, maxLength: 6 }), async (batches) => {
      // Not truncated: that makes new files for every partition, which takes seconds on a busy disk.
      await db.database.transaction(async (tx) => {
        await tx`delete from runs`;
        await tx`delete from dirty_minutes`;
      });
      const runsOf = (keys: (typeof batches)[number]) =>
        keys.map(({ slot, ...rest }) => sampleRun({ ...rest, scheduledAt: NOW - slot * 7_000 }));
      // All of them have ended before anything is judged: what is still under way would be found by the next case.
      const settled = await Promise.allSettled(batches.map((batch) => ingest(runsOf(batch))));
      const results = settled.map((one) => {
        if (one.status === "rejected") throw one.reason;
        return one.value;
      });
      const expected = new Set(batches.flat().map((entry) => JSON.stringify(entry))).size;
      expect(results.reduce((sum, result) => sum + result.inserted, 0)).toBe(expected);
      expect(results.reduce((sum, result) => sum + result.inserted + result.duplicates, 0)).toBe(batches.flat().length);
      expect(await details()).toHaveLength(expected);
    }),
    // A failure is told as it came: each smaller case would cost as much again.
    { numRuns: 100, endOnFailure: true },
  );
});

test("each new run's minute is marked for its location, once a batch", async () => {
  const minute = Math.floor(NOW / MINUTE_MS) * MINUTE_MS;
  await ingest([
    sampleRun({ scheduledAt: minute }),
    sampleRun({ scheduledAt: minute + 29_999 }),
    sampleRun({ scheduledAt: minute - 1, locationId: "sel" }),
  ]);
  await ingest([sampleRun({ scheduledAt: minute + 5 })]);
  expect((await marks()).map((mark) => [mark.minute.getTime(), mark.location_no, mark.marks])).toEqual([
    [minute - MINUTE_MS, 2, 1],
    [minute, 1, 2],
  ]);
});

test("a run of a closed minute is late, keeps its own minute and marks it anew", async () => {
  const closedUntil = new Date(Math.floor(NOW / MINUTE_MS) * MINUTE_MS);
  await db.database.transaction((tx) => tx`insert into rollup_progress (closed_until) values (${closedUntil})`);
  const result = await ingest([
    sampleRun({ scheduledAt: closedUntil.getTime() - 1 }),
    sampleRun({ scheduledAt: closedUntil.getTime() }),
  ]);
  expect(result).toEqual({ inserted: 2, duplicates: 0, late: 1, refused: 0 });
  expect((await details()).map((row) => row.is_late as boolean)).toEqual([true, false]);
  expect(await marks()).toHaveLength(2);
});

test("what cannot be true is refused, counted and logged, and the rest is stored", async () => {
  const told: object[] = [];
  const log = { ...silentLogger, warn: (fields: object) => void told.push(fields) };
  const runs = [
    sampleRun({ scheduledAt: NOW + 60_000 }),
    sampleRun({ scheduledAt: NOW + 60_001 }),
    sampleRun({ scheduledAt: NOW, probeId: "nobody" }),
    sampleRun({ scheduledAt: NOW, locationId: "nowhere" }),
    sampleRun({ scheduledAt: NOW - 35 * DAY_MS - 1 }),
  ];
  expect(await ingestRuns(db.database, { runs, now: NOW, log })).toEqual({
    inserted: 1,
    duplicates: 0,
    late: 0,
    refused: 4,
  });
  expect(told.map((fields) => "reason" in fields && fields.reason)).toEqual([
    "future",
    "unknown_probe",
    "unknown_location",
    "too_old",
  ]);
});

test("a probe that was unknown is found as soon as it is configured", async () => {
  const cache = createIngestCache();
  const send = () =>
    ingestRuns(db.database, { runs: [sampleRun({ scheduledAt: NOW, probeId: "third" })], now: NOW, cache });
  expect(await send()).toMatchObject({ inserted: 0, refused: 1 });
  await db.database.transaction(
    (tx) => tx`insert into probes (id, service_id, position, version, definition) values ('third', 'shop', 9, 1, '{}')`,
  );
  expect(await send()).toMatchObject({ inserted: 1, refused: 0 });
});

test("a text with NUL or half a character does not stop its batch", async () => {
  const odd = "a\u0000b\ud800";
  const outcome = { detail: odd, failures: [{ assertion: odd, expected: odd, seen: odd }] };
  expect(await ingest([sampleRun({ scheduledAt: NOW, outcome })])).toMatchObject({ inserted: 1 });
  expect((await details())[0]?.detail).toBe("ab\ufffd");
});

test("runs of days without a partition make it, once, and land in their own minute", async () => {
  const old = addMs(NOW, -20 * DAY_MS);
  const before = await db.database.read((sql) => listPartitions(sql));
  expect(before.some((partition) => partition.from <= old && old < partition.from + DAY_MS)).toBe(false);
  expect(await ingest([sampleRun({ scheduledAt: old }), sampleRun({ scheduledAt: NOW })])).toMatchObject({
    inserted: 2,
  });
  expect(await ingest([sampleRun({ scheduledAt: old + 1 })])).toMatchObject({ inserted: 1 });
  expect((await details()).map((row) => (row.scheduled_at as Date).getTime())).toEqual([old, old + 1, NOW]);
});

test("the first run of a probe from a location is noted, and an earlier one that comes late moves it back", async () => {
  const cache = createIngestCache();
  const send = (...at: number[]) =>
    ingestRuns(db.database, { runs: at.map((scheduledAt) => sampleRun({ scheduledAt })), now: NOW, cache });
  const first = async () =>
    (
      await db.database.read((sql) => sql<{ first_scheduled_at: Date }[]>`select first_scheduled_at from first_runs`)
    ).map((row) => row.first_scheduled_at.getTime());
  await send(NOW - 1_000, NOW - 2_000);
  expect(await first()).toEqual([NOW - 2_000]);
  await send(NOW);
  expect(await first()).toEqual([NOW - 2_000]);
  await send(NOW - HOUR_MS);
  expect(await first()).toEqual([NOW - HOUR_MS]);
  await ingest([sampleRun({ scheduledAt: NOW - 3_000 })]);
  expect(await first()).toEqual([NOW - HOUR_MS]);
});
