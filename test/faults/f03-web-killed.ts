// F03: the web role is killed over and over while incidents are written through it, each try repeated under its Idempotency-Key.
// In full it is `nines start` with its supervisor and the built pages; the short form is the web role with a stand-in for Next.
import type postgres from "postgres";
import { runNines } from "../support/instance.ts";
import type { KilledWeb } from "./rig/killed-web.ts";
import { measureBareStart, serviceOf, startKilledService, startLoneWeb } from "./rig/killed-web.ts";
import { waitForPage } from "./rig/page-rig.ts";
import type { PageWatch } from "./rig/page-watch.ts";
import { watchPage } from "./rig/page-watch.ts";
import type { Pages } from "./rig/role-processes.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, percentileOf, seededRandom, withCleanup } from "./rig/scenario.ts";

const WRITES_PER_SECOND = 20;
const PAGE_WITHIN_MS = 2_000;
/** On a machine that has no time for anybody: this many times as long as a bare Node takes there to its first answer. */
const PAGE_WITHIN_BARE_STARTS = 12;
const BARE_EVERY_KILLS = 5;
const RETRY_MS = 100;
const MOST_RETRY_MS = 2_000;
/** So many people wait for an answer at once; more would be a storm of our own making. */
const MOST_PENDING = 60;
/** Kills may follow each other so fast that a write has to wait until they are over. */
const WRITTEN_WITHIN_MS = 1_200_000;

type Asked = { readonly url: string; readonly key: string; readonly name: string };

const tryToWrite = async ({ url, key, name }: Asked): Promise<string> => {
  const service = serviceOf(Number(name.split("-")[1]));
  const body = JSON.stringify({ title: name, message: "Looking into it", affected: [{ service }] });
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
    "idempotency-key": name,
  };
  try {
    const response = await fetch(`${url}/v1/incidents`, { method: "POST", headers, body });
    const text = await response.text();
    return response.status === 201 ? "written" : `${response.status} ${text}`;
  } catch (error) {
    return String(error);
  }
};

/** Opens an incident, again and again until it is answered, as a client does that waits longer each time. */
const write = async (asked: Asked): Promise<void> => {
  const from = performance.now();
  let waitMs = RETRY_MS;
  for (let answer = await tryToWrite(asked); answer !== "written"; answer = await tryToWrite(asked)) {
    if (performance.now() - from > WRITTEN_WITHIN_MS)
      throw new Error(`${asked.name} was not written; the last answer was ${answer}`);
    await pause(waitMs);
    waitMs = Math.min(MOST_RETRY_MS, waitMs * 2);
  }
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

/** Writes incidents until it is stopped; resolves with their names once all of them are written. */
const keepWriting = (url: string, key: string) => {
  const names: string[] = [];
  const writes: Promise<void>[] = [];
  let isEnding = false;
  let pending = 0;
  const writing = (async () => {
    while (!isEnding) {
      await pause(1_000 / WRITES_PER_SECOND);
      if (pending >= MOST_PENDING) continue;
      const name = `incident-${names.length}`;
      names.push(name);
      pending += 1;
      const written = write({ url, key, name }).finally(() => {
        pending -= 1;
      });
      // Somebody waits for it at the end.
      written.catch(() => undefined);
      writes.push(written);
    }
  })();
  return {
    stop: async (): Promise<readonly string[]> => {
      isEnding = true;
      await writing;
      await Promise.all(writes);
      return names;
    },
  };
};

type Times = { readonly pageMs: number[]; readonly readyMs: number[]; readonly bareMs: number[] };

const killAgainAndAgain = async (
  web: KilledWeb,
  page: PageWatch,
  { kills, random }: { kills: number; random: () => number },
): Promise<Times> => {
  const times: Times = { pageMs: [], readyMs: [], bareMs: [] };
  for (let kill = 0; kill < kills; kill += 1) {
    await pause(200 + random() * 600);
    if (kill % BARE_EVERY_KILLS === 0) times.bareMs.push(await measureBareStart());
    const { ready } = await web.kill();
    const from = performance.now();
    const isReady = ready.then(() => times.readyMs.push(performance.now() - from));
    times.pageMs.push(await page.untilAnswered());
    await isReady;
  }
  return times;
};

type F03Args = { readonly kills: number; readonly seed: number; readonly pages?: Pages };

/** Runs the scenario; `kills` is 100 in full, with the built pages. */
export const runF03 = ({ kills, seed, pages = "stand-in" }: F03Args) =>
  withCleanup(async (later): Promise<ScenarioResult> => {
    const web = await (pages === "built" ? startKilledService(later) : startLoneWeb(later));
    await waitForPage(web.url);
    const key = await createKey(web.databaseUrl);
    const writer = keepWriting(web.url, key);
    const page = watchPage(web.url);
    later(page.stop);
    const random = seededRandom(seed);
    const { pageMs, readyMs, bareMs } = await killAgainAndAgain(web, page, { kills, random });
    const names = await writer.stop();
    const twice = await countTwice(web.sql, names);
    const bare = percentileOf(bareMs, 0.5);
    const limit = Math.max(PAGE_WITHIN_MS, PAGE_WITHIN_BARE_STARTS * bare);
    const slowest = percentileOf(pageMs, 1);
    return {
      figures: {
        seed,
        kills,
        writes: names.length,
        pageP50Ms: Math.round(percentileOf(pageMs, 0.5)),
        pageP99Ms: Math.round(percentileOf(pageMs, 0.99)),
        pageOver2s: pageMs.filter((ms) => ms > PAGE_WITHIN_MS).length,
        wholeP50Ms: Math.round(percentileOf(readyMs, 0.5)),
        bareNodeP50Ms: Math.round(bare),
        notOnce: twice.length,
      },
      faults: [
        ...twice.slice(0, 5),
        ...(slowest <= limit ? [] : [`the page was back after ${Math.round(slowest)} ms`]),
      ],
    };
  });
