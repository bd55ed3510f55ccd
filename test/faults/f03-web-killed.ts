// F03: the web role is killed over and over while incidents are written through it, each try repeated under its Idempotency-Key.
import { join } from "node:path";
import postgres from "postgres";
import { runNines } from "../support/instance.ts";
import { waitFor } from "../support/wait-for.ts";
import { startPageRig, throughProxy, waitForPage, webSettings } from "./rig/page-rig.ts";
import type { RoleProcess } from "./rig/role-processes.ts";
import { startRole } from "./rig/role-processes.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, percentileOf, seededRandom, withCleanup } from "./rig/scenario.ts";

const WRITES_PER_SECOND = 20;
const PAGE_WITHIN_MS = 2_000;
const RETRY_MS = 100;
const WRITTEN_WITHIN_MS = 30_000;

/** Opens an incident, again and again until it is answered. */
const write = async (args: { url: string; key: string; name: string }): Promise<void> => {
  const body = JSON.stringify({ title: args.name, message: "Looking into it", affected: [{ service: "shop" }] });
  const headers = {
    authorization: `Bearer ${args.key}`,
    "content-type": "application/json",
    "idempotency-key": args.name,
  };
  let last = "";
  await waitFor(
    `${args.name} to be written`,
    async () => {
      const response = await fetch(`${args.url}/v1/incidents`, { method: "POST", headers, body }).catch(() => null);
      const text = await response?.text().catch(() => null);
      last = `${response?.status}: ${text}`;
      return response?.status === 201 && text !== null;
    },
    { deadlineMs: WRITTEN_WITHIN_MS, everyMs: RETRY_MS },
  ).catch((error: unknown) => {
    throw new Error(`${args.name} was not written; the last answer was ${last}`, { cause: error });
  });
};

const createKey = async (databaseUrl: string): Promise<string> => {
  const args = ["key", "create", "--name", "faults", "--scope", "incidents:write", "--json"];
  const { code, stdout, stderr } = await runNines(args, { env: { DATABASE_URL: databaseUrl } });
  const key = /nk_live_[A-Za-z0-9_-]+/.exec(stdout)?.[0];
  if (code !== 0 || key === undefined) throw new Error(`key create ended with ${code}: ${stderr}`);
  return key;
};

/** Incidents of a name and announcements of them that are not exactly one. */
const countTwice = async (sql: postgres.Sql, names: readonly string[]): Promise<string[]> => {
  const rows = await sql<{ name: string; incidents: number; events: number }[]>`
    select wanted.name, count(distinct i.id)::int as incidents,
           (select count(*)::int from events e where e.type = 'incident.opened' and e.subject = min(i.id)) as events
      from unnest(${names as string[]}::text[]) as wanted (name) left join incidents i on i.name = wanted.name
     group by wanted.name`;
  return rows
    .filter(({ incidents, events }) => incidents !== 1 || events !== 1)
    .map(({ name, incidents, events }) => `${name} has ${incidents} incidents and ${events} events`);
};

/** Runs the scenario; `kills` is 100 in full. */
export const runF03 = ({ kills, seed }: { kills: number; seed: number }) =>
  withCleanup(async (later): Promise<ScenarioResult> => {
    const random = seededRandom(seed);
    const rig = await startPageRig("f03", later);
    await waitForPage(rig.url);
    const key = await createKey(rig.databaseUrl);
    const sql = postgres(rig.databaseUrl, { max: 1, onnotice: () => undefined });
    later(() => sql.end({ timeout: 1 }));
    await sql`insert into services (id, name, position) values ('shop', 'Shop', 0)`;
    const settings = webSettings({
      databaseUrl: throughProxy(rig.databaseUrl, rig.proxy.port),
      dataDir: join(rig.folder, "data"),
      port: rig.port,
    });
    const names: string[] = [];
    const writes: Promise<void>[] = [];
    let isEnding = false;
    const writing = (async () => {
      while (!isEnding) {
        const name = `incident-${names.length}`;
        names.push(name);
        writes.push(write({ url: rig.url, key, name }));
        await pause(1_000 / WRITES_PER_SECOND);
      }
    })();
    // How long a process takes to be loaded is the machine's part of a restart; the rest is ours.
    const pageAfterMs: number[] = [];
    const restartedAfterMs: number[] = [];
    let web: RoleProcess = rig.web;
    for (let kill = 0; kill < kills; kill += 1) {
      await pause(200 + random() * 600);
      const ended = new Promise((resolve) => web.child.once("exit", resolve));
      web.child.kill("SIGKILL");
      await ended;
      const from = performance.now();
      web = await startRole(settings, () => undefined);
      const listensAt = performance.now();
      await waitForPage(rig.url);
      pageAfterMs.push(performance.now() - listensAt);
      restartedAfterMs.push(performance.now() - from);
    }
    later(() => web.stop());
    isEnding = true;
    await writing;
    await Promise.all(writes);
    const twice = await countTwice(sql, names);
    const slowest = percentileOf(pageAfterMs, 1);
    return {
      figures: {
        kills,
        writes: names.length,
        pageP50Ms: Math.round(percentileOf(pageAfterMs, 0.5)),
        pageSlowestMs: Math.round(slowest),
        restartP50Ms: Math.round(percentileOf(restartedAfterMs, 0.5)),
        notOnce: twice.length,
      },
      faults: [
        ...twice.slice(0, 5),
        ...(slowest <= PAGE_WITHIN_MS ? [] : [`the page was back after ${Math.round(slowest)} ms`]),
      ],
    };
  });
