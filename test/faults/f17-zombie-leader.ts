// F17: the leading instance's engine and dispatcher are stopped, the server cuts their sessions, the follower takes over, and then
// the old leader wakes: what it wants to write is refused by its fencing token, and it steps down.

import { openDatabase } from "#db/database.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import { assertLease } from "#lib/engine/lease.ts";
import { waitFor } from "../support/wait-for.ts";
import {
  checkToldOnce,
  duplicatesOf,
  MINUTE_MS,
  nextMinute,
  openAlertingWorld,
  pauseUntil,
  SIGNING_SECRET,
  waitForVerdicts,
} from "./rig/alerting.ts";
import { checkAlerts, checkBuckets, checkSliHours } from "./rig/checkers.ts";
import { closeAllMinutes } from "./rig/database.ts";
import { pidOf } from "./rig/kill-role.ts";
import { checkByOracle } from "./rig/oracle.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, withCleanup } from "./rig/scenario.ts";
import type { TwoInstances } from "./rig/two-instances.ts";
import { checkOneWriter, startTwoInstances } from "./rig/two-instances.ts";

const TAKEOVER_WITHIN_MS = 10_000;
const STEP_DOWN_WITHIN_MS = 2_000;
/** Longer than anything that the old leader could still do. */
const AFTERMATH_MS = 5_000;

type Sleep = {
  readonly takeoverMs: number;
  readonly steppedDownMs: number;
  readonly oldToken: bigint;
  readonly wokenAt: Date;
};

const readLease = async ({ sql }: TwoInstances): Promise<{ token: bigint; holder: string }> => {
  const [row] = await sql<{ token: string; holder: string }[]>`
    select token::text as token, holder from leases where name = 'engine'`;
  if (row === undefined) throw new Error("there is no lease");
  return { token: BigInt(row.token), holder: row.holder };
};

/** Stops "one" for `stopMs`, cuts its sessions, and wakes it again. */
const putToSleep = async (pair: TwoInstances, stopMs: number): Promise<Sleep> => {
  const { sql, one } = pair;
  const { token: oldToken } = await readLease(pair);
  const pids = [pidOf(one, "engine"), pidOf(one, "deliver")];
  const stoppedMs = Date.now();
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  let takeoverMs = Number.NaN;
  try {
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
               where usename = 'one' and application_name in ('nines-engine', 'nines-deliver')`;
    await waitFor("the follower to lead", async () => (await pair.leader()) === "two", {
      deadlineMs: 30_000,
      everyMs: 20,
    });
    takeoverMs = Date.now() - stoppedMs;
    await pause(Math.max(0, stoppedMs + stopMs - Date.now()));
  } finally {
    for (const pid of pids) process.kill(pid, "SIGCONT");
  }
  const wokenAt = new Date();
  const seen = one.log().length;
  const line = await waitFor(
    "the old leader to step down",
    () =>
      one
        .log()
        .slice(seen)
        .find(({ message }) => message === "the lease is lost; stepping down"),
    { deadlineMs: 30_000, everyMs: 5 },
  );
  await pause(AFTERMATH_MS);
  return { takeoverMs, steppedDownMs: line.readAtMs - wokenAt.getTime(), oldToken, wokenAt };
};

/** Whether a write under a token is refused, asked in the words of the product. */
const isRefused = async (url: string, holder: string, token: bigint): Promise<boolean> => {
  const database = openDatabase({ url, applicationName: "nines-faults" });
  try {
    await database.transaction((tx) => assertLease(tx, { name: "engine", holder, token }));
    return false;
  } catch (error) {
    return errorCodeOf(error) === "LEASE_LOST";
  } finally {
    await database.close();
  }
};

/** Runs the scenario: `stopMs` is 60,000 in full, with an outage meanwhile; shorter ones look at the leaders only. */
export const runF17 = ({ stopMs }: { stopMs: number }): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const isFull = stopMs >= MINUTE_MS;
    const world = await openAlertingWorld(later, { name: "f17", targets: 1 });
    const [target] = world.targets;
    const pair = await startTwoInstances(later, world);
    const { sql } = pair;
    await waitFor("the first instance to lead", async () => (await pair.leader()) === "one", { deadlineMs: 20_000 });
    const before = await readLease(pair);
    const untilMs = nextMinute(Date.now()) + 2 * MINUTE_MS;
    // Down when the old leader falls asleep, up again before it wakes: both transitions are the follower's to tell.
    const playing = (async () => {
      if (!isFull) return;
      target?.goDown();
      await pause(20_000);
      target?.goUp();
    })();
    const sleep = await putToSleep(pair, stopMs);
    await playing;
    if (isFull) {
      await pauseUntil(untilMs);
      await waitForVerdicts(sql, untilMs);
    }
    const [late] = await sql<{ n: number }[]>`
      select count(*)::int as n from writes_seen where writer = 'one' and at >= ${sleep.wokenAt}`;
    const refused = await isRefused(pair.url, before.holder, sleep.oldToken);
    const writers = await checkOneWriter(pair);
    const isLeaderTwo = (await pair.leader()) === "two";
    const ends = await Promise.all([pair.one.stop(), pair.two.stop()]);
    await closeAllMinutes(pair.url);
    const others = [
      checkBuckets(sql),
      checkSliHours(sql),
      checkToldOnce(sql, world.receiver),
      checkAlerts(sql, world.receiver.received(), SIGNING_SECRET),
      ...(isFull ? [checkByOracle(sql)] : []),
    ];
    const findings = [...writers.findings, ...(await Promise.all(others)).flat()];
    const [alerts] = await sql<{ n: number; ended: number }[]>`
      select count(*)::int as n, count(resolved_at)::int as ended from alerts`;
    return {
      figures: {
        stopMs,
        takeoverMs: sleep.takeoverMs,
        steppedDownMs: sleep.steppedDownMs,
        writesOfTheZombie: late?.n ?? 0,
        writes: writers.writes,
        alerts: alerts?.n ?? 0,
        duplicates: duplicatesOf(world.receiver),
      },
      faults: [
        ...findings.map(({ checker, what }) => `${checker}: ${what}`),
        ...(sleep.takeoverMs > TAKEOVER_WITHIN_MS ? [`the takeover took ${sleep.takeoverMs} ms`] : []),
        ...(sleep.steppedDownMs > STEP_DOWN_WITHIN_MS ? [`stepping down took ${sleep.steppedDownMs} ms`] : []),
        ...(refused ? [] : ["a write under the old token is not refused"]),
        ...((late?.n ?? 0) > 0 ? [`the old leader wrote ${late?.n} times after it woke`] : []),
        ...(isLeaderTwo ? [] : ["the follower does not lead any more"]),
        ...(isFull && (alerts?.n !== 1 || alerts.ended !== 1)
          ? [`${alerts?.n} alerts, ${alerts?.ended} ended, for one outage`]
          : []),
        ...(duplicatesOf(world.receiver) > 0 ? ["something was sent twice"] : []),
        ...ends.filter(({ code }) => code !== 0).map(({ code }) => `an instance ended with ${code}`),
      ],
    };
  });
