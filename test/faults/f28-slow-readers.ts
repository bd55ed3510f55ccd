// F28: hundreds of clients that never finish their request sit on the server while a crowd comes.
import { connect } from "node:net";
import { loadAtRate } from "./rig/paced-load.ts";
import { startPageRig, waitForPage } from "./rig/page-rig.ts";
import type { Pages } from "./rig/role-processes.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { percentileOf, withCleanup } from "./rig/scenario.ts";

const MOST_P99_MS = 200;
const CUT_WITHIN_MS = 10_500;
const DRIP_MS = 1_000;

/** Sends a head a few bytes at a time and never ends it; resolves with how long the server bore it, or null when it still does. */
const drip = (port: number, signal: AbortSignal): Promise<number | null> =>
  new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    let startedMs = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const end = (result: number | null): void => {
      clearInterval(timer);
      socket.destroy();
      resolve(result);
    };
    socket.on("connect", () => {
      startedMs = performance.now();
      socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n");
      timer = setInterval(() => socket.write("X-Drip: 1\r\n"), DRIP_MS);
    });
    socket.resume();
    socket.on("error", () => end(performance.now() - startedMs));
    socket.on("close", () => end(performance.now() - startedMs));
    signal.addEventListener("abort", () => end(null), { once: true });
  });

/**
 * Runs the scenario; in full with 500 slow clients and 2,000 requests/s of the built page for 60 s; the short form has a
 * stand-in for Next. `loadMs` over 11 s shows the cut.
 */
export const runF28 = (args: { slow: number; perSecond: number; loadMs: number; pages?: Pages }) =>
  withCleanup(async (later): Promise<ScenarioResult> => {
    const rig = await startPageRig("f28", later, args.pages);
    await waitForPage(rig.url);
    const ending = new AbortController();
    later(async () => ending.abort());
    const clients = Array.from({ length: args.slow }, () => drip(rig.port, ending.signal));
    const load = await loadAtRate({ port: rig.port, path: "/", perSecond: args.perSecond, durationMs: args.loadMs });
    ending.abort();
    const borne = await Promise.all(clients);
    const cut = borne.filter((ms) => ms !== null);
    const longest = percentileOf(cut, 1);
    return {
      figures: {
        slow: args.slow,
        requests: load.requests,
        otherThan200: load.wrong,
        p50Ms: Math.round(load.p50Ms * 10) / 10,
        p99Ms: Math.round(load.p99Ms * 10) / 10,
        slowCut: cut.length,
        longestBorneMs: Math.round(longest),
      },
      faults: [
        ...(load.wrong === 0 ? [] : [`${load.wrong} answers were not 200`]),
        ...(load.p99Ms < MOST_P99_MS ? [] : [`p99 was ${load.p99Ms} ms`]),
        ...(cut.length === args.slow ? [] : [`${args.slow - cut.length} slow clients were still there`]),
        ...(longest <= CUT_WITHIN_MS ? [] : [`one was borne for ${longest} ms`]),
      ],
    };
  });
