// F08: Postgres is stopped (SIGSTOP of the postmaster and its children) while probes run and the page is under load.
import { readdir, readFile } from "node:fs/promises";
import postgres from "postgres";
import { findRunningEmbedded } from "#db/embedded/index.ts";
import { startInstance, temporaryFolder } from "../support/instance.ts";
import { waitFor } from "../support/wait-for.ts";
import type { Finding } from "./rig/checkers.ts";
import { checkBuckets, checkInnocence, checkMissingRuns, checkSessions, checkSliHours } from "./rig/checkers.ts";
import { withStoppedData } from "./rig/database.ts";
import type { LoadResult } from "./rig/page-load.ts";
import { loadPage } from "./rig/page-load.ts";
import { startScriptedTarget } from "./rig/scripted-target.ts";

export type F08Result = {
  readonly findings: readonly Finding[];
  readonly load: LoadResult;
  readonly notReadyAfterMs: number;
  readonly bannerAfterMs: number;
  readonly flushedAfterMs: number;
};

const PROBES = 20;

const configOf = (targetUrl: string): string => `
version: 1
page: { name: F08, time_zone: Etc/UTC, languages: [en] }
egress: { allow: [127.0.0.1/32] }
locations: [{ id: here, name: Here }]
services:
  - id: shop
    name: Shop
    probes:
${Array.from({ length: PROBES }, (_, i) => `      - { id: probe-${i}, type: http, url: "${targetUrl}", interval: 1s, timeout: 900ms, locations: [here] }`).join("\n")}
    slos:
      - { id: shop-availability, sli: availability, probes: [probe-0], objective: 99, window: 28d }
`;

/** The postmaster and its children, from /proc. */
const serverPids = async (postmaster: number): Promise<number[]> => {
  const pids = [postmaster];
  for (const name of (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry))) {
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    if (Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === postmaster) pids.push(Number(name));
  }
  return pids;
};

const signalAll = async (postmaster: number, signal: NodeJS.Signals): Promise<void> => {
  for (const pid of await serverPids(postmaster)) process.kill(pid, signal);
};

/** The sentence as an element of the page; the words for the script stand in an attribute of every page. */
const hasBanner = (html: string): boolean => html.includes("<strong>This page may be out of date.</strong>");

export type F08Args = {
  /** 60,000 in full and shorter in the form inside `npm test`, but over the 15 s of the banner. */
  readonly stopMs: number;
  /** Waits until the running engine has closed the minutes of the stop; else they are closed when it has ended. */
  readonly isClosedLive: boolean;
};

/** Runs the scenario. */
export const runF08 = async ({ stopMs, isClosedLive }: F08Args): Promise<F08Result> => {
  const folder = await temporaryFolder("f08");
  const target = await startScriptedTarget();
  const instance = await startInstance({
    config: configOf(target.url),
    dataDir: `${folder.path}/data`,
    env: { LOG_LEVEL: "warn" },
  });
  const url = await findRunningEmbedded(`${folder.path}/data`);
  if (url === null) throw new Error("the embedded database is not found");
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  const ending = new AbortController();
  try {
    await waitFor(
      "runs of every probe",
      async () => {
        const [row] = await sql<
          { probes: number; sessions: number }[]
        >`select count(distinct probe_no)::int as probes from runs`;
        return row?.probes === PROBES;
      },
      { deadlineMs: 30_000, everyMs: 250 },
    );
    await waitFor("the page", async () => (await instance.get("/")).text.includes("Shop"), { deadlineMs: 10_000 });
    const [before] = await sql<{ sessions: number; postmaster: number }[]>`
      select count(*)::int as sessions, (select pid from pg_stat_activity where backend_type = 'checkpointer')::int as postmaster from pg_stat_activity where datname = current_database()`;
    const checkpointer = await readFile(`/proc/${before?.postmaster}/stat`, "utf8");
    const postmaster = Number(checkpointer.slice(checkpointer.lastIndexOf(")") + 2).split(" ")[1]);

    const loading = loadPage({
      url: instance.url,
      paths: ["/", "/services/shop", "/api/v2/summary.json"],
      requestsPerSecond: 100,
      signal: ending.signal,
    });
    const stoppedAt = performance.now();
    await signalAll(postmaster, "SIGSTOP");
    const since = (from: number): number => Math.round(performance.now() - from);
    let notReadyAfterMs = Number.NaN;
    let bannerAfterMs = Number.NaN;
    try {
      await waitFor("/health/ready to be 503", async () => (await instance.get("/health/ready")).status === 503, {
        deadlineMs: 10_000,
        everyMs: 50,
      });
      notReadyAfterMs = since(stoppedAt);
      if ((await instance.get("/health/live")).status !== 200) throw new Error("/health/live is not 200");
      if ((await instance.get("/health/page")).status !== 200) throw new Error("/health/page is not 200");
      await waitFor("the stale banner", async () => hasBanner((await instance.get("/")).text), {
        deadlineMs: 20_000,
        everyMs: 100,
      });
      bannerAfterMs = since(stoppedAt);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, stopMs - since(stoppedAt))));
    } finally {
      await signalAll(postmaster, "SIGCONT");
    }
    const resumedAt = performance.now();
    const resumedDate = new Date();
    await waitFor(
      "the backlog to be recorded",
      async () => {
        const [row] = await sql<
          { behind: number }[]
        >`select extract(epoch from now() - min(newest))::float8 as behind from (select max(scheduled_at) as newest from runs group by probe_no) latest`;
        return row !== undefined && row.behind < 3;
      },
      { deadlineMs: 30_000, everyMs: 100 },
    );
    const flushedAfterMs = since(resumedAt);
    await waitFor("the fresh page", async () => !hasBanner((await instance.get("/")).text), {
      deadlineMs: 20_000,
      everyMs: 100,
    });
    ending.abort();
    const load = await loading;
    if (isClosedLive)
      await waitFor(
        "the minutes of the stop to be closed and rolled up",
        async () => {
          const [row] = await sql<
            { isDone: boolean }[]
          >`select closed_until > ${resumedDate} and not exists (select 1 from dirty_minutes where minute < closed_until) as "isDone" from rollup_progress`;
          return row?.isDone;
        },
        { deadlineMs: 90_000, everyMs: 500 },
      );
    const leaked = await checkSessions(sql, (before?.sessions ?? 0) + 4);
    await sql.end({ timeout: 1 });
    await instance.stop();
    const findings = await withStoppedData(`${folder.path}/data`, async (stopped) => [
      ...leaked,
      ...(await checkBuckets(stopped)),
      ...(await checkMissingRuns(stopped, 1_000, 0)),
      ...(await checkSliHours(stopped)),
      ...(await checkInnocence(stopped, target.downSpans)),
    ]);
    return { findings, load, notReadyAfterMs, bannerAfterMs, flushedAfterMs };
  } finally {
    ending.abort();
    await sql.end({ timeout: 1 });
    await instance.stop();
    await target.stop();
    await folder.remove();
  }
};

/** What must hold, as sentences of what does not. Empty: the scenario passed. */
export const judgeF08 = (result: F08Result): string[] => [
  ...result.findings.map(({ checker, what }) => `${checker}: ${what}`),
  ...result.load.failures.slice(0, 5).map((failure) => `a page request failed: ${failure}`),
  ...(result.notReadyAfterMs > 5_000 ? [`/health/ready took ${result.notReadyAfterMs} ms to say so`] : []),
  ...(result.bannerAfterMs < 10_000 || result.bannerAfterMs > 18_000
    ? [`the banner came after ${result.bannerAfterMs} ms`]
    : []),
  ...(result.flushedAfterMs > 10_000 ? [`the backlog took ${result.flushedAfterMs} ms`] : []),
];
