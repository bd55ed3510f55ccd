// F32: each process is asked to end (SIGTERM) under load, again and again, and the whole service at the end.
import postgres from "postgres";
import { openDatabase } from "#db/database.ts";
import { findRunningEmbedded } from "#db/embedded/index.ts";
import { insertBenchDeliveries } from "#db/queries/bench-deliver.ts";
import type { RoleName } from "#lib/cli/roles/role.ts";
import { epochMs } from "#lib/core/units.ts";
import { waitFor } from "../support/wait-for.ts";
import { alertingConfig, openAlertingWorld, SIGNING_SECRET } from "./rig/alerting.ts";
import { checkAlerts, checkBuckets, checkGaps, checkInnocence, checkSkipped, checkSliHours } from "./rig/checkers.ts";
import { withStoppedData } from "./rig/database.ts";
import { checkNumbers } from "./rig/delivery.ts";
import { pidOf } from "./rig/kill-role.ts";
import { startRole } from "./rig/role-processes.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, seededRandom, withCleanup } from "./rig/scenario.ts";
import type { Service } from "./rig/service.ts";
import { startService } from "./rig/service.ts";

const ROLES: readonly RoleName[] = ["engine", "deliver", "probe"];
const INTERVAL_MS = 1_000;
const STOPPED_WITHIN_MS = 10_000;
const LONGEST_LIFE_MS = 3_000;
const EVENTS_AT_ONCE = 20;
const EVENTS_EVERY_MS = 200;

type Stop = { readonly role: RoleName | "web"; readonly atMs: number; readonly tookMs: number; readonly code: unknown };

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Asks a role to end; resolves when the supervisor has the next one ready. */
const stopRole = async (service: Service, role: RoleName): Promise<Stop> => {
  const pid = pidOf(service, role);
  const atMs = Date.now();
  process.kill(pid, "SIGTERM");
  await waitFor(`${role} to end`, () => !isAlive(pid), { deadlineMs: 30_000, everyMs: 5 });
  const tookMs = Date.now() - atMs;
  await waitFor(`the next ${role}`, () => pidOf(service, role) !== pid, { deadlineMs: 60_000 });
  const code = service.log().findLast((line) => line.role === role && "exitCode" in line)?.exitCode;
  return { role, atMs, tookMs, code };
};

/** Asks for the API again and again; a request fails when it has no good answer within ten seconds of retries. */
const createClient = (port: () => number | null) => {
  const figures = { requests: 0, retries: 0, failed: 0 };
  let isOver = false;
  const ask = async (): Promise<boolean> => {
    const response = await fetch(`http://127.0.0.1:${port()}/v1/services`, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  };
  const request = async (): Promise<void> => {
    figures.requests += 1;
    const until = Date.now() + 10_000;
    while (!(await ask().catch(() => false))) {
      figures.retries += 1;
      if (Date.now() > until) {
        figures.failed += 1;
        return;
      }
      await pause(100);
    }
  };
  const run = (async () => {
    while (!isOver) await Promise.all([request(), pause(20)]);
  })();
  return {
    figures,
    stop: async (): Promise<void> => {
      isOver = true;
      await run;
    },
  };
};

/** Events for the receiver, a hundred a second. */
const createEvents = (url: string) => {
  const database = openDatabase({ url, applicationName: "nines-faults", maxConnections: 1 });
  let [count, isOver] = [0, false];
  const run = (async () => {
    while (!isOver) {
      const batch = { prefix: `f32_${count}_`, count: EVENTS_AT_ONCE, endpointId: "oncall", data: '{"n":1}' };
      await database.transaction((tx) => insertBenchDeliveries(tx, { ...batch, now: epochMs(Date.now()) }));
      count += EVENTS_AT_ONCE;
      await pause(EVENTS_EVERY_MS);
    }
  })();
  return {
    count: () => count,
    stop: async (): Promise<void> => {
      isOver = true;
      await run;
      await database.close();
    },
  };
};

/** A web process that is started again under its port, as the supervisor does. */
const createWeb = async (databaseUrl: string, dataDir: string) => {
  const start = (port: number) =>
    startRole(
      {
        role: "web",
        host: "127.0.0.1",
        port,
        instanceId: "f32",
        databaseUrl,
        dataDir: `${dataDir}-web`,
        configPath: `${dataDir}.yaml`,
        logLevel: "error",
        isDemo: false,
        isProduction: true,
        secretKey: Buffer.alloc(32, 1).toString("base64"),
      },
      () => undefined,
    );
  let current = await start(0);
  const port = current.port as number;
  return {
    port,
    restart: async (): Promise<Stop> => {
      const atMs = Date.now();
      await current.stop();
      const stopped = { role: "web" as const, atMs, tookMs: Date.now() - atMs, code: current.child.exitCode };
      current = await start(port);
      return stopped;
    },
    stop: () => current.stop(),
  };
};

/** Runs the scenario: `stops` processes of engine, deliver, probe and web in turn, then the service. */
export const runF32 = ({ stops, seed }: { stops: number; seed: number }): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const random = seededRandom(seed);
    const { dataDir, targets, receiver, env } = await openAlertingWorld(later, { name: "f32", targets: 2 });
    const config = alertingConfig({ targets, receiverUrl: receiver.url });
    const service = await startService({ dataDir, config, env });
    later(service.stop);
    const url = (await findRunningEmbedded(dataDir)) ?? "";
    const web = await createWeb(url, dataDir);
    later(web.stop);
    const client = createClient(() => web.port);
    later(client.stop);
    const events = createEvents(url);
    later(events.stop);

    const done: Stop[] = [];
    while (done.length < stops) {
      await pause(random() * LONGEST_LIFE_MS);
      const role = [...ROLES, "web" as const][done.length % 4] as Stop["role"];
      done.push(role === "web" ? await web.restart() : await stopRole(service, role));
    }
    await client.stop();
    await events.stop();
    const sql = postgres(url, { max: 1, onnotice: () => undefined });
    later(() => sql.end({ timeout: 1 }));
    await waitFor(
      "what is queued to arrive",
      async () => (await sql`select 1 from deliveries where state = 'pending' limit 1`).length === 0,
      { deadlineMs: 60_000, everyMs: 100 },
    );
    await sql.end({ timeout: 1 });
    await web.stop();
    const stopped = await service.stop();

    const allowedIn = (fromMs: number, untilMs: number): number =>
      done.filter(({ role, atMs }) => role === "probe" && atMs >= fromMs && atMs <= untilMs).length;
    const received = receiver.received();
    const { findings, missing } = await withStoppedData(dataDir, async (db) => {
      const gaps = await checkGaps(db, { intervalMs: INTERVAL_MS, allowedIn });
      const others = [
        checkBuckets(db),
        checkSliHours(db),
        checkSkipped(db),
        checkAlerts(db, received, SIGNING_SECRET),
        ...targets.map(({ downSpans }, index) => checkInnocence(db, downSpans, `probe-${index}`)),
      ];
      const numbers = (await checkNumbers(db)).map((what) => ({ checker: "K3" as const, what }));
      return { findings: [...gaps.findings, ...(await Promise.all(others)).flat(), ...numbers], missing: gaps.missing };
    });
    const twice = received.length - new Set(received.map(({ headers }) => headers["webhook-id"])).size;
    const slowest = Math.max(stopped.ms, ...done.map(({ tookMs }) => tookMs));
    const unclean = done.filter(({ code }) => code !== 0);
    return {
      figures: {
        seed,
        stops: done.length + 1,
        slowestStopMs: Math.round(slowest),
        missedRuns: missing,
        events: events.count(),
        eventsTwice: twice,
        ...client.figures,
      },
      faults: [
        ...findings.map(({ checker, what }) => `${checker}: ${what}`),
        ...(slowest <= STOPPED_WITHIN_MS ? [] : [`a process took ${Math.round(slowest)} ms to end`]),
        ...unclean.map(({ role, code }) => `${role} ended with ${String(code)}`),
        ...(stopped.code === 0 ? [] : [`the service ended with ${stopped.code}`]),
        ...(client.figures.failed === 0 ? [] : [`${client.figures.failed} requests failed`]),
        ...(twice === 0 ? [] : [`${twice} events came twice although nothing was killed`]),
      ],
    };
  });
