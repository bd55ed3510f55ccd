// A web role that is killed and comes again: alone in the short form, under the supervisor of `nines start` in the full one.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import postgres from "postgres";
import { startEmbedded } from "#db/embedded/index.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { temporaryFolder } from "../../support/instance.ts";
import { waitFor } from "../../support/wait-for.ts";
import { pidOf } from "./kill-role.ts";
import { buildPages, startPageRig, throughProxy, waitForPage, webSettings } from "./page-rig.ts";
import { startRole } from "./role-processes.ts";
import { startScriptedTarget } from "./scripted-target.ts";
import { startService } from "./service.ts";

/** Writes are spread over these, since those of one service come one after the other. */
const SERVICES = 10;
export const serviceOf = (number: number): string => `service-${number % SERVICES}`;
const SERVICE_IDS = Array.from({ length: SERVICES }, (_, number) => serviceOf(number));

type Later = (undo: () => Promise<unknown>) => void;

export type KilledWeb = {
  readonly url: string;
  readonly databaseUrl: string;
  readonly sql: postgres.Sql;
  /** Kills the web role. Resolves when the process has ended; the next one is on its way, and `ready` when it says so. */
  readonly kill: () => Promise<{ readonly ready: Promise<unknown> }>;
};

const openSql = (url: string, later: Later): postgres.Sql => {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  later(() => sql.end({ timeout: 1 }));
  return sql;
};

/** The web role alone, with a stand-in for Next. */
export const startLoneWeb = async (later: Later): Promise<KilledWeb> => {
  const rig = await startPageRig("f03", later);
  const sql = openSql(rig.databaseUrl, later);
  await sql`insert into services (id, name, position) select id, id, 0 from unnest(${SERVICE_IDS}::text[]) as s (id)`;
  const { url, port, databaseUrl } = rig;
  const settings = webSettings({
    databaseUrl: throughProxy(databaseUrl, rig.proxy.port),
    dataDir: join(rig.folder, "data"),
    port,
  });
  let web = rig.web;
  later(() => web.stop());
  return {
    url,
    databaseUrl,
    sql,
    kill: async () => {
      const ended = once(web.child, "exit");
      web.child.kill("SIGKILL");
      await ended;
      const ready = startRole(settings, () => undefined).then((started) => {
        web = started;
      });
      ready.catch(() => undefined);
      return { ready };
    },
  };
};

/** A port that nobody listens on just now. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
};

/** Services whose probes ask a local target each second. */
export const smallConfig = (url: string): string => `
version: 1
page: { name: Killed, time_zone: Etc/UTC, languages: [en, ko, ru] }
egress: { allow: [127.0.0.0/8] }
locations: [{ id: here, name: Here }]
services:
${SERVICE_IDS.map((id) => `  - { id: ${id}, name: ${id}, probes: [{ id: ${id}-home, type: http, url: "${url}", interval: 1s, timeout: 900ms, locations: [here] }] }`).join("\n")}
`;

/** The whole service as `nines start` runs it, with the built pages and a database of its own. */
export const startKilledService = async (later: Later): Promise<KilledWeb> => {
  await buildPages();
  const folder = await temporaryFolder("f03");
  later(folder.remove);
  const target = await startScriptedTarget();
  later(target.stop);
  const dataDir = join(folder.path, "database");
  await mkdir(dataDir, { mode: 0o755 });
  const embedded = await startEmbedded({ dataDir, log: silentLogger });
  later(embedded.stop);
  const port = await freePort();
  const service = await startService({
    dataDir: join(folder.path, "data"),
    config: smallConfig(target.url),
    env: { DATABASE_URL: embedded.url, HOST: "127.0.0.1", PORT: String(port), NINES_RATE_LIMIT: "off" },
    roles: ["web", "engine", "deliver", "probe"],
  });
  later(service.stop);
  const url = `http://127.0.0.1:${port}`;
  await waitForPage(url);
  return {
    url,
    databaseUrl: embedded.url,
    sql: openSql(embedded.url, later),
    kill: async () => {
      const pid = pidOf(service, "web");
      process.kill(pid, "SIGKILL");
      await waitFor("the web role to end", () => isGone(pid), { deadlineMs: 5_000, everyMs: 1 });
      const ready = waitFor("the web role to be ready again", () => pidOf(service, "web") !== pid, {
        deadlineMs: 60_000,
        everyMs: 10,
      });
      ready.catch(() => undefined);
      return { ready };
    },
  };
};

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

const BARE = `const server = require("node:http").createServer((_, response) => response.end("up"));
server.listen(0, "127.0.0.1", () => process.stdout.write(String(server.address().port)));`;

/** How long a bare Node takes from its start to its first answer: what this machine gives to anybody just now. */
export const measureBareStart = async (): Promise<number> => {
  const from = performance.now();
  const child = spawn(process.execPath, ["-e", BARE], { stdio: ["ignore", "pipe", "ignore"] });
  try {
    const [port] = (await once(child.stdout, "data")) as [Buffer];
    await (await fetch(`http://127.0.0.1:${port.toString()}`)).text();
    return performance.now() - from;
  } finally {
    child.kill("SIGKILL");
  }
};
