import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { beginHearing, deleteOldPings, insertPings, prolongHearing } from "#db/queries/heartbeats.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import type { HeartbeatProbeDefinition } from "#lib/core/definitions.ts";
import type { PingKind } from "#lib/core/heartbeat/ping.ts";
import { nextSlotAt } from "#lib/core/schedule.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, durationMs, epochMs, HOUR_MS, MINUTE_MS, SECOND_MS } from "#lib/core/units.ts";
import { createHeartbeatJudge, SETTLE_MS } from "#lib/engine/judge-heartbeats.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { acquireLease } from "#lib/engine/lease.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { sampleConfig, sampleService } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

const T0 = epochMs(Date.UTC(2026, 10, 21, 12));
const at = (ms: number): EpochMs => addMs(T0, ms);
const hourly: HeartbeatProbeDefinition = {
  type: "heartbeat",
  id: "backup",
  intervalMs: durationMs(MINUTE_MS),
  timeoutMs: durationMs(10_000),
  locations: ["fra"],
  schedule: { kind: "interval", everyMs: durationMs(HOUR_MS) },
  graceMs: durationMs(5 * MINUTE_MS),
  token: "canary-token-of-the-backup",
};
const nightly: HeartbeatProbeDefinition = {
  ...hourly,
  id: "report",
  schedule: { kind: "cron", expression: "0 22 * * *", timeZone: "Asia/Seoul" },
  token: "canary-token-of-the-report",
};
let db: TestDatabase;
let lease: Lease;

const apply = (probes: readonly HeartbeatProbeDefinition[], now = T0) =>
  db.database.transaction((tx) =>
    applyConfig(tx, {
      config: sampleConfig({ services: [sampleService({ probes: [...probes], slos: [] })] }),
      now,
      secretBox: createSecretBox(randomBytes(32)),
    }),
  );
beforeEach(async () => {
  db = await testDatabase();
  lease = (await acquireLease(db.database, { name: "engine", holder: "test", ttlMs: 60_000 })) as Lease;
  await apply([hourly, nightly]);
});
afterEach(() => db.drop());

const hearAll = async (from: EpochMs, until: EpochMs): Promise<void> => {
  await db.database.transaction(async (tx) => {
    await prolongHearing(tx, { id: await beginHearing(tx, from), now: until });
  });
};
const numberOf = async (id: string): Promise<number> =>
  (await db.database.read((sql) => sql<{ no: number }[]>`select no from probes where id = ${id}`))[0]?.no ?? 0;
const push = async (ms: number, kind: PingKind = "ok", id = "backup"): Promise<void> => {
  const row = { at: at(ms), kind, via: "kuma", exitCode: null, durationUs: null, runId: null, remote: null } as const;
  const probeNo = await numberOf(id);
  await db.database.transaction((tx) => insertPings(tx, [{ ...row, probeNo, message: "nul\u0000".slice(0, 3) }]));
};
/** Judges as an engine that has just started would, until nothing is left. */
const judge = async (now: EpochMs): Promise<number> => {
  const one = createHeartbeatJudge({ database: db.database, clock: { now: () => now }, log: silentLogger });
  let runs = 0;
  for (let hasMore = true; hasMore; ) {
    const result = await one.runOnce(lease);
    runs += result.runs;
    hasMore = result.hasMore;
  }
  return runs;
};
type Row = { scheduled_at: Date; class: string; detail: string | null };
const runsOf = (id: string) =>
  db.database.read(
    (sql) => sql<Row[]>`
      select scheduled_at, class, detail from run_details where probe_id = ${id} order by scheduled_at`,
  );
const classes = async (id: string) => {
  const counts = new Map<string, number>();
  for (const row of await runsOf(id)) counts.set(row.class, (counts.get(row.class) ?? 0) + 1);
  return Object.fromEntries(counts);
};

describe("runs of heartbeats", () => {
  test("come one a slot from the first ping on, and turn bad when the next beat is missing", async () => {
    await hearAll(at(-HOUR_MS), at(3 * HOUR_MS));
    await push(10 * MINUTE_MS);
    await judge(at(2 * HOUR_MS + SETTLE_MS));
    expect(await classes("backup")).toEqual({ ok: 65, timeout: 45 });
    const rows = await runsOf("backup");
    const first = nextSlotAt("backup", hourly.intervalMs, at(10 * MINUTE_MS));
    expect(rows.map((row) => row.scheduled_at.getTime())).toEqual(rows.map((_, index) => first + index * MINUTE_MS));
    expect(rows.at(-1)?.detail).toBe("no ping within 1h 5m; the last one came at 2026-11-21T12:10:00Z");
    // 22:00 in Seoul is 13:00 here; the grace is over at 13:05, and until then nothing is said.
    expect(await classes("report")).toEqual({ timeout: 55 });
  });

  test("are the same when judged second by second, all at once, twice, or by two at once", async () => {
    await hearAll(at(-HOUR_MS), at(DAY_MS));
    for (const [ms, kind] of [
      [5 * MINUTE_MS, "ok"],
      [50 * MINUTE_MS, "start"],
      [52 * MINUTE_MS, "fail"],
      [58 * MINUTE_MS, "ok"],
    ] as const)
      await push(ms, kind);
    for (let ms = 0; ms < 70 * MINUTE_MS; ms += 37 * SECOND_MS) await judge(at(ms));
    const slowly = await runsOf("backup");
    expect(new Set(slowly.map((row) => row.class))).toEqual(new Set(["ok", "bad_status"]));
    await db.database.transaction(async (tx) => {
      await tx`delete from runs`;
      await tx`delete from heartbeat_progress`;
    });
    const now = at(slowly.length === 0 ? 0 : (slowly.at(-1)?.scheduled_at.getTime() ?? 0) - T0 + SETTLE_MS + 1);
    await Promise.all([judge(now), judge(now)]);
    expect(await runsOf("backup")).toEqual(slowly);
    await db.database.transaction((tx) => tx`delete from heartbeat_progress`);
    await judge(now);
    expect(await runsOf("backup")).toEqual(slowly);
  });

  test("say that we could not hear when no web process was there, and vote none", async () => {
    await hearAll(at(-HOUR_MS), at(55 * MINUTE_MS));
    await hearAll(at(65 * MINUTE_MS), at(3 * HOUR_MS));
    await push(0);
    await judge(at(90 * MINUTE_MS));
    const counts = await classes("backup");
    expect(counts.timeout).toBeUndefined();
    expect(counts.internal_error).toBeGreaterThan(20);
  });

  test("after a long absence begin a day back, and a new version is judged from its own beginning", async () => {
    await hearAll(at(-HOUR_MS), at(10 * DAY_MS));
    await push(0);
    await judge(at(10 * DAY_MS));
    const rows = await runsOf("backup");
    expect(rows.length).toBeGreaterThan(1_400);
    expect(rows.length).toBeLessThanOrEqual(1_440);
    await apply([{ ...hourly, graceMs: durationMs(6 * MINUTE_MS) }, nightly], at(10 * DAY_MS));
    await judge(at(10 * DAY_MS + 30 * MINUTE_MS));
    expect((await runsOf("backup")).length).toBe(rows.length);
  });

  test("are not made by one who lost the lease beyond what is stored once anyway", async () => {
    await hearAll(at(-HOUR_MS), at(HOUR_MS));
    await push(0);
    const stale = { ...lease, token: lease.token - 1n };
    const one = createHeartbeatJudge({
      database: db.database,
      clock: { now: () => at(10 * MINUTE_MS) },
      log: silentLogger,
    });
    await expect(one.runOnce(stale)).rejects.toMatchObject({ code: "LEASE_LOST" });
    const before = await runsOf("backup");
    await judge(at(10 * MINUTE_MS));
    expect(await runsOf("backup")).toEqual(before);
  });
});

test("judged pings are deleted but for the newest of each heartbeat; those that wait stay", async () => {
  await hearAll(at(-HOUR_MS), at(HOUR_MS));
  for (let second = 0; second < 30; second += 1) await push(second * SECOND_MS);
  const count = async () =>
    (await db.database.read((sql) => sql<{ n: number }[]>`select count(*)::int as n from heartbeats`))[0]?.n;
  const sweep = () => db.database.transaction((tx) => deleteOldPings(tx, { keep: 10, limit: 1_000 }));
  expect(await sweep()).toBe(0);
  await judge(at(HOUR_MS));
  expect(await sweep()).toBe(20);
  expect([await sweep(), await count()]).toEqual([0, 10]);
});
