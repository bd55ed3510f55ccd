// F12: everything starts before Postgres does. The page shows what it has, or says that it starts; nothing falls over.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { startEmbedded } from "#db/embedded/index.ts";
import { migrate } from "#db/migrate.ts";
import { benchSnapshot } from "#lib/cli/bench/page-snapshot.ts";
import { temporaryFolder } from "../support/instance.ts";
import { waitFor } from "../support/wait-for.ts";
import { laySnapshot, throughProxy, webSettings } from "./rig/page-rig.ts";
import { startRole } from "./rig/role-processes.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, withCleanup } from "./rig/scenario.ts";
import { startTcpProxy } from "./rig/tcp-proxy.ts";

const READY_WITHIN_MS = 5_000;
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };

const ask = async (url: string, path: string) => {
  const response = await fetch(`${url}${path}`);
  await response.arrayBuffer();
  return { status: response.status, retryAfter: response.headers.get("retry-after") };
};

/** Two web roles, with and without something on disk, beside the roles that need the database most. */
const startAll = async (databaseUrl: string, root: string, later: (undo: () => Promise<unknown>) => void) => {
  const output: string[] = [];
  const folderOf = async (name: string): Promise<string> => {
    const dataDir = join(root, name);
    await mkdir(dataDir, { recursive: true });
    return dataDir;
  };
  const warm = await folderOf("warm");
  await laySnapshot(warm, benchSnapshot(Date.now()));
  const start = async (role: "web" | "engine" | "deliver", dataDir: string) => {
    const started = await startRole({ ...webSettings({ databaseUrl, dataDir, port: 0 }), role }, (text) =>
      output.push(text),
    );
    later(started.stop);
    return started;
  };
  return {
    warm: await start("web", warm),
    cold: await start("web", await folderOf("cold")),
    others: [await start("engine", await folderOf("engine")), await start("deliver", await folderOf("deliver"))],
    output,
  };
};

/** Runs the scenario; `absentMs` is 30,000 in full. */
export const runF12 = ({ absentMs }: { absentMs: number }) =>
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

    const roles = await startAll(throughProxy(embedded.url, proxy.port), folder.path, later);
    const [warm, cold] = [roles.warm, roles.cold].map(({ port }) => `http://127.0.0.1:${port}`) as [string, string];
    const wrong: string[] = [];
    const from = performance.now();
    let asked = 0;
    await waitFor("the page from the disk", async () => (await ask(warm, "/")).status === 200);
    while (performance.now() - from < absentMs) {
      const shown = await ask(warm, "/");
      if (shown.status !== 200) wrong.push(`the page of before answered ${shown.status}`);
      const starting = await ask(cold, "/");
      if (starting.status !== 503 || starting.retryAfter === null)
        wrong.push(`the new one answered ${starting.status}`);
      asked += 2;
      await pause(100);
    }
    const all = [roles.warm, roles.cold, ...roles.others];
    const ended = all.filter(({ child }) => child.exitCode !== null || child.signalCode !== null).length;
    proxy.setClosing(false);
    const backMs = performance.now();
    const isReachable = async (url: string): Promise<boolean> => {
      const ready = (await (await fetch(`${url}/health/ready`)).json()) as { checks: { database: { status: string } } };
      return ready.checks.database.status === "ok";
    };
    await waitFor(
      "both web roles to reach the database",
      async () => (await isReachable(warm)) && (await isReachable(cold)),
      {
        deadlineMs: 30_000,
      },
    );
    const readyAfterMs = Math.round(performance.now() - backMs);
    return {
      figures: { absentMs, asked, wrong: wrong.length, ended, readyAfterMs },
      faults: [
        ...wrong.slice(0, 5),
        ...(ended === 0 ? [] : [`${ended} of ${all.length} processes ended: ${roles.output.join("").slice(0, 500)}`]),
        ...(readyAfterMs <= READY_WITHIN_MS ? [] : [`ready again after ${readyAfterMs} ms`]),
      ],
    };
  });
