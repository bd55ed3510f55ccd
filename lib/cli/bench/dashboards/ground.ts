import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "#db/database.ts";
import { openDatabase } from "#db/database.ts";
import { choosePlace, EMBEDDED_MAJOR, startInPlace } from "#db/embedded/index.ts";
import { startTemporary } from "#db/embedded/temporary.ts";
import { migrate } from "#db/migrate.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { OrganisationSize } from "./config.ts";
import type { Past } from "./past.ts";
import { pastOf } from "./past.ts";
import type { PlanLog } from "./plans.ts";
import { planLog } from "./plans.ts";
import { seedDashboards } from "./seed.ts";
import { BENCH_KEY } from "./web.ts";

/** What a fresh table of millions of rows costs least with; nothing of it has to survive. */
const SETTINGS = {
  ...{ fsync: "off", synchronous_commit: "off", full_page_writes: "off" },
  ...{ wal_level: "minimal", max_wal_senders: "0", max_wal_size: "4GB", shared_buffers: "512MB", autovacuum: "off" },
};

/** A filled database and the places around it. */
export type BenchDatabase = {
  readonly url: string;
  readonly pid: number;
  readonly database: Database;
  readonly log: PlanLog;
  readonly past: Past;
  /** An empty folder for the web role. */
  readonly dataDir: string;
  readonly stop: () => Promise<void>;
};

type Server = { readonly url: string; readonly pid: number; readonly stop: () => Promise<void> };

const startServer = async (kept: string | undefined, settings: Readonly<Record<string, string>>): Promise<Server> => {
  if (kept === undefined) {
    const { server, stop } = await startTemporary({ settings });
    return { url: server.url, pid: server.pid, stop };
  }
  const log = { info: () => undefined, warn: () => undefined };
  return startInPlace(choosePlace(kept), { log, majorVersion: EMBEDDED_MAJOR, settings });
};

const FILLED_FILE = "bench.json";
type Filled = { readonly now: EpochMs; readonly size: OrganisationSize };

/** When the database in this folder was filled, and how large it is; null: it is empty. */
const filledIn = async (kept: string | undefined): Promise<Filled | null> => {
  const text = kept === undefined ? "" : await readFile(join(kept, FILLED_FILE), "utf8").catch(() => "");
  return text === "" ? null : (JSON.parse(text) as Filled);
};

/** Starts a database of this size: a temporary one, or the one that is kept in a folder, of whatever size it is. */
export const openBenchDatabase = async (kept: string | undefined, fresh: Filled): Promise<BenchDatabase> => {
  const dataDir = await mkdtemp(join(tmpdir(), "nines-bench-dashboards-"));
  const logFolder = join(dataDir, "log");
  await mkdir(logFolder);
  if (kept !== undefined) await mkdir(kept, { recursive: true });
  // The server may run as another user.
  for (const folder of [dataDir, logFolder]) await chmod(folder, 0o777);
  const log = planLog(logFolder);
  const server = await startServer(kept, { ...SETTINGS, ...log.settings });
  const database = openDatabase({ url: server.url, applicationName: "bench" });
  const stop = async (): Promise<void> => {
    await database.close();
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const before = await filledIn(kept);
    const { size, now } = before ?? fresh;
    const past = pastOf(size, now);
    if (before === null) {
      await migrate({ url: server.url });
      await seedDashboards(database, past, createSecretBox(BENCH_KEY));
      if (kept !== undefined) await writeFile(join(kept, FILLED_FILE), JSON.stringify(fresh));
    }
    return { url: server.url, pid: server.pid, database, log, past, dataDir, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
