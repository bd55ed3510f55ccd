// F37: the engine is stopped for three minutes. The page goes on, says that monitoring is delayed, and afterwards nothing is missing.
import { waitFor } from "../support/wait-for.ts";
import { checkBuckets, checkGaps, checkInnocence, checkNoAlerts, checkSkipped, checkSliHours } from "./rig/checkers.ts";
import { manyProbes } from "./rig/many-probes.ts";
import { loadPage } from "./rig/page-load.ts";
import type { Server } from "./rig/role-processes.ts";
import { startServer } from "./rig/role-processes.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, withCleanup } from "./rig/scenario.ts";
import { startScriptedTarget } from "./rig/scripted-target.ts";

const INTERVAL_MS = 1_000;
const PROBES = 10;
/** Two intervals of a probe that is configured without one. */
const SAID_WITHIN_MS = 60_000;
const OVER_WITHIN_MS = 10_000;

type Summary = { components: unknown[]; incidents: { name: string }[] };

const summaryOf = (server: Server): Promise<Summary> => server.get("/api/v2/summary.json") as Promise<Summary>;

const isDelayed = async (server: Server): Promise<boolean> =>
  (await summaryOf(server)).incidents.some(({ name }) => name === "Monitoring delayed");

/** The configuration is published, and every service has data. */
const isUpToDate = async (server: Server): Promise<boolean> =>
  (await summaryOf(server)).components.length > 0 && !(await isDelayed(server));

const statusOf = async (server: Server, path: string): Promise<number> => {
  const response = await fetch(`${server.url}${path}`);
  await response.arrayBuffer();
  return response.status;
};

/** Stops the engine for `stopMs`, and says after how long the page and the API told of it. */
const freeze = async (server: Server, stopMs: number) => {
  const pid = server.pidOf("engine");
  if (pid === undefined) throw new Error("there is no engine");
  const stoppedMs = Date.now();
  process.kill(pid, "SIGSTOP");
  try {
    await waitFor("the API to say that monitoring is delayed", () => isDelayed(server), {
      deadlineMs: stopMs,
      everyMs: 100,
    });
    const apiAfterMs = Date.now() - stoppedMs;
    await waitFor("the banner", async () => (await (await fetch(server.url)).text()).includes("STALE"), {
      deadlineMs: stopMs,
      everyMs: 100,
    });
    const bannerAfterMs = Date.now() - stoppedMs;
    const [live, ready] = [await statusOf(server, "/health/live"), await statusOf(server, "/health/ready")];
    await pause(Math.max(0, stoppedMs + stopMs - Date.now()));
    return { apiAfterMs, bannerAfterMs, live, ready };
  } finally {
    process.kill(pid, "SIGCONT");
  }
};

/** Runs the scenario: `stopMs` is 180,000 in full. */
export const runF37 = ({ stopMs }: { stopMs: number }): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const target = await startScriptedTarget();
    later(target.stop);
    const server = await startServer({ name: "f37", config: manyProbes({ count: PROBES, url: target.url }) });
    later(server.stop);
    await waitFor("the page", async () => (await statusOf(server, "/")) === 200, { deadlineMs: 30_000 });
    await waitFor("data of every probe", () => isUpToDate(server), { deadlineMs: 30_000, everyMs: 250 });

    const ending = new AbortController();
    later(async () => ending.abort());
    const paths = ["/", "/api/v2/summary.json"];
    const loading = loadPage({ url: server.url, paths, requestsPerSecond: 20, signal: ending.signal });
    const seen = await freeze(server, stopMs);
    const wokenMs = Date.now();
    await waitFor("the delay to be over", async () => !(await isDelayed(server)), { deadlineMs: 60_000, everyMs: 50 });
    const overAfterMs = Date.now() - wokenMs;
    ending.abort();
    const load = await loading;
    await waitFor(
      "the minutes of the freeze to close",
      async () => {
        const [row] = await server.sql<{ done: boolean }[]>`
          select closed_until >= date_trunc('minute', ${new Date(wokenMs)}::timestamptz) as done from rollup_progress`;
        return row?.done;
      },
      { deadlineMs: 90_000, everyMs: 250 },
    );
    const gaps = await checkGaps(server.sql, { intervalMs: INTERVAL_MS, allowedIn: () => 0 });
    const others = [
      checkBuckets(server.sql),
      checkSliHours(server.sql),
      checkInnocence(server.sql, target.downSpans),
      checkNoAlerts(server.sql),
    ];
    const findings = [...gaps.findings, ...(await Promise.all(others)).flat()];
    // Recorded as no data. On a machine whose cores are all taken a probe may still be at its last run; the engine has no part in it.
    const skipped = await checkSkipped(server.sql);
    return {
      figures: {
        stopMs,
        skipped: skipped.map(({ what }) => what).join(", "),
        saidByApiAfterMs: seen.apiAfterMs,
        bannerAfterMs: seen.bannerAfterMs,
        overAfterMs,
        requests: load.requests,
        failed: load.failures.length,
        pageP99Ms: Math.round(load.p99Ms),
      },
      faults: [
        ...findings.map(({ checker, what }) => `${checker}: ${what}`),
        ...(Math.max(seen.apiAfterMs, seen.bannerAfterMs) > SAID_WITHIN_MS ? ["the delay was told of too late"] : []),
        ...(overAfterMs > OVER_WITHIN_MS ? [`the delay was over ${overAfterMs} ms after the engine woke`] : []),
        ...(seen.live === 200 && seen.ready === 503
          ? []
          : [`/health/live is ${seen.live}, /health/ready ${seen.ready}`]),
        ...load.failures.slice(0, 5).map((failure) => `a page request failed: ${failure}`),
      ],
    };
  });
