// F21: a receiver is down for ten minutes while a thousand events come. The clock is moved; database, posts and receiver are real.
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { epochMs } from "#lib/core/units.ts";
import { postJson } from "#lib/egress/post.ts";
import { openEndpoint } from "#lib/engine/channels/open-endpoint.ts";
import { createDispatcher } from "#lib/engine/deliver.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import type { DeliveryWorld } from "./rig/delivery.ts";
import { checkNumbers, countStates, openDeliveryWorld, webhook } from "./rig/delivery.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { seededRandom, withCleanup } from "./rig/scenario.ts";

const MINUTE_MS = 60_000;
const DOWN_MS = 10 * MINUTE_MS;
const DELIVERED_WITHIN_MS = 31 * MINUTE_MS;
const MOST_PER_SECOND = 20;
const TRIAL_EVERY_MS = 30_000;
const STEP_MS = 1_000;
/** Failures that open the breaker, with the seven others that may be under way by then. */
const BEFORE_OPEN = 6 + 7;

type Arrival = { readonly id: string; readonly atMs: number };

/** Answers 503 until it is up, and notes the clock of the scenario. */
const startDownReceiver = async (now: () => number) => {
  const arrivals: Arrival[] = [];
  let isUp = false;
  const server = createServer((request, response) => {
    arrivals.push({ id: String(request.headers["webhook-id"]), atMs: now() });
    request.resume();
    request.on("end", () => response.writeHead(isUp ? 204 : 503).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    arrivals,
    recover: () => {
      isUp = true;
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

const dispatcherOf = (
  { database, secretBox }: DeliveryWorld,
  clock: ReturnType<typeof createFakeClock>,
  seed: number,
) =>
  createDispatcher({
    database,
    clock,
    log: silentLogger,
    random: seededRandom(seed),
    newToken: () => randomBytes(8).toString("hex"),
    source: () => "/nines",
    naming: () => ({ page: { name: "Faults", url: null }, serviceName: () => null }),
    openEndpoint: (delivery) => openEndpoint(secretBox, delivery, clock.now()),
    post: (request) => postJson({ ...request, allow: ["127.0.0.0/8"], maxResponseBytes: 16_384, clock: systemClock }),
    sendMail: () => Promise.reject(new Error("no mail is sent here")),
  });

const perSecond = (arrivals: readonly Arrival[]): number => {
  const counts = new Map<number, number>();
  for (const { atMs } of arrivals) counts.set(atMs, (counts.get(atMs) ?? 0) + 1);
  return Math.max(0, ...counts.values());
};

const gapsOf = (arrivals: readonly Arrival[]): number[] =>
  arrivals.slice(1).map(({ atMs }, index) => atMs - (arrivals[index] as Arrival).atMs);

/** Runs the scenario: `events` is 1,000 in full. */
export const runF21 = ({ events, seed }: { events: number; seed: number }): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const world = await openDeliveryWorld(later, "f21");
    const startMs = Date.UTC(2026, 10, 21, 12, 0, 0);
    const clock = createFakeClock(epochMs(startMs));
    const receiver = await startDownReceiver(clock.now);
    later(receiver.stop);
    await world.apply([webhook("oncall", receiver.url, `, max_per_second: ${MOST_PER_SECOND}`)], startMs);
    const dispatcher = dispatcherOf(world, clock, seed);

    let queued = 0;
    const second = async (): Promise<void> => {
      const due = Math.min(events, Math.ceil((events * (clock.now() - startMs + STEP_MS)) / DOWN_MS)) - queued;
      if (due > 0) await world.queue({ prefix: `s${queued}_`, count: due, endpointId: "oncall", now: clock.now() });
      queued += Math.max(0, due);
      while ((await dispatcher.dispatchDue()) > 0) await dispatcher.settled();
      await clock.advance(STEP_MS);
    };
    while (clock.now() < startMs + DOWN_MS) await second();
    const whileDown = receiver.arrivals.length;
    receiver.recover();
    const upAt = clock.now();
    let states = await countStates(world.sql);
    while (states.delivered !== events && clock.now() <= upAt + DELIVERED_WITHIN_MS) {
      await second();
      states = await countStates(world.sql);
    }
    const doneAfterMs = clock.now() - upAt;
    const ids = new Set(receiver.arrivals.slice(whileDown).map(({ id }) => id));
    const closest = Math.min(...gapsOf(receiver.arrivals.slice(BEFORE_OPEN, whileDown)));
    const busiest = perSecond(receiver.arrivals);
    return {
      figures: { seed, events, whileDown, closestTrialsMs: closest, busiestSecond: busiest, doneAfterMs },
      faults: [
        ...(await checkNumbers(world.sql)),
        ...(states.delivered === events && ids.size === events
          ? []
          : [`${JSON.stringify(states)}, ${ids.size} arrived`]),
        ...(doneAfterMs <= DELIVERED_WITHIN_MS ? [] : [`delivered only ${doneAfterMs} ms after the recovery`]),
        ...(busiest <= MOST_PER_SECOND ? [] : [`${busiest} requests in one second`]),
        ...(closest >= TRIAL_EVERY_MS ? [] : [`two trials were ${closest} ms apart`]),
      ],
    };
  });
