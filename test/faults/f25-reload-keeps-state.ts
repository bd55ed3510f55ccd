// F25: the configuration is read again, changed and unchanged, while one alert fires and another one waits for its minutes.
import postgres from "postgres";
import { findRunningEmbedded } from "#db/embedded/index.ts";
import { waitFor } from "../support/wait-for.ts";
import {
  alertingConfig,
  checkToldOnce,
  duplicatesOf,
  MINUTE_MS,
  nextMinute,
  openAlertingWorld,
  pauseUntil,
  rewriteConfig,
  SIGNING_SECRET,
  toldBy,
  waitForVerdicts,
} from "./rig/alerting.ts";
import { checkAlerts, checkBuckets, checkGaps, checkInnocence, checkSkipped, checkSliHours } from "./rig/checkers.ts";
import { withStoppedData } from "./rig/database.ts";
import { checkByOracle } from "./rig/oracle.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, withCleanup } from "./rig/scenario.ts";
import { startService } from "./rig/service.ts";

const INTERVAL_MS = 1_000;
const PENDING_MINUTES = 3;
const PENDING = `    threshold_alerts:
      - { id: pending, metric: error_rate_5xx, window: 1m, for: ${PENDING_MINUTES}m }
`;

type Firing = { name: string; firedAt: string; resolvedAt: string | null };

const readEpisodes = async (sql: postgres.Sql): Promise<Firing[]> => {
  const rows = await sql<{ name: string; number: number; fired: Date; resolved: Date | null }[]>`
    select coalesce(slo_id, pair_id) as name, number, fired_at as fired, resolved_at as resolved from alerts order by 1, 2`;
  return rows.map(({ name, number, fired, resolved }) => ({
    name: `${name} ${number}`,
    firedAt: fired.toISOString(),
    resolvedAt: resolved?.toISOString() ?? null,
  }));
};

/** Runs the scenario, 6 to 7 minutes: `reloads` is 100 in full. */
export const runF25 = ({ reloads }: { reloads: number }): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const extra = (index: number): string => (index === 1 ? PENDING : "");
    const world = await openAlertingWorld(later, { name: "f25", targets: 2, extra });
    const { dataDir, env, targets, receiver } = world;
    const service = await startService({ dataDir, config: world.config, env });
    later(service.stop);
    const sql = postgres((await findRunningEmbedded(dataDir)) ?? "", { max: 1, onnotice: () => undefined });
    later(() => sql.end({ timeout: 1 }));

    const startMs = nextMinute(Date.now());
    await pauseUntil(startMs + 1_000);
    for (const target of targets) target.goDown();
    await waitFor("the burn rates to alert", async () => (await readEpisodes(sql)).length === 2, {
      deadlineMs: 2 * MINUTE_MS,
      everyMs: 250,
    });
    await waitFor("the receiver to be told", () => toldBy(receiver).length === 2, { deadlineMs: 20_000 });
    const before = await readEpisodes(sql);

    // The condition holds from the end of the first minute on. All reloads lie before the waiting alert is due, three in four
    // of them with a new version of the configuration.
    const pendingUntilMs = startMs + (1 + PENDING_MINUTES) * MINUTE_MS;
    const everyMs = Math.max(100, (pendingUntilMs - 10_000 - Date.now()) / reloads);
    for (let reload = 0; reload < reloads; reload += 1) {
      const beganMs = Date.now();
      if (reload % 4 !== 0)
        await rewriteConfig(
          dataDir,
          alertingConfig({ targets, receiverUrl: receiver.url, pageName: `Faults ${reload}`, extra }),
        );
      service.child.kill("SIGHUP");
      await pause(Math.max(0, beganMs + everyMs - Date.now()));
    }
    const lastReloadMs = Date.now();
    const after = await readEpisodes(sql);
    const toldMeanwhile = toldBy(receiver).length - 2;
    await waitFor("the waiting alert", async () => (await readEpisodes(sql)).length === 3, {
      deadlineMs: 3 * MINUTE_MS,
      everyMs: 250,
    });
    for (const target of targets) target.goUp();
    const lastMs = nextMinute(Date.now()) + MINUTE_MS;
    await pauseUntil(lastMs);
    await waitForVerdicts(sql, lastMs);
    const ended = await waitFor(
      "the alerts to end",
      async () => {
        const episodes = await readEpisodes(sql);
        return episodes.every(({ resolvedAt }) => resolvedAt !== null) && episodes;
      },
      { deadlineMs: 2 * MINUTE_MS, everyMs: 250 },
    );
    await waitFor("the ends to be told", () => toldBy(receiver).length >= 6, { deadlineMs: 20_000 });
    const [{ versions } = { versions: 0 }] = await sql<{ versions: number }[]>`
      select count(*)::int as versions from config_versions`;
    await sql.end({ timeout: 1 });
    const stopped = await service.stop();

    const findings = await withStoppedData(dataDir, async (db) => {
      const gaps = await checkGaps(db, { intervalMs: INTERVAL_MS, allowedIn: () => 0 });
      const others = [
        checkBuckets(db),
        checkSliHours(db),
        checkSkipped(db),
        checkByOracle(db),
        checkToldOnce(db, receiver),
        checkAlerts(db, receiver.received(), SIGNING_SECRET),
        ...targets.map(({ downSpans }, index) => checkInnocence(db, downSpans, `probe-${index}`)),
      ];
      return [...gaps.findings, ...(await Promise.all(others)).flat()];
    });
    const fired = ended.find(({ name }) => name === "threshold_pending 1");
    const dueAt = new Date(pendingUntilMs).toISOString();
    return {
      figures: {
        reloads,
        versions,
        toldMeanwhile,
        pendingFiredAfterS: fired === undefined ? Number.NaN : (Date.parse(fired.firedAt) - startMs) / 1_000,
        alerts: ended.length,
        requests: toldBy(receiver).length,
        duplicates: duplicatesOf(receiver),
      },
      faults: [
        ...findings.map(({ checker, what }) => `${checker}: ${what}`),
        ...(lastReloadMs < pendingUntilMs ? [] : ["the reloads took longer than the alert waited"]),
        ...(JSON.stringify(before) === JSON.stringify(after) ? [] : ["the firing alerts changed in the reloads"]),
        ...(toldMeanwhile === 0 ? [] : [`${toldMeanwhile} events were sent in the reloads`]),
        ...(fired?.firedAt === dueAt ? [] : [`the waiting alert fired at ${fired?.firedAt}, due was ${dueAt}`]),
        ...(versions > reloads / 2 ? [] : [`only ${versions} versions of the configuration came into force`]),
        ...(stopped.code === 0 ? [] : [`the service ended with ${stopped.code}`]),
      ],
    };
  });
