// F16: two instances on one database; the leading engine is killed again and again, every fifth time so that the other takes over.
import type { Outage } from "./rig/alerting.ts";
import {
  checkOutages,
  checkToldOnce,
  MINUTE_MS,
  nextMinute,
  openAlertingWorld,
  pauseUntil,
  playTimetable,
  SIGNING_SECRET,
  tellingDelaysMs,
  waitForVerdicts,
} from "./rig/alerting.ts";
import { checkAlerts, checkBuckets, checkSliHours } from "./rig/checkers.ts";
import { closeAllMinutes } from "./rig/database.ts";
import type { Takeover } from "./rig/kill-leader.ts";
import { killLeader } from "./rig/kill-leader.ts";
import { checkByOracle } from "./rig/oracle.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, percentileOf, seededRandom, withCleanup } from "./rig/scenario.ts";
import { checkOneWriter, startTwoInstances } from "./rig/two-instances.ts";

const TAKEOVER_WITHIN_MS = 10_000;
const LONGEST_REIGN_MS = 3_000;

const outagesFrom = (startMs: number, rounds: number): Outage[] =>
  Array.from({ length: 2 * rounds }, (_, minute) => {
    const fromMs = startMs + minute * MINUTE_MS + 5_000;
    return { target: minute % 2, fromMs, untilMs: fromMs + 20_000 };
  });

/** Runs the scenario: `kills` is 50 in full; without `rounds` of outages it does not wait for minutes to end. */
export const runF16 = ({
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
    const world = await openAlertingWorld(later, { name: "f16", targets: 2 });
    const pair = await startTwoInstances(later, world);
    const { sql } = pair;
    const outages = rounds === 0 ? [] : outagesFrom(nextMinute(Date.now()), rounds);
    const playing = playTimetable(world.targets, outages);
    playing.catch(() => undefined);
    const takeovers: Takeover[] = [];
    for (let kill = 0; kill < kills; kill += 1) {
      await pause(random() * LONGEST_REIGN_MS);
      takeovers.push(await killLeader(pair, kill % 5 === 4 || kill === kills - 1));
    }
    await playing;
    if (rounds > 0) {
      const lastMs = nextMinute(Math.max(...outages.map(({ untilMs }) => untilMs))) + MINUTE_MS;
      await pauseUntil(lastMs);
      await waitForVerdicts(sql, lastMs);
    }
    const writers = await checkOneWriter(pair);
    const ends = await Promise.all([pair.one.stop(), pair.two.stop()]);
    await closeAllMinutes(pair.url);
    const others = [
      checkBuckets(sql),
      checkSliHours(sql),
      checkOutages(sql, outages),
      checkToldOnce(sql, world.receiver),
      checkAlerts(sql, world.receiver.received(), SIGNING_SECRET),
      ...(rounds === 0 ? [] : [checkByOracle(sql)]),
    ];
    const findings = [...writers.findings, ...(await Promise.all(others)).flat()];
    const ms = takeovers.map((takeover) => takeover.ms);
    const delaysMs = await tellingDelaysMs(sql, world.receiver);
    const slowest = Math.max(...ms);
    return {
      figures: {
        seed,
        kills,
        byTheOther: takeovers.filter(({ from, to }) => from !== to).length,
        takeoverP50Ms: percentileOf(ms, 0.5),
        takeoverMaxMs: slowest,
        outages: outages.length,
        toldMaxMs: Math.max(0, ...delaysMs),
        writes: writers.writes,
        tokens: writers.tokens,
      },
      faults: [
        ...findings.map(({ checker, what }) => `${checker}: ${what}`),
        ...(slowest > TAKEOVER_WITHIN_MS ? [`a takeover took ${slowest} ms`] : []),
        ...(takeovers.every(({ from, to }) => from === to) ? ["the follower never led"] : []),
        ...ends.filter(({ code }) => code !== 0).map(({ code }) => `an instance ended with ${code}`),
      ],
    };
  });
