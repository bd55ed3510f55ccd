// F06: the embedded PostgreSQL is shut down the fast way, again and again, under the load of probes and of page requests.
import postgres from "postgres";
import { findRunningEmbedded } from "#db/embedded/index.ts";
import { dataFolderOf } from "#db/embedded/init-cluster.ts";
import { findHome } from "#db/embedded/place.ts";
import { readPostmaster } from "#db/embedded/postmaster.ts";
import type { Instance } from "../support/instance.ts";
import { startInstance, temporaryFolder } from "../support/instance.ts";
import { waitFor } from "../support/wait-for.ts";
import {
  checkBuckets,
  checkGaps,
  checkInnocence,
  checkNoAlerts,
  checkSessions,
  checkSkipped,
  checkSliHours,
  countSessions,
} from "./rig/checkers.ts";
import { withStoppedData } from "./rig/database.ts";
import { manyProbes } from "./rig/many-probes.ts";
import { loadPage } from "./rig/page-load.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, percentileOf, seededRandom, withCleanup } from "./rig/scenario.ts";
import { startScriptedTarget } from "./rig/scripted-target.ts";

const INTERVAL_MS = 1_000;
const PROBES = 20;
const RECOVERY_WITHIN_MS = 3_000;
const LONGEST_PEACE_MS = 2_000;
/** Pools grow a little with the load. */
const MORE_SESSIONS = 6;

const postmasterOf = async (dataDir: string): Promise<number> => {
  const found = findHome(dataDir);
  const postmaster = found === null ? null : await readPostmaster(dataFolderOf(found.home));
  if (postmaster === null) throw new Error("the embedded database is not found");
  return postmaster.pid;
};

/** Works over a connection of its own, since the server comes and goes. */
const withSql = async <T>(dataDir: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
  const url = await findRunningEmbedded(dataDir);
  if (url === null) throw new Error("the embedded database does not run");
  const sql = postgres(url, { max: 1, connect_timeout: 1, onnotice: () => undefined });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 0 });
  }
};

/** When the newest run was due; undefined while the database is away. */
const newestRunOf = (dataDir: string): Promise<number | undefined> =>
  withSql(dataDir, async (sql) => {
    const [row] = await sql<{ newest: Date | null }[]>`select max(scheduled_at) as newest from runs`;
    return row?.newest?.getTime();
  }).catch(() => undefined);

/** Restarts the server once and returns how long it took until a run made after that was stored. */
const restartOnce = async (dataDir: string): Promise<number> => {
  const pid = await postmasterOf(dataDir);
  const stoppedAt = Date.now();
  process.kill(pid, "SIGINT");
  await waitFor("a run to be stored again", async () => ((await newestRunOf(dataDir)) ?? 0) > stoppedAt, {
    deadlineMs: 30_000,
    everyMs: 20,
  });
  return Date.now() - stoppedAt;
};

const restartMany = async (args: {
  instance: Instance;
  dataDir: string;
  restarts: number;
  random: () => number;
}): Promise<number[]> => {
  const recoveriesMs: number[] = [];
  for (let restart = 0; restart < args.restarts; restart += 1) {
    await pause(args.random() * LONGEST_PEACE_MS);
    recoveriesMs.push(await restartOnce(args.dataDir));
  }
  await waitFor("the service to be ready", async () => (await args.instance.get("/health/ready")).status === 200);
  return recoveriesMs;
};

/** Runs the scenario: `restarts` is 20 in full. */
export const runF06 = ({ restarts, seed }: { restarts: number; seed: number }): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const folder = await temporaryFolder("f06");
    later(folder.remove);
    const target = await startScriptedTarget();
    later(target.stop);
    const dataDir = `${folder.path}/data`;
    const config = manyProbes({ count: PROBES, url: target.url });
    const instance = await startInstance({ config, dataDir, env: { LOG_LEVEL: "warn" } });
    later(instance.stop);
    await waitFor("the page", async () => (await instance.get("/")).text.includes("Shop"), { deadlineMs: 30_000 });
    await waitFor("runs", async () => (await newestRunOf(dataDir)) !== undefined, { deadlineMs: 30_000 });

    const sessionsBefore = await withSql(dataDir, countSessions);
    const ending = new AbortController();
    const paths = ["/", "/services/shop", "/api/v2/summary.json"];
    const loading = loadPage({ url: instance.url, paths, requestsPerSecond: 50, signal: ending.signal });
    const recoveriesMs = await restartMany({ instance, dataDir, restarts, random: seededRandom(seed) }).finally(() =>
      ending.abort(),
    );
    const load = await loading;
    const leaked = await withSql(dataDir, (sql) => checkSessions(sql, sessionsBefore + MORE_SESSIONS));
    const stopped = await instance.stop();
    const findings = await withStoppedData(dataDir, async (sql) => {
      const gaps = await checkGaps(sql, { intervalMs: INTERVAL_MS, allowedIn: () => 0 });
      const others = [
        checkBuckets(sql),
        checkSliHours(sql),
        checkInnocence(sql, target.downSpans),
        checkSkipped(sql),
        checkNoAlerts(sql),
      ];
      return [...leaked, ...gaps.findings, ...(await Promise.all(others)).flat()];
    });
    const slowest = Math.max(...recoveriesMs);
    return {
      figures: {
        seed,
        restarts,
        arrivals: target.arrivals.length,
        recoveryP50Ms: percentileOf(recoveriesMs, 0.5),
        recoveryMaxMs: slowest,
        requests: load.requests,
        failed: load.failures.length,
        pageP99Ms: Math.round(load.p99Ms),
      },
      faults: [
        ...findings.map(({ checker, what }) => `${checker}: ${what}`),
        ...load.failures.slice(0, 5).map((failure) => `a page request failed: ${failure}`),
        ...(slowest > RECOVERY_WITHIN_MS ? [`a recovery took ${slowest} ms`] : []),
        ...(stopped.code === 0 ? [] : [`the service ended with ${stopped.code}`]),
      ],
    };
  });
