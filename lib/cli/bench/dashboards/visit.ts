import { gzipSync } from "node:zlib";
import type { Database } from "#db/database.ts";
import { markLog } from "#db/queries/bench-dashboards.ts";
import { AppError } from "#lib/core/errors.ts";
import type { RawAnswer } from "../fetch-once.ts";
import { fetchOnce } from "../fetch-once.ts";
import { treeCpuUs } from "../process-cpu.ts";
import type { Look } from "./looks.ts";
import { addressIn } from "./looks.ts";
import type { Past } from "./past.ts";
import type { PlanLog, Seen } from "./plans.ts";

const WARM_UP = 6;

/** Of one address: server time from request to last byte, and what a first visit loads. */
export type PageFigures = {
  readonly address: string;
  readonly medianMs: number;
  readonly p95Ms: number;
  /** Processor time a page: of the web role, and of PostgreSQL. Null where /proc does not tell. */
  readonly cpuMs: number | null;
  readonly postgresMs: number | null;
  /** Compressed bytes of the document with its scripts and style sheets. */
  readonly firstLoadBytes: number;
};

export type Ground = {
  readonly past: Past;
  readonly port: number;
  readonly webPid: number;
  readonly postgresPid: number;
  readonly cookie: string;
};

const ask = async (path: string, { port, cookie }: Ground): Promise<RawAnswer> => {
  const answer = await fetchOnce({ port, path, headers: [cookie, "accept: text/html"] });
  const isAnswer = (answer.status >= 200 && answer.status < 400) || path === "/admin/no-such-page";
  if (!isAnswer) throw new AppError("ROLE_CRASHED", `${path} answered ${answer.status}`);
  return answer;
};

/** Scripts and style sheets that a document names. */
const partsOf = (html: string): string[] => [
  ...new Set([...html.matchAll(/(?:src|href)="(\/_next\/[^"]+\.(?:js|css)[^"]*)"/g)].map((match) => match[1] ?? "")),
];

const firstLoad = async (path: string, ground: Ground): Promise<number> => {
  const { body } = await ask(path, ground);
  const parts = await Promise.all(partsOf(body.toString("utf8")).map(async (part) => (await ask(part, ground)).body));
  return [body, ...parts].reduce((sum, bytes) => sum + gzipSync(bytes).length, 0);
};

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

/** Asks for a page again and again, one request at a time, each round about other things where the address says so. */
export const measureLook = async (look: Look, ground: Ground, rounds: number): Promise<PageFigures> => {
  const times: number[] = [];
  const cpu = (): readonly (number | null)[] => [treeCpuUs(ground.webPid), treeCpuUs(ground.postgresPid)];
  let before = cpu();
  for (let round = -WARM_UP; round < rounds; round += 1) {
    if (round === 0) before = cpu();
    const began = performance.now();
    await ask(addressIn(look, round + WARM_UP, ground.past), ground);
    if (round >= 0) times.push(performance.now() - began);
  }
  const [web = null, postgres = null] = cpu().map((us, index) => {
    const was = before[index] ?? null;
    return us === null || was === null ? null : (us - was) / 1_000 / rounds;
  });
  times.sort((a, b) => a - b);
  return {
    address: look.address,
    medianMs: at(times, 0.5),
    p95Ms: at(times, 0.95),
    cpuMs: web,
    postgresMs: postgres,
    firstLoadBytes: await firstLoad(addressIn(look, 0, ground.past), ground),
  };
};

/** What pages sent to a server that explains it. `perLook`: statements of one visit (the median), by address. */
export type Captured = { readonly seen: readonly Seen[]; readonly perLook: ReadonlyMap<string, number> };

const NEXT_PAGE = /href="([^"#]*[?&](?:amp;)?after=[^"#]*)/;

/** Of a new connection, and of the look whether the database answers. */
const OF_THE_DRIVER = /pg_catalog|^\s*select 1\s*$/;

/** The page of a list that follows, where a document links to one. */
const followingOf = ({ body }: RawAnswer): string | null =>
  NEXT_PAGE.exec(body.toString("utf8"))?.[1]?.replaceAll("&amp;", "&") ?? null;

/**
 * Visits every address `turns` times, and the list that follows once; statements that come without any visit do not count.
 * Prepared statements are planned anew five times, so more turns also see the plans that are kept.
 */
export const capturePlans = async (
  looks: readonly Look[],
  ground: Ground,
  args: {
    readonly log: PlanLog;
    readonly explaining: Database;
    readonly turns: number;
    readonly idle: ReadonlySet<string>;
  },
): Promise<Captured> => {
  const { log, explaining, turns, idle } = args;
  const take = async () =>
    (await log.take((text) => explaining.read((db) => markLog(db, text)))).filter(
      ({ text }) => !idle.has(text) && !OF_THE_DRIVER.test(text),
    );
  const seen: Seen[] = [];
  const perLook = new Map<string, number>();
  await take();
  for (const look of looks) {
    let following: string | null = null;
    const counts: number[] = [];
    for (let turn = turns - 1; turn >= 0; turn -= 1) {
      const answer = await ask(addressIn(look, turn, ground.past), ground);
      const found = await take();
      seen.push(...found.map((one) => ({ ...one, page: look.page })));
      counts.push(found.length);
      following = followingOf(answer);
    }
    // What the role does beside it now and then falls into some visits only.
    counts.sort((a, b) => a - b);
    perLook.set(look.address, counts[counts.length >> 1] ?? 0);
    if (following === null) continue;
    await ask(following, ground);
    seen.push(...(await take()).map((one) => ({ ...one, page: look.page })));
  }
  return { seen, perLook };
};
