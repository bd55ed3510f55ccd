// F01: the probe role is killed at random moments, and the supervisor starts it again.
import { temporaryFolder } from "../support/instance.ts";
import { waitFor } from "../support/wait-for.ts";
import { checkBuckets, checkGaps, checkInnocence, checkNoAlerts, checkSliHours } from "./rig/checkers.ts";
import { withStoppedData } from "./rig/database.ts";
import { manyProbes } from "./rig/many-probes.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, percentileOf, seededRandom, withCleanup } from "./rig/scenario.ts";
import type { ScriptedTarget } from "./rig/scripted-target.ts";
import { startScriptedTarget } from "./rig/scripted-target.ts";
import type { Service } from "./rig/service.ts";
import { startService } from "./rig/service.ts";

const INTERVAL_MS = 1_000;
const PROBES = 20;
const LONGEST_LIFE_MS = 3_000;
const RESTART_WITHIN_MS = 2_000;
/** A process needs longer than this to come up: what arrives sooner was sent by the one that was killed. */
const STILL_THE_OLD_MS = 100;

const firstArrivalAfter = (target: ScriptedTarget, atMs: number): Promise<number> =>
  waitFor("a probe to reach the target", () => target.arrivals.find((arrival) => arrival > atMs), {
    deadlineMs: 35_000,
    everyMs: 5,
  });

type Kill = { readonly atMs: number; readonly restartMs: number };

/** Kills the probe role and waits until the next one has reached the target. */
const killOnce = async (service: Service, target: ScriptedTarget, lifeMs: number): Promise<Kill> => {
  await pause(lifeMs);
  const pid = service.pidsOf("probe").at(-1);
  if (pid === undefined) throw new Error("the log does not name the probe role's process");
  const killedAt = Date.now();
  process.kill(pid, "SIGKILL");
  const cameBackAt = await firstArrivalAfter(target, killedAt + STILL_THE_OLD_MS);
  await waitFor("the log to name the new process", () => service.pidsOf("probe").at(-1) !== pid);
  return { atMs: killedAt, restartMs: cameBackAt - killedAt };
};

/** Runs the scenario: `kills` is 100 in full. */
export const runF01 = ({ kills, seed }: { kills: number; seed: number }): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const random = seededRandom(seed);
    const folder = await temporaryFolder("f01");
    later(folder.remove);
    const target = await startScriptedTarget();
    later(target.stop);
    const dataDir = `${folder.path}/data`;
    const service = await startService({ dataDir, config: manyProbes({ count: PROBES, url: target.url }) });
    later(service.stop);
    await firstArrivalAfter(target, 0);

    const done: Kill[] = [];
    for (let kill = 0; kill < kills; kill += 1) done.push(await killOnce(service, target, random() * LONGEST_LIFE_MS));
    await pause(2 * INTERVAL_MS);
    const stopped = await service.stop();

    const { findings, missing, longest } = await withStoppedData(dataDir, async (sql) => {
      const allowedIn = (fromMs: number, untilMs: number): number =>
        done.filter(({ atMs }) => atMs >= fromMs && atMs <= untilMs).length;
      const gaps = await checkGaps(sql, { intervalMs: INTERVAL_MS, allowedIn });
      const others = [checkBuckets(sql), checkSliHours(sql), checkInnocence(sql, target.downSpans), checkNoAlerts(sql)];
      return { ...gaps, findings: [...gaps.findings, ...(await Promise.all(others)).flat()] };
    });
    const restartsMs = done.map(({ restartMs }) => restartMs);
    const slowest = Math.max(...restartsMs);
    return {
      figures: {
        seed,
        kills,
        arrivals: target.arrivals.length,
        missedRunsPerKillAndProbe: Math.round((missing / kills / PROBES) * 1_000) / 1_000,
        longestGapRuns: longest,
        restartP50Ms: percentileOf(restartsMs, 0.5),
        restartMaxMs: slowest,
      },
      faults: [
        ...findings.map(({ checker, what }) => `${checker}: ${what}`),
        ...(slowest > RESTART_WITHIN_MS ? [`a restart took ${slowest} ms until the first run`] : []),
        ...(stopped.code === 0 ? [] : [`the service ended with ${stopped.code}`]),
      ],
    };
  });
