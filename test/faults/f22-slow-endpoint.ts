// F22: ten thousand deliveries wait for an endpoint that takes a second each. A healthy one is served at once all the while.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { analyzeDeliveries, insertOldDeliveries } from "#db/queries/bench-deliver.ts";
import { claimDeliveries } from "#db/queries/deliveries.ts";
import { epochMs } from "#lib/core/units.ts";
import type { DeliveryWorld } from "./rig/delivery.ts";
import { checkNumbers, countStates, openDeliveryWorld, webhook } from "./rig/delivery.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, percentileOf, withCleanup } from "./rig/scenario.ts";

const SLOW_MS = 1_000;
const HEALTHY_WITHIN_MS = 2_000;
const LEAST_DRAIN_PER_SECOND = 200;
const MOST_GROWTH_BYTES = 64 * 2 ** 20;
const CLAIM_WITHIN_MS = 10;
const DAY_MS = 86_400_000;
const BATCH = 100_000;
const EVERY_MS = 100;

/** Counts its requests by event, and answers after a while. */
const startTarget = async (firstDelayMs: number) => {
  const atById = new Map<string, number>();
  let delayMs = firstDelayMs;
  const server = createServer((request, response) => {
    const id = String(request.headers["webhook-id"]);
    // Idle endpoints get test events of their own.
    if (/^evt_(slow|quick|warm)\d/.test(id)) atById.set(id, Date.now());
    request.resume();
    request.on("end", () => void setTimeout(() => response.writeHead(204).end(), delayMs));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    atById,
    recover: () => {
      delayMs = 0;
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

const memoryOf = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1_024;
};

const insertOld = async ({ database }: DeliveryWorld, count: number): Promise<void> => {
  const at = epochMs(Date.now() - DAY_MS);
  for (let from = 0; from < count; from += BATCH) {
    const old = { from, count: Math.min(BATCH, count - from), endpointId: "slow", at };
    await database.transaction((tx) => insertOldDeliveries(tx, old), { deadlineMs: 120_000 });
  }
};

class Undone extends Error {}

/** Milliseconds of claims that are taken back. */
const claimTimes = async ({ database }: DeliveryWorld): Promise<number[]> => {
  const took: number[] = [];
  for (let index = 0; index < 50; index += 1) {
    const claim = database.transaction(async (tx) => {
      const startedMs = performance.now();
      await claimDeliveries(tx, {
        now: epochMs(Date.now()),
        leaseToken: `measured ${index}`,
        leaseMarginMs: 10_000,
        limit: 128,
        places: new Map(),
        busy: new Map(),
        leftBehind: false,
      });
      took.push(performance.now() - startedMs);
      throw new Undone();
    });
    await claim.catch((error: unknown) => {
      if (!(error instanceof Undone)) throw error;
    });
  }
  return took;
};

type Args = { readonly queued: number; readonly oldRows: number; readonly healthy: number };

/** Runs the scenario: 10,000 `queued` beside 1,000,000 `oldRows` in full, with 300 events to the healthy endpoint. */
export const runF22 = ({ queued, oldRows, healthy }: Args): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const world = await openDeliveryWorld(later, "f22");
    const [slow, quick] = [await startTarget(SLOW_MS), await startTarget(0)];
    later(slow.stop);
    later(quick.stop);
    await world.apply([webhook("slow", slow.url), webhook("quick", quick.url)]);
    await insertOld(world, oldRows);
    const process = await world.startDeliver();
    later(process.stop);
    const pid = process.child.pid as number;
    await world.queue({ prefix: "warm", count: 200, endpointId: "quick" });
    await world.untilDone(30_000);
    const memoryBefore = await memoryOf(pid);

    await world.queue({ prefix: "slow", count: queued, endpointId: "slow" });
    await world.database.transaction(analyzeDeliveries, { deadlineMs: 120_000 });
    const committed = new Map<string, number>();
    let memoryMost = memoryBefore;
    for (let index = 0; index < healthy; index += 1) {
      await world.queue({ prefix: `quick${index}_`, count: 1, endpointId: "quick" });
      committed.set(`evt_quick${index}_1`, Date.now());
      await pause(EVERY_MS);
      memoryMost = Math.max(memoryMost, await memoryOf(pid));
    }
    await pause(HEALTHY_WITHIN_MS);
    const claims = await claimTimes(world);
    const delays = [...committed].map(([id, at]) => (quick.atById.get(id) ?? Number.POSITIVE_INFINITY) - at);
    const before = slow.atById.size;
    slow.recover();
    const recoveredMs = performance.now();
    await world.untilDone(120_000);
    const drained = (slow.atById.size - before) / ((performance.now() - recoveredMs) / 1_000);
    memoryMost = Math.max(memoryMost, await memoryOf(pid));
    await process.stop();

    const states = await countStates(world.sql);
    const p99Ms = percentileOf(delays, 0.99);
    const claimMs = Math.round(percentileOf(claims, 0.5) * 100) / 100;
    const grown = memoryMost - memoryBefore;
    return {
      figures: {
        queued,
        oldRows,
        healthyP50Ms: percentileOf(delays, 0.5),
        healthyP99Ms: p99Ms,
        drainPerSecond: Math.round(drained),
        grownMb: Math.round(grown / 2 ** 20),
        claimP50Ms: claimMs,
      },
      faults: [
        ...(oldRows > 100_000 ? [] : await checkNumbers(world.sql)),
        ...(slow.atById.size === queued && Object.keys(states).length === 1
          ? []
          : [`not all arrived: ${JSON.stringify(states)}`]),
        ...(p99Ms < HEALTHY_WITHIN_MS ? [] : [`the healthy endpoint waited ${p99Ms} ms`]),
        ...(drained >= LEAST_DRAIN_PER_SECOND ? [] : [`only ${Math.round(drained)} a second after the recovery`]),
        ...(grown < MOST_GROWTH_BYTES ? [] : [`memory grew by ${grown} bytes`]),
        ...(claimMs < CLAIM_WITHIN_MS ? [] : [`a claim takes ${claimMs} ms`]),
      ],
    };
  });
