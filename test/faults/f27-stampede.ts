// F27: a cold cache meets a thousand visitors at once. The page is rendered once, and the database hears next to nothing of it.
import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import postgres from "postgres";
import { startPageRig, throughProxy, webSettings } from "./rig/page-rig.ts";
import { startRole } from "./rig/role-processes.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, withCleanup } from "./rig/scenario.ts";

const MOST_QUERIES = 10;
const STATISTICS_LAG_MS = 1_500;

/** One request on a connection of its own: its status, and the body that says how many renderings there were. */
const visit = (port: number): Promise<{ status: string; rendering: string }> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    let text = "";
    socket.on("connect", () => socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
    });
    socket.on("error", reject);
    socket.on("close", () => resolve({ status: text.slice(9, 12), rendering: /<h1>([^<]*)/.exec(text)?.[1] ?? "" }));
  });

const countTransactions = async (sql: postgres.Sql): Promise<number> => {
  const [row] = await sql<{ count: number }[]>`
    select (xact_commit + xact_rollback)::int as count from pg_stat_database where datname = current_database()`;
  return row?.count ?? 0;
};

/** Runs the scenario; `visitors` is 1,000 in full. */
export const runF27 = ({ visitors }: { visitors: number }) =>
  withCleanup(async (later): Promise<ScenarioResult> => {
    const rig = await startPageRig("f27", later);
    await rig.web.stop();
    // Nothing rendered is left; what was published is.
    const dataDir = join(rig.folder, "data");
    await rm(join(dataDir, "page-cache", "templates"), { recursive: true, force: true });
    const databaseUrl = throughProxy(rig.databaseUrl, rig.proxy.port);
    const web = await startRole(webSettings({ databaseUrl, dataDir, port: 0 }), () => undefined);
    later(web.stop);
    const sql = postgres(rig.databaseUrl, { max: 1, onnotice: () => undefined });
    later(() => sql.end({ timeout: 1 }));
    const idleFrom = await countTransactions(sql);
    await pause(2 * STATISTICS_LAG_MS);
    const before = await countTransactions(sql);
    const answers = await Promise.all(Array.from({ length: visitors }, () => visit(web.port as number)));
    await pause(2 * STATISTICS_LAG_MS);
    // Snapshots and the health of the database are asked for in the background, whoever visits.
    const queries = Math.max(0, (await countTransactions(sql)) - before - (before - idleFrom));
    const wrong = answers.filter(({ status }) => status !== "200");
    const renderings = new Set(answers.map(({ rendering }) => rendering)).size;
    return {
      figures: { visitors, renderings, otherThan200: wrong.length, queries },
      faults: [
        ...(renderings === 1 ? [] : [`the page was rendered ${renderings} times`]),
        ...(wrong.length === 0 ? [] : [`${wrong.length} answers were not 200, such as ${wrong[0]?.status}`]),
        ...(queries <= MOST_QUERIES ? [] : [`${queries} queries reached the database`]),
      ],
    };
  });
