// F13: the line to the database goes dead both ways without a FIN, while connections are open.
import postgres from "postgres";
import { openDatabase } from "#db/database.ts";
import { startEmbedded } from "#db/embedded/index.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { temporaryFolder } from "../support/instance.ts";
import { waitFor } from "../support/wait-for.ts";
import { checkBuckets, checkGaps, checkInnocence, checkNoAlerts, checkSkipped, checkSliHours } from "./rig/checkers.ts";
import { closeAllMinutes } from "./rig/database.ts";
import { manyProbes } from "./rig/many-probes.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, seededRandom, withCleanup } from "./rig/scenario.ts";
import { startScriptedTarget } from "./rig/scripted-target.ts";
import type { Service } from "./rig/service.ts";
import { startService } from "./rig/service.ts";
import { startTcpProxy } from "./rig/tcp-proxy.ts";

const INTERVAL_MS = 1_000;
const PROBES = 20;
const DETECTED_WITHIN_MS = 5_000;
const RECOVERED_WITHIN_MS = 10_000;
const LOCK_RELEASED_WITHIN_MS = 12_000;
const ROLES = ["nines-probe", "nines-engine"] as const;

/** When a role first said that the database did not answer, after an instant; undefined when it has not. */
const complaintOf = (service: Service, role: string, afterMs: number): number | undefined =>
  service.log().find((line) => line.service === role && line.level === "warn" && line.readAtMs > afterMs)?.readAtMs;

const newestRun = async (sql: postgres.Sql): Promise<number> =>
  (await sql<{ newest: Date }[]>`select max(scheduled_at) as newest from runs`)[0]?.newest.getTime() ?? 0;

/** Every probe has stored a run that is younger than two intervals. */
const isCaughtUp = async (sql: postgres.Sql): Promise<boolean> => {
  const [row] = await sql<{ behind: number; probes: number }[]>`
    select extract(epoch from now() - min(newest))::float8 as behind, count(*)::int as probes
      from (select max(scheduled_at) as newest from runs group by probe_no) latest`;
  return row !== undefined && row.probes === PROBES && row.behind < (2 * INTERVAL_MS) / 1_000;
};

/** Locks the leases over the line and is cut off in the middle; returns when the server has given the lock back. */
const lockAndCut = async (url: string, sql: postgres.Sql, cut: () => void): Promise<number> => {
  const database = openDatabase({ url, applicationName: "nines-faults", maxConnections: 1 });
  const locked = Promise.withResolvers<void>();
  const holding = database
    .transaction(async (tx) => {
      await tx`select 1 from leases for update`;
      locked.resolve();
      await pause(LOCK_RELEASED_WITHIN_MS);
    })
    .catch(locked.reject);
  await locked.promise;
  cut();
  const from = Date.now();
  await waitFor(
    "the server to end the transaction of the dead line",
    async () =>
      (await sql`select 1 from pg_stat_activity where application_name = 'nines-faults' and xact_start is not null`)
        .length === 0,
    { deadlineMs: LOCK_RELEASED_WITHIN_MS, everyMs: 100 },
  ).catch(() => undefined);
  const ms = Date.now() - from;
  await holding;
  await database.close();
  return ms;
};

/** Runs the scenario: the line is dead for `deadMs`, 120,000 in full. */
export const runF13 = ({ deadMs, seed }: { deadMs: number; seed: number }): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const folder = await temporaryFolder("f13");
    later(folder.remove);
    const target = await startScriptedTarget();
    later(target.stop);
    const server = await startEmbedded({ dataDir: `${folder.path}/database`, log: silentLogger });
    later(server.stop);
    const direct = new URL(server.url);
    const random = seededRandom(seed);
    const proxy = await startTcpProxy({ host: "127.0.0.1", port: Number(direct.port) }, random);
    later(proxy.stop);
    const sql = postgres(server.url, { max: 2, onnotice: () => undefined });
    later(() => sql.end({ timeout: 1 }));
    const through = new URL(server.url);
    through.port = String(proxy.port);
    const config = manyProbes({ count: PROBES, url: target.url });
    const service = await startService({
      dataDir: `${folder.path}/data`,
      config,
      env: { DATABASE_URL: through.href, LOG_LEVEL: "warn" },
    });
    later(service.stop);
    await waitFor("runs of every probe", () => isCaughtUp(sql), { deadlineMs: 30_000, everyMs: 100 });
    await pause(random() * 2_000);

    let deadAt = Number.NaN;
    const lockHeldMs = await lockAndCut(through.href, sql, () => {
      deadAt = Date.now();
      proxy.setBoth({ kind: "blackhole" });
    });
    await pause(deadMs - (Date.now() - deadAt));
    const storedMeanwhile = (await newestRun(sql)) - deadAt;
    proxy.setBoth({ kind: "none" });
    const healedAt = Date.now();
    const isBack = await waitFor("all runs to be stored", () => isCaughtUp(sql), {
      deadlineMs: 60_000,
      everyMs: 50,
    }).catch(() => false);
    const recoveredAfterMs = Date.now() - healedAt;
    const [openTransactions] = await sql<{ count: number }[]>`
      select count(*)::int as count from pg_stat_activity
       where state like 'idle in transaction%' and state_change < now() - interval '5 seconds'`;
    const stopped = await service.stop();
    await closeAllMinutes(server.url);

    const gaps = await checkGaps(sql, { intervalMs: INTERVAL_MS, allowedIn: () => 0 });
    const others = [
      checkBuckets(sql),
      checkSliHours(sql),
      checkInnocence(sql, target.downSpans),
      checkSkipped(sql),
      checkNoAlerts(sql),
    ];
    const findings = [...gaps.findings, ...(await Promise.all(others)).flat()];
    const detected = ROLES.map((role) => [role, (complaintOf(service, role, deadAt) ?? Number.NaN) - deadAt] as const);
    const again = proxy.arrivals().filter((at) => at > deadAt);
    const newLineAfterMs = (again[0] ?? Number.NaN) - deadAt;
    return {
      figures: {
        seed,
        deadMs,
        ...Object.fromEntries(detected.map(([role, ms]) => [`${role} noticedAfterMs`, ms])),
        newLineAfterMs,
        newLines: again.length,
        lockHeldMs,
        recoveredAfterMs,
        openTransactions: openTransactions?.count ?? 0,
      },
      faults: [
        ...findings.map(({ checker, what }) => `${checker}: ${what}`),
        ...detected.flatMap(([role, ms]) => (ms <= DETECTED_WITHIN_MS ? [] : [`${role} noticed after ${ms} ms`])),
        ...(newLineAfterMs <= DETECTED_WITHIN_MS ? [] : [`a new connection was tried after ${newLineAfterMs} ms`]),
        ...(storedMeanwhile < 0 ? [] : [`a run of ${storedMeanwhile} ms after the cut passed the dead line`]),
        ...(lockHeldMs < LOCK_RELEASED_WITHIN_MS ? [] : ["the lock of a dead line was kept"]),
        ...(openTransactions?.count === 0 ? [] : ["K6: sessions are idle in a transaction"]),
        ...(isBack ? [] : ["the runs were not all stored a minute after the line was back"]),
        ...(recoveredAfterMs <= RECOVERED_WITHIN_MS ? [] : [`recovery took ${recoveredAfterMs} ms`]),
        ...(stopped.code === 0 ? [] : [`the service ended with ${stopped.code}`]),
      ],
    };
  });
