// F02: the engine is killed at random moments while targets go down and up; every outage is told of once, and in time.
import postgres from "postgres";
import { findRunningEmbedded } from "#db/embedded/index.ts";
import type { Outage } from "./rig/alerting.ts";
import {
  checkOutages,
  checkToldOnce,
  duplicatesOf,
  MINUTE_MS,
  nextMinute,
  openAlertingWorld,
  pauseUntil,
  playTimetable,
  SIGNING_SECRET,
  tellingDelaysMs,
  waitForVerdicts,
} from "./rig/alerting.ts";
import { checkAlerts, checkBuckets, checkGaps, checkInnocence, checkSkipped, checkSliHours } from "./rig/checkers.ts";
import { withStoppedData } from "./rig/database.ts";
import type { Kill } from "./rig/kill-role.ts";
import { killRole } from "./rig/kill-role.ts";
import { checkByOracle } from "./rig/oracle.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { percentileOf, seededRandom, withCleanup } from "./rig/scenario.ts";
import { startService } from "./rig/service.ts";

const INTERVAL_MS = 1_000;
const LONGEST_LIFE_MS = 3_000;
const TOLD_WITHIN_MS = 10_000;

/** Half of the targets are down in even minutes and half in odd ones, for 5 to 40 s, so that each has a minute to recover in. */
const timetableOf = (args: { targets: number; rounds: number; startMs: number; random: () => number }): Outage[] =>
  Array.from({ length: args.targets * args.rounds }, (_, index) => {
    const target = index % args.targets;
    const minute = 2 * Math.floor(index / args.targets) + (target % 2);
    const fromMs = args.startMs + minute * MINUTE_MS + 2_000 + Math.floor(args.random() * 13_000);
    return { target, fromMs, untilMs: fromMs + 5_000 + Math.floor(args.random() * 35_000) };
  });

/** Runs the scenario: `kills` is 100 in full, of `rounds` outages for each of ten targets. */
export const runF02 = ({
  kills,
  rounds,
  seed,
}: {
  kills: number;
  rounds: number;
  seed: number;
}): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const random = seededRandom(seed);
    const world = await openAlertingWorld(later, { name: "f02", targets: 10 });
    const { dataDir, config, env, targets, receiver } = world;
    const service = await startService({ dataDir, config, env });
    later(service.stop);
    const sql = postgres((await findRunningEmbedded(dataDir)) ?? "", { max: 1, onnotice: () => undefined });
    later(() => sql.end({ timeout: 1 }));

    const outages = timetableOf({ targets: targets.length, rounds, startMs: nextMinute(Date.now()), random });
    const playing = playTimetable(targets, outages);
    playing.catch(() => undefined);
    const done: Kill[] = [];
    while (done.length < kills) done.push(await killRole(service, "engine", random() * LONGEST_LIFE_MS));
    await playing;
    const lastMs = nextMinute(Math.max(...outages.map(({ untilMs }) => untilMs))) + MINUTE_MS;
    await pauseUntil(lastMs);
    await waitForVerdicts(sql, lastMs);
    await sql.end({ timeout: 1 });
    const stopped = await service.stop();

    const { findings, delaysMs } = await withStoppedData(dataDir, async (db) => {
      const gaps = await checkGaps(db, { intervalMs: INTERVAL_MS, allowedIn: () => 0 });
      const others = [
        checkBuckets(db),
        checkSliHours(db),
        checkSkipped(db),
        checkByOracle(db),
        checkOutages(db, outages),
        checkToldOnce(db, receiver),
        checkAlerts(db, receiver.received(), SIGNING_SECRET),
        ...targets.map(({ downSpans }, index) => checkInnocence(db, downSpans, `probe-${index}`)),
      ];
      return {
        findings: [...gaps.findings, ...(await Promise.all(others)).flat()],
        delaysMs: await tellingDelaysMs(db, receiver),
      };
    });
    const restartsMs = done.map(({ restartMs }) => restartMs);
    const slowestRestart = Math.max(...restartsMs);
    const slowest = Math.max(...delaysMs);
    return {
      figures: {
        seed,
        kills,
        outages: outages.length,
        alerts: delaysMs.length,
        duplicates: duplicatesOf(receiver),
        restartP50Ms: percentileOf(restartsMs, 0.5),
        restartMaxMs: slowestRestart,
        toldP50Ms: percentileOf(delaysMs, 0.5),
        toldMaxMs: slowest,
      },
      faults: [
        ...findings.map(({ checker, what }) => `${checker}: ${what}`),
        ...(slowest > TOLD_WITHIN_MS + slowestRestart ? [`an alert was told of after ${slowest} ms`] : []),
        ...(stopped.code === 0 ? [] : [`the service ended with ${stopped.code}`]),
      ],
    };
  });
