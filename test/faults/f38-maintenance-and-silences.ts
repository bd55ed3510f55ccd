// F38: outages before, in and after maintenance and silences, with the service killed and started again inside: each is told of
// once when it begins and once when it ends, and what lies in maintenance altogether is not told of at all.
import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { findRunningEmbedded } from "#db/embedded/index.ts";
import { runNines } from "../support/instance.ts";
import { waitFor } from "../support/wait-for.ts";
import {
  checkToldOnce,
  MINUTE_MS,
  nextMinute,
  openAlertingWorld,
  pauseUntil,
  SIGNING_SECRET,
  toldBy,
  waitForVerdicts,
} from "./rig/alerting.ts";
import { checkAlerts, checkBuckets, checkInnocence, checkSliHours } from "./rig/checkers.ts";
import { withStoppedData } from "./rig/database.ts";
import { checkByOracle } from "./rig/oracle.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { withCleanup } from "./rig/scenario.ts";
import type { Service } from "./rig/service.ts";
import { startService } from "./rig/service.ts";

/** What each service goes through. The window of the last one's alert outlasts its maintenance. */
const STORIES = [
  "silenced in the middle of the outage",
  "silenced before the outage, until its middle",
  "in maintenance from before the outage until after it",
  "in maintenance in the middle of the outage",
] as const;
const TOLD = [2, 2, 0, 2] as const;

const openSql = async (dataDir: string): Promise<postgres.Sql> =>
  postgres((await findRunningEmbedded(dataDir)) ?? "", { max: 1, onnotice: () => undefined });

const exclude = (sql: postgres.Sql, args: { service: number; fromMs: number; untilMs: number }) => sql`
  insert into exclusions (id, service_id, kind, starts_at, ends_at, reason, author)
  values (${`exc_${randomUUID().replaceAll("-", "")}`}, ${`service-${args.service}`}, 'announced', ${new Date(args.fromMs)},
          ${new Date(args.untilMs)}, 'a new release', 'Ada')`;

const silence = async (dataDir: string, service: number, forText: string): Promise<void> => {
  const args = ["silence", "create", "--service", `service-${service}`, "--for", forText, "--comment", "known"];
  const { code, stderr } = await runNines(args, { env: { NINES_DATA_DIR: dataDir } });
  if (code !== 0) throw new Error(`silence create ended with ${code}: ${stderr}`);
};

const killAndStart = async (service: Service, start: () => Promise<Service>): Promise<Service> => {
  const pids = (["engine", "deliver", "probe"] as const).map((role) => service.pidsOf(role).at(-1));
  // The supervisor first, so that it starts nothing again; its database is taken over by the next one.
  for (const pid of [service.child.pid, ...pids]) if (pid !== undefined) process.kill(pid, "SIGKILL");
  return start();
};

/** Runs the scenario; it takes 6 to 7 minutes. */
export const runF38 = (): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const world = await openAlertingWorld(later, {
      name: "f38",
      targets: STORIES.length,
      windows: (index) => (index === 3 ? { long: 4, short: 2 } : { long: 2, short: 1 }),
    });
    const { dataDir, config, env, targets, receiver } = world;
    const start = () => startService({ dataDir, config, env });
    let service = await start();
    later(() => service.stop());
    let sql = await openSql(dataDir);
    later(() => sql.end({ timeout: 1 }));

    const startMs = nextMinute(Date.now());
    const minute = (count: number): number => startMs + count * MINUTE_MS;
    await pauseUntil(minute(0) - 5_000);
    await silence(dataDir, 1, new Date(minute(3) + 30_000).toISOString());
    await exclude(sql, { service: 2, fromMs: minute(0), untilMs: minute(5) });
    await exclude(sql, { service: 3, fromMs: minute(2), untilMs: minute(3) });
    await pauseUntil(minute(0) + 5_000);
    for (const target of targets) target.goDown();
    await waitFor("the first alerts to be told", () => toldBy(receiver).length >= 2, { deadlineMs: 2 * MINUTE_MS });
    const toldAtFirst = toldBy(receiver).length;
    await silence(dataDir, 0, new Date(minute(3) + 30_000).toISOString());

    await pauseUntil(minute(2) + 10_000);
    await sql.end({ timeout: 1 });
    const killedMs = Date.now();
    service = await killAndStart(service, start);
    const backMs = Date.now();
    sql = await openSql(dataDir);
    const [kept] = await sql<{ silences: number; exclusions: number }[]>`
      select (select count(*)::int from silences where ends_at > now()) as silences,
             (select count(*)::int from exclusions where revoked_at is null) as exclusions`;

    await pauseUntil(minute(4) - 5_000);
    for (const target of targets) target.goUp();
    await pauseUntil(minute(7));
    await waitForVerdicts(sql, minute(7));
    await sql.end({ timeout: 1 });
    const stopped = await service.stop();

    return withStoppedData(dataDir, async (db) => {
      const others = [
        checkBuckets(db),
        checkSliHours(db),
        checkByOracle(db),
        checkAlerts(db, receiver.received(), SIGNING_SECRET),
        checkToldOnce(db, receiver),
        ...targets.map(({ downSpans }, index) => checkInnocence(db, downSpans, `probe-${index}`)),
      ];
      const findings = (await Promise.all(others)).flat();
      const alerts = await db<{ slo: string; id: string }[]>`select slo_id as slo, id from alerts`;
      const told = STORIES.map((_, index) => {
        const ids = new Set(alerts.filter(({ slo }) => slo === `slo-${index}`).map(({ id }) => id));
        return toldBy(receiver).filter(({ alertId }) => ids.has(alertId)).length;
      });
      return {
        figures: { alerts: alerts.length, toldAtFirst, told: told.join(), backAfterMs: backMs - killedMs },
        faults: [
          ...findings.map(({ checker, what }) => `${checker}: ${what}`),
          ...STORIES.flatMap((story, index) =>
            told[index] === TOLD[index] ? [] : [`${story}: told of ${told[index]} times instead of ${TOLD[index]}`],
          ),
          ...(kept?.silences === 2 && kept.exclusions === 2
            ? []
            : [`after the restart ${JSON.stringify(kept)} is left`]),
          ...(stopped.code === 0 ? [] : [`the service ended with ${stopped.code}`]),
        ],
      };
    });
  });
