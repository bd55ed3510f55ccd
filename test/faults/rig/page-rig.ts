import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startEmbedded } from "#db/embedded/index.ts";
import { migrate } from "#db/migrate.ts";
import type { BenchServer } from "#lib/cli/bench/page/children.ts";
import { recordAnswers, startBenchServer } from "#lib/cli/bench/page/children.ts";
import { benchSnapshot } from "#lib/cli/bench/page/snapshot.ts";
import { buildPagesWhenNeeded } from "#lib/cli/start/next-build.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { ROOT, temporaryFolder } from "../../support/instance.ts";
import { waitFor } from "../../support/wait-for.ts";
import type { Pages, RoleProcess } from "./role-processes.ts";
import { startRole } from "./role-processes.ts";
import type { TcpProxy } from "./tcp-proxy.ts";
import { startTcpProxy } from "./tcp-proxy.ts";

/** A web role with a database of its own behind a proxy, and a snapshot of twenty services on its disk. */
export type PageRig = {
  readonly url: string;
  readonly port: number;
  readonly databaseUrl: string;
  /** Between the web role and the database. */
  readonly proxy: TcpProxy;
  readonly web: RoleProcess;
  readonly folder: string;
  /** Stops the database; the web role goes on. */
  readonly stopDatabase: () => Promise<unknown>;
};

const SECRET_KEY = Buffer.alloc(32, 1).toString("base64");
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };

export const throughProxy = (url: string, port: number): string => url.replace(/@[^/]+\//, `@127.0.0.1:${port}/`);

export const webSettings = (args: { databaseUrl: string; dataDir: string; port: number }) => ({
  role: "web" as const,
  instanceId: "faults",
  configPath: join(args.dataDir, "nines.yaml"),
  logLevel: "error",
  isDemo: false,
  isProduction: true,
  secretKey: SECRET_KEY,
  host: "127.0.0.1",
  ...args,
});

/** Lays a snapshot where the web role looks for its copy. */
export const laySnapshot = async (dataDir: string, snapshot: Snapshot): Promise<void> => {
  await mkdir(join(dataDir, "page-cache"), { recursive: true });
  await writeFile(join(dataDir, "page-cache", "snapshot.json"), JSON.stringify(snapshot));
};

/** Makes sure that there are pages to serve, for scenarios with the real ones. */
export const buildPages = (): Promise<void> =>
  buildPagesWhenNeeded({ root: ROOT, env: process.env, out: process.stderr, signal: new AbortController().signal });

/** `pages`: full forms of scenarios take the built ones, as users get them; short forms are quicker with a stand-in. */
export const startPageRig = async (
  name: string,
  later: (undo: () => Promise<unknown>) => void,
  pages: Pages = "stand-in",
): Promise<PageRig> => {
  if (pages === "built") await buildPages();
  const folder = await temporaryFolder(name);
  later(folder.remove);
  const dataDir = join(folder.path, "data");
  await mkdir(dataDir, { mode: 0o755 });
  const embedded = await startEmbedded({ dataDir, log: SILENT });
  later(embedded.stop);
  await migrate({ url: embedded.url });
  const { port } = new URL(embedded.url);
  const proxy = await startTcpProxy({ host: "127.0.0.1", port: Number(port) }, () => 1);
  later(proxy.stop);
  await laySnapshot(dataDir, benchSnapshot(Date.now()));
  const databaseUrl = throughProxy(embedded.url, proxy.port);
  const web = await startRole(webSettings({ databaseUrl, dataDir, port: 0 }), () => undefined, pages);
  later(web.stop);
  const url = `http://127.0.0.1:${web.port}`;
  return {
    url,
    port: web.port as number,
    databaseUrl: embedded.url,
    proxy,
    web,
    folder: folder.path,
    stopDatabase: embedded.stop,
  };
};

/** The page is finished bytes. */
export const waitForPage = (url: string, path = "/"): Promise<unknown> =>
  waitFor(`${path} of the page`, async () => (await fetch(`${url}${path}`)).status === 200, { deadlineMs: 15_000 });

export const GZIP = ["Accept-Encoding: gzip", "Accept-Language: en"];

/** A plain server of the same bytes as another one answers now. */
export const startPlainTwin = async (
  port: number,
  later: (undo: () => Promise<unknown>) => void,
): Promise<BenchServer> => {
  const answers = await recordAnswers(port, ["/", "/api/v2/summary.json"], GZIP);
  const plain = await startBenchServer({ kind: "plain", answers });
  later(() => Promise.resolve(plain.stop()));
  return plain;
};
