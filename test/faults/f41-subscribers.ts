// The sender is killed while it tells thousands of subscribers of one incident: each of them hears of it, under one id.
import { once } from "node:events";
import { recordEvent } from "#lib/commands/record-event.ts";
import { epochMs } from "#lib/core/units.ts";
import { waitFor } from "../support/wait-for.ts";
import type { DeliveryWorld } from "./rig/delivery.ts";
import { openDeliveryWorld } from "./rig/delivery.ts";
import type { RoleProcess } from "./rig/role-processes.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { seededRandom, withCleanup } from "./rig/scenario.ts";
import { addWebhookSubscribers, startSubscriberReceiver } from "./rig/subscriber-receiver.ts";

/** Attempts that one process has under way on one channel: what a kill can make come twice. */
const UNDER_WAY = 16;

const openIncident = (world: DeliveryWorld): Promise<unknown> => {
  const now = epochMs(Date.now());
  const at = new Date(now).toISOString();
  const stamps = { createdAt: at, updatedAt: at };
  const update = {
    id: "upd_1",
    status: "investigating",
    body: "We look into it.",
    affected: [],
    displayAt: at,
    ...stamps,
  };
  const data = {
    ...{ id: "inc_1", name: "Checkout fails", status: "investigating", impact: "major", serviceIds: ["shop"] },
    ...{ startedAt: at, monitoringAt: null, resolvedAt: null, ...stamps, updates: [update] },
  };
  const event = { type: "incident.opened", subject: "inc_1", dedupKey: "f41", data, notify: null } as const;
  return world.database.transaction((tx) => recordEvent(tx, { ...event, occurredAt: now, now }));
};

/** Nobody waits for the leases of the dead: as if their time had passed. */
const endLeases = (world: DeliveryWorld): Promise<unknown> =>
  world.sql`update subscriber_messages set leased_until = now() - interval '1 s' where leased_until is not null`;

const judge = async (world: DeliveryWorld, told: readonly { subscriber: string; id: string }[], count: number) => {
  const people = new Set(told.map(({ subscriber }) => subscriber));
  const pairs = new Set(told.map(({ subscriber, id }) => `${subscriber} ${id}`));
  const states = await world.sql<{ state: string; n: number }[]>`
    select state, count(*)::int as n from subscriber_messages group by state`;
  return { people: people.size, pairs: pairs.size, isDelivered: states[0]?.n === count && states.length === 1 };
};

/** Runs the scenario: 10,000 subscribers and 5 kills in full. */
export const runF41 = ({ subscribers, kills, seed }: { subscribers: number; kills: number; seed: number }) =>
  withCleanup(async (later): Promise<ScenarioResult> => {
    const random = seededRandom(seed);
    const world = await openDeliveryWorld(later, "f41");
    const armed: { at: number; process: RoleProcess | null } = { at: Number.POSITIVE_INFINITY, process: null };
    const receiver = await startSubscriberReceiver((count) => {
      if (count >= armed.at) armed.process?.child.kill("SIGKILL");
    });
    later(receiver.stop);
    await world.apply([]);
    await addWebhookSubscribers(world.sql, world.secretBox, { count: subscribers, url: receiver.url });
    await openIncident(world);
    for (let kill = 0; kill < kills; kill += 1) {
      const process = await world.startDeliver();
      later(process.stop);
      const share = (subscribers / (kills + 1)) * (0.5 + random() * 0.5);
      Object.assign(armed, { process, at: receiver.told().length + Math.ceil(share) });
      if (process.child.exitCode === null && process.child.signalCode === null) await once(process.child, "exit");
      armed.process = null;
      await endLeases(world);
    }
    const last = await world.startDeliver();
    later(last.stop);
    const isDone = async () => (await judge(world, receiver.told(), subscribers)).isDelivered;
    await waitFor("every subscriber to be told", isDone, { deadlineMs: 20_000 + subscribers * 30, everyMs: 100 });
    await last.stop();
    const { people, pairs } = await judge(world, receiver.told(), subscribers);
    const twice = receiver.told().length - pairs;
    return {
      figures: { seed, subscribers, kills, posts: receiver.told().length, people, twice },
      faults: [
        ...(people === subscribers ? [] : [`${subscribers - people} subscribers heard nothing`]),
        ...(pairs === people ? [] : [`${pairs - people} subscribers got the news under two ids`]),
        ...(twice <= kills * UNDER_WAY ? [] : [`${twice} posts came again after ${kills} kills`]),
      ],
    };
  });
