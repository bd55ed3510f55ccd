// F26: Postgres is stopped and the page is asked for as fast as it answers, in turns with a plain server of the same bytes.
import { runLoad } from "#lib/cli/bench/load.ts";
import { GZIP, startPageRig, startPlainTwin, waitForPage } from "./rig/page-rig.ts";
import type { Pages } from "./rig/role-processes.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { percentileOf, withCleanup } from "./rig/scenario.ts";

const CONNECTIONS = 32;
const REQUESTS_A_TURN = 10_000;
const LEAST_PER_SECOND = 10_000;
const LEAST_SHARE = 0.6;
const MOST_P99_MS = 50;
/** Where the machine lets nobody answer sooner: as much of the plain server's own, in the same run. */
const MOST_P99_SHARE = 1.5;
/** The web role asks for snapshots and for the health of the database in the background, whoever visits. */
const MOST_TRIES_PER_SECOND = 10;

type F26Args = { readonly loadMs: number; readonly requests?: number; readonly pages?: Pages };

type Turn = { readonly perSecond: number; readonly p99Ms: number; readonly wrong: number; readonly requests: number };

const takeTurn = async (port: number, path: string, requests: number): Promise<Turn> => {
  const load = await runLoad({ port, path, headers: GZIP, connections: CONNECTIONS, requests });
  const right = load.statuses["200"] ?? 0;
  return {
    perSecond: load.requests / load.seconds,
    p99Ms: load.latencyMsP99,
    wrong: load.requests - right,
    requests: load.requests,
  };
};

const median = (values: readonly number[]): number => percentileOf(values, 0.5);

/** Runs the scenario for about `loadMs`: 60,000 in full, with the built pages; the short form has a stand-in for Next. */
export const runF26 = ({ loadMs, requests = REQUESTS_A_TURN, pages = "stand-in" }: F26Args) =>
  withCleanup(async (later): Promise<ScenarioResult> => {
    const rig = await startPageRig("f26", later, pages);
    await waitForPage(rig.url);
    await waitForPage(rig.url, "/api/v2/summary.json");
    const plain = await startPlainTwin(rig.port, later);
    await rig.stopDatabase();
    await takeTurn(rig.port, "/", 2_000);
    await takeTurn(plain.port, "/", 2_000);

    const turns: { ours: Turn; plain: Turn }[] = [];
    const startedMs = performance.now();
    const triesBefore = rig.proxy.arrivals().length;
    for (let turn = 0; turn < 3 || performance.now() - startedMs < loadMs; turn += 1) {
      const path = turn % 2 === 0 ? "/" : "/api/v2/summary.json";
      turns.push({
        ours: await takeTurn(rig.port, path, requests),
        plain: await takeTurn(plain.port, path, requests),
      });
    }
    const seconds = (performance.now() - startedMs) / 1_000;
    const tries = (rig.proxy.arrivals().length - triesBefore) / seconds;
    const perSecond = median(turns.map(({ ours }) => ours.perSecond));
    const share = median(turns.map(({ ours, plain: other }) => ours.perSecond / other.perSecond));
    const p99Ms = median(turns.map(({ ours }) => ours.p99Ms));
    const plainP99Ms = median(turns.map(({ plain: other }) => other.p99Ms));
    const wrong = turns.reduce((sum, { ours }) => sum + ours.wrong, 0);
    return {
      figures: {
        requests: turns.reduce((sum, { ours }) => sum + ours.requests, 0),
        perSecond: Math.round(perSecond),
        shareOfPlainServer: Math.round(share * 100) / 100,
        p99Ms: Math.round(p99Ms * 10) / 10,
        plainP99Ms: Math.round(plainP99Ms * 10) / 10,
        otherThan200: wrong,
        databaseTriesPerSecond: Math.round(tries * 10) / 10,
      },
      faults: [
        ...(wrong === 0 ? [] : [`${wrong} answers were not 200`]),
        ...(p99Ms < Math.max(MOST_P99_MS, MOST_P99_SHARE * plainP99Ms)
          ? []
          : [`p99 was ${p99Ms} ms, of a plain server ${plainP99Ms} ms`]),
        ...(perSecond >= LEAST_PER_SECOND || share >= LEAST_SHARE
          ? []
          : [`${Math.round(perSecond)} requests/s are ${share} of a plain server`]),
        ...(tries <= MOST_TRIES_PER_SECOND ? [] : [`the database was tried ${tries} times a second`]),
      ],
    };
  });
