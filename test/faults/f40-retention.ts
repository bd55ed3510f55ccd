// F40: days of raw runs are dropped and closed minutes rolled up again under the load of probes, with the engine killed inside.
// Nothing is counted twice, and what SLOs have behind them stays as it was, also where its runs are gone.
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import postgres from "postgres";
import { openDatabase } from "#db/database.ts";
import { startEmbedded } from "#db/embedded/index.ts";
import { migrate } from "#db/migrate.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { loadConfig } from "#lib/config/load-config.ts";
import { epochMs } from "#lib/core/units.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { acquireLease, releaseLease } from "#lib/engine/lease.ts";
import { runRollupOnce } from "#lib/engine/rollup.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { temporaryFolder } from "../support/instance.ts";
import { waitFor } from "../support/wait-for.ts";
import type { Finding } from "./rig/checkers.ts";
import { checkBuckets, checkInnocence, checkNoAlerts, checkSliHours } from "./rig/checkers.ts";
import { closeAllMinutes } from "./rig/database.ts";
import { killRole } from "./rig/kill-role.ts";
import { manyProbes } from "./rig/many-probes.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { seededRandom, withCleanup } from "./rig/scenario.ts";
import { startScriptedTarget } from "./rig/scripted-target.ts";
import { startService } from "./rig/service.ts";

const DAY_MS = 86_400_000;
const PROBES = 20;
/** Days ago that have runs: 35 days are kept. The last one lies within the window of the SLO. */
const DROPPED_DAYS = [38, 37, 36];
const KEPT_DAYS = [35, 20];
const LONGEST_LIFE_MS = 2_000;
const SECRET_KEY = Buffer.alloc(32, 7).toString("base64");

const HISTORY = `  - id: old
    name: Old
    probes:
      - { id: old-probe, type: http, url: "TARGET", interval: 1m, timeout: 900ms, locations: [here] }
    slos:
      - { id: old-slo, sli: availability, probes: [old-probe], objective: 90, window: 28d }
`;

const configOf = (url: string): string => `${manyProbes({ count: PROBES, url })}${HISTORY.replace("TARGET", url)}`;

const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** A run a minute for each of the days, 1 in 97 bad, counted by the product's own rollup as if each day had just ended. */
const makeHistory = async (url: string, config: string, todayMs: number): Promise<void> => {
  const loaded = loadConfig({ bytes: Buffer.from(config), env: {}, judgeUrl });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const database = openDatabase({ url, applicationName: "nines-faults" });
  try {
    const days = [...DROPPED_DAYS, ...KEPT_DAYS].map((ago) => todayMs - ago * DAY_MS);
    const secretBox = createSecretBox(randomBytes(32));
    const now = epochMs(days[0] ?? todayMs);
    await database.transaction((tx) => applyConfig(tx, { config: loaded.config, now, secretBox }));
    const lease = await acquireLease(database, { name: "engine", holder: "faults", ttlMs: 600_000 });
    if (lease === null) throw new Error("the lease is not free");
    for (const day of days) {
      await database.transaction(async (tx) => {
        await tx`select ensure_partitions(${dayText(day)}::text::date, ${dayText(day)}::text::date)`;
        await tx`
          insert into runs (scheduled_at, started_at, ingested_at, probe_no, duration_us, bytes_read, location_no, class, is_late)
          select at, at, at + interval '1 second', p.no, 20000, 120, l.no,
                 case when (extract(epoch from at) / 60)::bigint % 97 = 0 then 10 else 0 end, false
            from generate_series(${new Date(day)}::timestamptz, ${new Date(day + DAY_MS - 60_000)}::timestamptz, interval '1 minute') at,
                 probes p, locations l where p.id = 'old-probe'`;
        await tx`
          insert into first_runs (probe_no, location_no, first_scheduled_at)
          select p.no, l.no, ${new Date(day)}::timestamptz from probes p, locations l where p.id = 'old-probe'
              on conflict do nothing`;
        await setClosedUntil(tx, day);
      });
      const endOfDay = epochMs(day + DAY_MS + 30_000);
      for (let hasMore = true; hasMore; )
        ({ hasMore } = await runRollupOnce({ database, lease, now: endOfDay, log: silentLogger }));
    }
    await database.transaction((tx) => setClosedUntil(tx, Math.floor(Date.now() / 60_000) * 60_000));
    await releaseLease(database, lease);
  } finally {
    await database.close();
  }
};

/** Days between those with runs are passed over, as if nothing had run in them. */
const setClosedUntil = (tx: postgres.TransactionSql, ms: number) => tx`
  insert into rollup_progress (closed_until) values (${new Date(ms)})
  on conflict (only_row) do update set closed_until = excluded.closed_until`;

/** Everything that was counted before an instant, but for when it was written; the raw days that are dropped are left out. */
const fingerprint = async (sql: postgres.Sql, beforeMs: number, keptMs: number): Promise<Record<string, string>> => {
  const before = new Date(beforeMs);
  const [row] = await sql<Record<string, string>[]>`
    select (select count(*) || ' ' || md5(string_agg(t::text, '|' order by t::text)) from (
              select slo_id, version, hour, good, total, expected from sli_hours
               where hour < ${before} and slo_id = 'old-slo') t) as "SLO hours",
           (select count(*) || ' ' || md5(string_agg(t::text, '|' order by t::text)) from (
              select hour, probe_no, expected, total, good, bad, duration_sum_us from buckets_hourly where hour < ${before}) t) as "hours",
           (select count(*) || ' ' || md5(string_agg(t::text, '|' order by t::text)) from (
              select day, probe_no, expected, total, good, bad, duration_sum_us from buckets_daily where day < ${before}) t) as "days",
           (select count(*) || ' ' || md5(string_agg(t::text, '|' order by t::text)) from (
              select minute, probe_no, expected, total, good, bad, duration_sum_us from buckets
               where minute < ${before} and minute >= ${new Date(keptMs)}) t) as "minutes"`;
  return { ...row };
};

const mark = (sql: postgres.Sql, day: number, everyMinutes: number) => sql`
  insert into dirty_minutes (minute, location_no)
  select at, l.no from generate_series(${new Date(day)}::timestamptz, ${new Date(day + DAY_MS - 60_000)}::timestamptz,
                                       make_interval(mins => ${everyMinutes})) at, locations l
  on conflict (minute, location_no) do update set marks = dirty_minutes.marks + 1`;

const countOldDays = async (sql: postgres.Sql, keptMs: number): Promise<number> => {
  const rows = await sql<{ day: string }[]>`
    select right(relname, 8) as day from pg_class where relname ~ '^(runs|buckets)_[0-9]{8}$' and relkind = 'r'`;
  return rows.filter(({ day }) => day < dayText(keptMs).replaceAll("-", "")).length;
};

/** Keeps a day from being dropped, as a long reader does. */
const holdDay = async (url: string, day: number): Promise<() => Promise<void>> => {
  const reader = postgres(url, { max: 1, onnotice: () => undefined });
  const held = await reader.reserve();
  await held`begin`;
  await held.unsafe(`lock table runs_${dayText(day).replaceAll("-", "")} in access share mode`);
  return async () => {
    await held`rollback`;
    held.release();
    await reader.end({ timeout: 1 });
  };
};

/** Housekeeping comes with each new leader; a round that waited too long for a lock is repeated ten minutes later. */
const dropTheRest = async (sql: postgres.Sql, keptMs: number, kill: () => Promise<unknown>): Promise<void> => {
  const isDone = async (): Promise<boolean> => (await countOldDays(sql, keptMs)) === 0;
  for (let round = 0; round < 4; round += 1) {
    const isGone = await waitFor("the old days to be gone", isDone, { deadlineMs: 15_000, everyMs: 100 }).catch(
      () => false,
    );
    if (isGone) return;
    await kill();
  }
  await waitFor("the old days to be gone", isDone, { deadlineMs: 30_000 });
};

/** What the 28 days of the SLO's reading say, against its raw runs. */
const checkReading = async (sql: postgres.Sql, sinceMs: number): Promise<Finding[]> => {
  await waitFor(
    "a reading of today of the old SLO",
    async () =>
      (
        await sql`
          select 1 from slo_readings where slo_id = 'old-slo' and through_minute >= now() - interval '3 minutes'`
      ).length > 0,
    { deadlineMs: 150_000, everyMs: 500 },
  );
  const [row] = await sql<{ bad: number; raw: number }[]>`
    select (select (reading #>> '{budget,bad}')::int from slo_readings where slo_id = 'old-slo') as bad,
           (select count(*)::int from runs r join probes p on p.no = r.probe_no
             where p.id = 'old-probe' and r.class <> 0 and r.scheduled_at >= ${new Date(sinceMs)}) as raw`;
  return row?.bad === row?.raw
    ? []
    : [{ checker: "K2", what: `the reading has ${row?.bad} bad, the runs ${row?.raw}` }];
};

/** Runs the scenario: `kills` is 20 in full; `withReading` waits for a minute to end, to look at the reading, too. */
export const runF40 = ({
  kills,
  withReading,
  seed,
}: {
  kills: number;
  withReading: boolean;
  seed: number;
}): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const random = seededRandom(seed);
    const folder = await temporaryFolder("f40");
    later(folder.remove);
    const target = await startScriptedTarget();
    later(target.stop);
    await mkdir(`${folder.path}/database`, { mode: 0o755 });
    const server = await startEmbedded({ dataDir: `${folder.path}/database`, log: silentLogger });
    later(server.stop);
    await migrate({ url: server.url });
    const sql = postgres(server.url, { max: 2, onnotice: () => undefined });
    later(() => sql.end({ timeout: 1 }));
    const todayMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    const keptMs = todayMs - 35 * DAY_MS;
    const config = configOf(target.url);
    await makeHistory(server.url, config, todayMs);
    const before = await fingerprint(sql, todayMs - DAY_MS, keptMs);
    const oldDays = await countOldDays(sql, keptMs);

    const release = await holdDay(server.url, todayMs - (DROPPED_DAYS[1] ?? 0) * DAY_MS);
    later(release);
    for (const ago of DROPPED_DAYS) await mark(sql, todayMs - ago * DAY_MS, 1);
    const service = await startService({
      dataDir: `${folder.path}/data`,
      config,
      env: { DATABASE_URL: server.url, NINES_SECRET_KEY: SECRET_KEY },
    });
    later(service.stop);
    await waitFor("the first day to be dropped", async () => (await countOldDays(sql, keptMs)) < oldDays, {
      deadlineMs: 30_000,
    });
    const heldDays = await countOldDays(sql, keptMs);
    for (let kill = 0; kill < kills; kill += 1) {
      for (const ago of KEPT_DAYS) await mark(sql, todayMs - ago * DAY_MS, 2);
      if (kill === Math.floor(kills / 2)) await release();
      await killRole(service, "engine", random() * LONGEST_LIFE_MS);
    }
    await dropTheRest(sql, keptMs, () => killRole(service, "engine", 0));
    await waitFor(
      "the marked minutes to be rolled up",
      async () =>
        (await sql`select 1 from dirty_minutes where minute < ${new Date(todayMs - DAY_MS)} limit 1`).length === 0,
      { deadlineMs: 60_000, everyMs: 100 },
    );
    const reading = withReading ? await checkReading(sql, todayMs - 28 * DAY_MS) : [];
    const stopped = await service.stop();
    await closeAllMinutes(server.url);

    const after = await fingerprint(sql, todayMs - DAY_MS, keptMs);
    const liveMs = todayMs - DAY_MS;
    const others = [
      checkBuckets(sql, liveMs),
      checkSliHours(sql, keptMs),
      checkNoAlerts(sql),
      ...Array.from({ length: PROBES }, (_, index) => checkInnocence(sql, target.downSpans, `probe-${index}`)),
    ];
    const [missing] = await sql<{ n: number }[]>`
      select coalesce(sum(missed), 0)::int as n from (
        select round(extract(epoch from scheduled_at - lag(scheduled_at) over (partition by r.probe_no order by scheduled_at)))::int - 1 as missed
          from runs r join probes p on p.no = r.probe_no where p.id like 'probe-%') s where missed > 0`;
    const findings = [...reading, ...(await Promise.all(others)).flat()];
    return {
      figures: {
        seed,
        kills,
        oldDays,
        leftWhileHeld: heldDays,
        sloHours: before["SLO hours"]?.split(" ")[0] ?? "",
        minutesKept: before["minutes"]?.split(" ")[0] ?? "",
        arrivals: target.arrivals.length,
        missingRuns: missing?.n ?? Number.NaN,
      },
      faults: [
        ...findings.map(({ checker, what }) => `${checker}: ${what}`),
        ...Object.keys(before)
          .filter((name) => before[name] !== after[name])
          .map((name) => `the ${name} are not what they were: ${before[name]}, now ${after[name]}`),
        ...(heldDays > 0 ? [] : ["no day was left to drop when the engine was killed"]),
        ...(missing?.n === 0 ? [] : [`${missing?.n} runs of the load are missing`]),
        ...(stopped.code === 0 ? [] : [`the service ended with ${stopped.code}`]),
      ],
    };
  });
