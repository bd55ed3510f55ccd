// F05: everything is killed at once, PostgreSQL too, again and again, while targets go down and up and silences are made.
import { readdir, readFile } from "node:fs/promises";
import postgres from "postgres";
import { findRunningEmbedded } from "#db/embedded/index.ts";
import { dataFolderOf } from "#db/embedded/init-cluster.ts";
import { findHome } from "#db/embedded/place.ts";
import { readPostmaster } from "#db/embedded/postmaster.ts";
import { runNines } from "../support/instance.ts";
import {
  checkToldOnce,
  duplicatesOf,
  MINUTE_MS,
  nextMinute,
  openAlertingWorld,
  pauseUntil,
  playTimetable,
  SIGNING_SECRET,
  waitForVerdicts,
} from "./rig/alerting.ts";
import type { Finding } from "./rig/checkers.ts";
import { checkAlerts, checkBuckets, checkGaps, checkInnocence, checkSliHours } from "./rig/checkers.ts";
import { withStoppedData } from "./rig/database.ts";
import { checkByOracle } from "./rig/oracle.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, percentileOf, seededRandom, withCleanup } from "./rig/scenario.ts";
import type { Service } from "./rig/service.ts";
import { startService } from "./rig/service.ts";

const INTERVAL_MS = 1_000;
const TARGETS = 3;
const LONGEST_LIFE_MS = 8_000;
/**
 * Runs that a kill may cost a probe beside the time in which nothing ran: the one under way, one that waited for its batch
 * (up to 750 ms, acknowledged to nobody), and the one that the start of the next process comes too late for.
 */
const LOST_BESIDE = 3;

type Outcome = { readonly comment: string; readonly isAcknowledged: boolean };

/** A process and all below it. */
const familyOf = async (pids: readonly number[]): Promise<number[]> => {
  const parents = new Map<number, number>();
  for (const name of (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry))) {
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const family = new Set(pids);
  for (let size = 0; size !== family.size; ) {
    size = family.size;
    for (const [pid, parent] of parents) if (family.has(parent)) family.add(pid);
  }
  return [...family];
};

const killEverything = async (service: Service, dataDir: string): Promise<void> => {
  const home = findHome(dataDir);
  const postmaster = home === null ? null : await readPostmaster(dataFolderOf(home.home));
  if (postmaster === null || service.child.pid === undefined) throw new Error("there is nothing to kill");
  for (const pid of await familyOf([service.child.pid, postmaster.pid])) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
};

/** A write whose answer is a promise: exit code 0. What the kill cut off may or may not have happened. */
const writeSilence = async (dataDir: string, comment: string): Promise<Outcome> => {
  const args = [
    "silence",
    "create",
    "--service",
    "service-0",
    "--severity",
    "ticket",
    "--for",
    "1h",
    "--comment",
    comment,
  ];
  const { code } = await runNines(args, { env: { NINES_DATA_DIR: dataDir } });
  return { comment, isAcknowledged: code === 0 };
};

/** K5: every acknowledged write is there once, and one that was cut off at most once. */
const checkWrites = async (sql: postgres.Sql, outcomes: readonly Outcome[]): Promise<Finding[]> => {
  const rows = await sql<{ comment: string; n: number }[]>`select comment, count(*)::int as n from silences group by 1`;
  const counts = new Map(rows.map(({ comment, n }) => [comment, n]));
  return outcomes
    .filter(({ comment, isAcknowledged }) => {
      const n = counts.get(comment) ?? 0;
      return n > 1 || (isAcknowledged && n !== 1);
    })
    .map(({ comment }) => ({
      checker: "K5",
      what: `the silence ${comment} is there ${counts.get(comment) ?? 0} times`,
    }));
};

type Gone = { readonly fromMs: number; readonly untilMs: number };

/** Runs the scenario: `kills` is 20 in full, about 5 minutes. */
export const runF05 = ({ kills, seed }: { kills: number; seed: number }): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const random = seededRandom(seed);
    const world = await openAlertingWorld(later, { name: "f05", targets: TARGETS });
    const { dataDir, config, env, targets, receiver } = world;
    const start = () => startService({ dataDir, config, env });
    let service = await start();
    later(() => service.stop());

    const startMs = nextMinute(Date.now());
    // One target is down in each minute, the next one in the next.
    const outages = Array.from({ length: 3 }, (_, minute) => {
      const fromMs = startMs + minute * MINUTE_MS + 5_000;
      return { target: minute % TARGETS, fromMs, untilMs: fromMs + 30_000 };
    });
    const playing = playTimetable(targets, outages);
    playing.catch(() => undefined);
    const gone: Gone[] = [];
    const writes: Promise<Outcome>[] = [];
    for (let kill = 0; kill < kills; kill += 1) {
      const lifeMs = random() * LONGEST_LIFE_MS;
      writes.push(writeSilence(dataDir, `kill-${kill}`));
      await pause(lifeMs);
      const fromMs = Date.now();
      await killEverything(service, dataDir);
      service = await start();
      gone.push({ fromMs, untilMs: Date.now() });
    }
    await playing;
    const outcomes = await Promise.all(writes);
    // Two whole minutes of peace, so that every alert can end.
    const lastMs = nextMinute(Date.now()) + 2 * MINUTE_MS;
    await pauseUntil(lastMs);
    const sql = postgres((await findRunningEmbedded(dataDir)) ?? "", { max: 1, onnotice: () => undefined });
    later(() => sql.end({ timeout: 1 }));
    await waitForVerdicts(sql, lastMs);
    const [open] = await sql<{ n: number }[]>`select count(*)::int as n from alerts where state = 'firing'`;
    await sql.end({ timeout: 1 });
    const stopped = await service.stop();

    return withStoppedData(dataDir, async (db) => {
      const allowedIn = (fromMs: number, untilMs: number): number =>
        gone
          .filter((one) => one.untilMs >= fromMs && one.fromMs <= untilMs)
          .reduce((sum, one) => sum + LOST_BESIDE + Math.ceil((one.untilMs - one.fromMs) / INTERVAL_MS), 0);
      const gaps = await checkGaps(db, { intervalMs: INTERVAL_MS, allowedIn });
      const others = [
        checkBuckets(db),
        checkSliHours(db),
        checkByOracle(db),
        checkToldOnce(db, receiver),
        checkAlerts(db, receiver.received(), SIGNING_SECRET),
        checkWrites(db, outcomes),
        ...targets.map(({ downSpans }, index) => checkInnocence(db, downSpans, `probe-${index}`)),
      ];
      const findings = [...gaps.findings, ...(await Promise.all(others)).flat()];
      const [alerts] = await db<{ n: number; silent: number }[]>`
        select count(*)::int as n, (${TARGETS} - count(distinct slo_id))::int as silent from alerts`;
      const backMs = gone.map(({ fromMs, untilMs }) => untilMs - fromMs);
      return {
        figures: {
          seed,
          kills,
          backP50Ms: percentileOf(backMs, 0.5),
          backMaxMs: Math.max(...backMs),
          longestGapRuns: gaps.longest,
          alerts: alerts?.n ?? 0,
          duplicates: duplicatesOf(receiver),
          acknowledgedWrites: outcomes.filter(({ isAcknowledged }) => isAcknowledged).length,
        },
        faults: [
          ...findings.map(({ checker, what }) => `${checker}: ${what}`),
          ...(alerts?.silent === 0 ? [] : [`${alerts?.silent} targets went down without an alert`]),
          ...(open?.n === 0 ? [] : [`${open?.n} alerts did not end`]),
          ...(stopped.code === 0 ? [] : [`the service ended with ${stopped.code}`]),
        ],
      };
    });
  });
