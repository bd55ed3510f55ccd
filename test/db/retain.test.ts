import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensurePartitions, listPartitions } from "#db/queries/partitions.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { createSignInLink } from "#lib/commands/sign-in.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, durationMs, epochMs, HOUR_MS } from "#lib/core/units.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { acquireLease, releaseLease } from "#lib/engine/lease.ts";
import { runRetainOnce } from "#lib/engine/retain.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { sampleConfig, sampleService, sampleSlo } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

const NOW = epochMs(Date.UTC(2027, 4, 20, 12));
const TODAY = epochMs(Date.UTC(2027, 4, 20));
let db: TestDatabase;
let lease: Lease;
beforeEach(async () => {
  db = await testDatabase();
  lease = (await acquireLease(db.database, { name: "engine", holder: "test", ttlMs: 60_000 })) as Lease;
});
afterEach(() => db.drop());

const retain = (now: EpochMs = NOW) => runRetainOnce({ database: db.database, lease, now, log: silentLogger });
const applyWindow = (days: number) =>
  db.database.transaction((tx) =>
    applyConfig(tx, {
      config: sampleConfig({
        services: [
          sampleService({ slos: [sampleSlo({ window: { kind: "rolling", durationMs: durationMs(days * DAY_MS) } })] }),
        ],
      }),
      now: NOW,
      secretBox: createSecretBox(randomBytes(32)),
    }),
  );
/** Days of `runs` relative to today, oldest first, as far as they lie before or within the coming week. */
const daysKept = async () =>
  (await db.database.read((sql) => listPartitions(sql)))
    .filter((partition) => partition.table === "runs")
    .map((partition) => (partition.from - TODAY) / DAY_MS);
const idsOf = async (table: "events" | "deliveries" | "attempts") =>
  (
    await db.database.read(
      (sql) =>
        sql<
          { id: string }[]
        >`select row_to_json(t) ->> ${table === "attempts" ? "delivery_id" : "id"} as id from ${sql(table)} t order by 1`,
    )
  ).map((row) => row.id);

test("partitions reach from yesterday to three days ahead, and a second round changes nothing", async () => {
  await retain();
  expect((await daysKept()).filter((day) => day >= -1)).toEqual([-1, 0, 1, 2, 3]);
  const first = await daysKept();
  await retain();
  expect(await daysKept()).toEqual(first);
});

test.each([
  { name: "without SLOs raw runs are kept for 35 days", windowDays: null, oldest: -35 },
  { name: "a window of 28 days keeps 35 days", windowDays: 28, oldest: -35 },
  { name: "a window of 90 days keeps 97 days", windowDays: 90, oldest: -97 },
])("$name", async ({ windowDays, oldest }) => {
  if (windowDays !== null) await applyWindow(windowDays);
  const span = { from: addMs(TODAY, (oldest - 2) * DAY_MS), until: addMs(TODAY, (oldest + 1) * DAY_MS) };
  await db.database.transaction((tx) => ensurePartitions(tx, span));
  // Noon: the day that began 35 days and 12 hours ago is still needed in part.
  expect((await retain()).rawSince).toBe(addMs(TODAY, oldest * DAY_MS));
  expect((await daysKept())[0]).toBe(oldest);
});

test("marks of minutes whose runs are dropped go with them", async () => {
  await db.database.transaction(
    (tx) => tx`insert into dirty_minutes (minute, location_no)
               values (${new Date(TODAY - 36 * DAY_MS)}, 1), (${new Date(TODAY - 35 * DAY_MS)}, 1)`,
  );
  await retain();
  const left = await db.database.read((sql) => sql<{ minute: Date }[]>`select minute from dirty_minutes`);
  expect(left.map((row) => row.minute.getTime())).toEqual([TODAY - 35 * DAY_MS]);
});

test("finished deliveries go with their attempts and events after 30 days; waiting and young ones stay", async () => {
  await applyWindow(28);
  const old = new Date(NOW - 30 * DAY_MS - 1);
  const young = new Date(NOW - 30 * DAY_MS + HOUR_MS);
  await db.database.transaction(async (tx) => {
    const add = async (id: string, at: Date, state: "delivered" | "dead" | "pending" | null) => {
      await tx`insert into events (id, type, subject, dedup_key, data, occurred_at, created_at)
               values (${`evt_${id}`}, 'alert.firing', 's', ${id}, '{}', ${at}, ${at})`;
      if (state === null) return;
      await tx`insert into deliveries (id, event_id, endpoint_id, sequence, state, first_due_at, next_attempt_at, finished_at)
               select ${`dlv_${id}`}, ${`evt_${id}`}, 'oncall', count(*) + 1, ${state}, ${at}, ${at}, ${state === "pending" ? null : at}
                 from deliveries`;
      await tx`insert into attempts (delivery_id, number, started_at) values (${`dlv_${id}`}, 1, ${at})`;
    };
    await add("old-done", old, "delivered");
    await add("old-dead", old, "dead");
    await add("old-waiting", old, "pending");
    await add("old-alone", old, null);
    await add("young-done", young, "delivered");
  });
  expect(await retain()).toMatchObject({ deliveries: 2, events: 3 });
  expect(await idsOf("deliveries")).toEqual(["dlv_old-waiting", "dlv_young-done"]);
  expect(await idsOf("attempts")).toEqual(["dlv_old-waiting", "dlv_young-done"]);
  expect(await idsOf("events")).toEqual(["evt_old-waiting", "evt_young-done"]);
});

test("what an alert told of stays while it fires, and goes when it has ended", async () => {
  await applyWindow(28);
  const old = new Date(NOW - 31 * DAY_MS);
  await db.database.transaction(async (tx) => {
    const [slo] = await tx<{ id: string }[]>`select id from slos limit 1`;
    await tx`insert into alerts (id, slo_id, pair_id, number, severity, state, fired_at, firing_reading)
             values ('alt_1', ${slo?.id ?? ""}, 'page_1h_5m', 1, 'page', 'firing', ${old}, '{}')`;
    for (const key of ["told", "silenced"])
      await tx`insert into events (id, type, subject, dedup_key, data, occurred_at, created_at)
               values (${`evt_${key}`}, 'alert.firing', 'alt_1', ${key}, '{}', ${old}, ${old})`;
    await tx`insert into deliveries (id, event_id, endpoint_id, sequence, state, first_due_at, next_attempt_at, finished_at)
             values ('dlv_told', 'evt_told', 'oncall', 1, 'delivered', ${old}, ${old}, ${old})`;
  });
  expect(await retain()).toMatchObject({ deliveries: 0, events: 0 });
  await db.database.transaction(
    (tx) => tx`update alerts set state = 'resolved', resolved_at = ${new Date(NOW)}, resolve_reason = 'recovered'`,
  );
  expect(await retain()).toMatchObject({ deliveries: 1, events: 2 });
});

test("more than one batch of old events goes in one round", async () => {
  await db.database.transaction(
    (tx) => tx`insert into events (id, type, subject, dedup_key, data, occurred_at, created_at)
               select 'evt_' || i, 'alert.firing', 's', 'k' || i, '{}', ${new Date(0)}, ${new Date(0)}
                 from generate_series(1, 2500) as i`,
  );
  expect(await retain()).toMatchObject({ events: 2_500 });
});

test("links and sessions that let nobody in go a day later, live ones stay", async () => {
  const link = (now: EpochMs) => createSignInLink(db.database, { now, actor: "cli", randomBytes });
  await link(addMs(NOW, -2 * DAY_MS));
  await link(NOW);
  await db.database.transaction(
    (tx) => tx`insert into sessions (token_sha256, last_seen_at, expires_at, revoked_at) values
      (${"a".repeat(64)}, ${new Date(NOW)}, ${new Date(NOW + DAY_MS)}, null),
      (${"b".repeat(64)}, ${new Date(NOW - 3 * DAY_MS)}, ${new Date(NOW + DAY_MS)}, null),
      (${"c".repeat(64)}, ${new Date(NOW)}, ${new Date(NOW + DAY_MS)}, ${new Date(NOW - 2 * DAY_MS)}),
      (${"d".repeat(64)}, ${new Date(NOW)}, ${new Date(NOW - 2 * DAY_MS)}, null)`,
  );
  expect(await retain()).toMatchObject({ links: 1, sessions: 3 });
});

test("an instance that is not the leader deletes nothing", async () => {
  await db.database.transaction((tx) =>
    ensurePartitions(tx, { from: addMs(TODAY, -40 * DAY_MS), until: addMs(TODAY, -39 * DAY_MS) }),
  );
  await releaseLease(db.database, lease);
  await expect(retain()).rejects.toSatisfy((error) => errorCodeOf(error) === "LEASE_LOST");
  expect((await daysKept())[0]).toBe(-40);
});
