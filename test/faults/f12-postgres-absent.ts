// F12: everything starts before Postgres does. The page shows what it has, or says that it starts; nothing falls over.
// In full it is `nines start` twice, with its supervisors and the built pages; the short form starts the roles one by one,
// with a stand-in for Next.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { startEmbedded } from "#db/embedded/index.ts";
import { migrate } from "#db/migrate.ts";
import { benchSnapshot } from "#lib/cli/bench/page/snapshot.ts";
import { ROLES } from "#lib/cli/roles/role.ts";
import type { Readiness } from "#lib/contracts/health.ts";
import { temporaryFolder } from "../support/instance.ts";
import { waitFor } from "../support/wait-for.ts";
import { freePort, measureBareStart, smallConfig } from "./rig/killed-web.ts";
import { buildPages, laySnapshot, throughProxy, webSettings } from "./rig/page-rig.ts";
import type { Pages, RoleProcess } from "./rig/role-processes.ts";
import { startRole } from "./rig/role-processes.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, withCleanup } from "./rig/scenario.ts";
import { startScriptedTarget } from "./rig/scripted-target.ts";
import type { Service } from "./rig/service.ts";
import { launchService } from "./rig/service.ts";
import { startTcpProxy } from "./rig/tcp-proxy.ts";

const READY_WITHIN_MS = 5_000;
/** On a machine that has no time for anybody: this many times as long as a bare Node takes there to its first answer. */
const READY_WITHIN_BARE_STARTS = 40;
const SECRET_KEY = Buffer.alloc(32, 1).toString("base64");
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };

const ask = async (url: string, path: string) => {
  const response = await fetch(`${url}${path}`);
  await response.arrayBuffer();
  return { status: response.status, retryAfter: response.headers.get("retry-after") };
};

/** What a web role with something on its disk and one without are asked at, and how the rest is doing. */
type Started = {
  readonly warm: string;
  readonly cold: string;
  /** Processes that ended by themselves. */
  readonly ended: () => number;
  readonly isReady: () => Promise<boolean>;
  readonly output: () => string;
};

type Later = (undo: () => Promise<unknown>) => void;

const folderOf = async (root: string, name: string): Promise<string> => {
  const dataDir = join(root, name);
  await mkdir(dataDir, { recursive: true });
  return dataDir;
};

const readinessOf = async (url: string): Promise<Readiness> =>
  (await (await fetch(`${url}/health/ready`)).json()) as Readiness;

const reachesDatabase = async (url: string): Promise<boolean> =>
  (await readinessOf(url)).checks.database.status === "ok";

/** Two web roles, with and without something on disk, beside the roles that need the database most. */
const startRoles = async (databaseUrl: string, root: string, later: Later): Promise<Started> => {
  const output: string[] = [];
  const processes: RoleProcess[] = [];
  const start = async (role: "web" | "engine" | "deliver", dataDir: string): Promise<string> => {
    const settings = { ...webSettings({ databaseUrl, dataDir, port: 0 }), role };
    const started = await startRole(settings, (text) => output.push(text));
    later(started.stop);
    processes.push(started);
    return `http://127.0.0.1:${started.port}`;
  };
  const warmDir = await folderOf(root, "warm");
  await laySnapshot(warmDir, benchSnapshot(Date.now()));
  const warm = await start("web", warmDir);
  const cold = await start("web", await folderOf(root, "cold"));
  await start("engine", await folderOf(root, "engine"));
  await start("deliver", await folderOf(root, "deliver"));
  return {
    warm,
    cold,
    ended: () => processes.filter(({ child }) => child.exitCode !== null || child.signalCode !== null).length,
    isReady: async () => (await reachesDatabase(warm)) && (await reachesDatabase(cold)),
    output: () => output.join(""),
  };
};

/** The whole service twice; ready is what a balancer is told, and each of the roles. */
const startServices = async (databaseUrl: string, root: string, later: Later): Promise<Started> => {
  await buildPages();
  const target = await startScriptedTarget();
  later(target.stop);
  const services: Service[] = [];
  const launch = async (name: string): Promise<string> => {
    const port = await freePort();
    const env = { DATABASE_URL: databaseUrl, HOST: "127.0.0.1", PORT: String(port), NINES_SECRET_KEY: SECRET_KEY };
    const dataDir = await folderOf(root, name);
    const service = await launchService({ dataDir, config: smallConfig(target.url), env, roles: ROLES });
    later(service.stop);
    services.push(service);
    return `http://127.0.0.1:${port}`;
  };
  await laySnapshot(await folderOf(root, "warm"), benchSnapshot(Date.now()));
  const warm = await launch("warm");
  const cold = await launch("cold");
  const haveAllRoles = (): boolean =>
    services.every((service) => ROLES.every((role) => service.pidsOf(role).length === 1));
  return {
    warm,
    cold,
    ended: () =>
      services.flatMap((service) => service.log().filter(({ code }) => code === "ROLE_CRASHED")).length +
      services.filter(({ child }) => child.exitCode !== null).length,
    isReady: async () =>
      haveAllRoles() && (await readinessOf(warm)).status === "ok" && (await readinessOf(cold)).status === "ok",
    output: () => services.map(({ output }) => output()).join(""),
  };
};

/** Asks both pages until the time is over; resolves with what was wrong. */
const askFor = async ({ warm, cold }: Started, absentMs: number): Promise<{ asked: number; wrong: string[] }> => {
  const wrong: string[] = [];
  let asked = 0;
  for (const from = performance.now(); performance.now() - from < absentMs; asked += 2) {
    const shown = await ask(warm, "/");
    if (shown.status !== 200) wrong.push(`the page of before answered ${shown.status}`);
    const starting = await ask(cold, "/");
    if (starting.status !== 503 || starting.retryAfter === null) wrong.push(`the new one answered ${starting.status}`);
    await pause(100);
  }
  return { asked, wrong };
};

/** Runs the scenario; `absentMs` is 30,000 in full, with the built pages. */
export const runF12 = ({ absentMs, pages = "stand-in" }: { absentMs: number; pages?: Pages }) =>
  withCleanup(async (later): Promise<ScenarioResult> => {
    const folder = await temporaryFolder("f12");
    later(folder.remove);
    const dataDir = join(folder.path, "data");
    await mkdir(dataDir, { mode: 0o755 });
    const embedded = await startEmbedded({ dataDir, log: SILENT });
    later(embedded.stop);
    await migrate({ url: embedded.url });
    const proxy = await startTcpProxy({ host: "127.0.0.1", port: Number(new URL(embedded.url).port) }, () => 1);
    later(proxy.stop);
    proxy.setClosing(true);

    const start = pages === "built" ? startServices : startRoles;
    const started = await start(throughProxy(embedded.url, proxy.port), folder.path, later);
    const isUp = (url: string, status: number) =>
      ask(url, "/").then(
        (answer) => answer.status === status,
        () => false,
      );
    const both = async () => (await isUp(started.warm, 200)) && (await isUp(started.cold, 503));
    await waitFor("the page from the disk, and the one that starts", both, { deadlineMs: 60_000 });
    const { asked, wrong } = await askFor(started, absentMs);
    const ended = started.ended();
    const bareMs = await measureBareStart();
    proxy.setClosing(false);
    const backMs = performance.now();
    await waitFor("everything to be ready", started.isReady, { deadlineMs: 60_000 });
    const readyAfterMs = Math.round(performance.now() - backMs);
    const limit = Math.max(READY_WITHIN_MS, READY_WITHIN_BARE_STARTS * bareMs);
    return {
      figures: { absentMs, asked, wrong: wrong.length, ended, readyAfterMs, bareNodeMs: Math.round(bareMs) },
      faults: [
        ...wrong.slice(0, 5),
        ...(ended === 0 ? [] : [`${ended} processes ended: ${started.output().slice(0, 500)}`]),
        ...(readyAfterMs <= limit ? [] : [`ready again after ${readyAfterMs} ms`]),
      ],
    };
  });
