// The sender is killed while it tells thousands of subscribers of one incident: each of them hears of it, under one id.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { recordEvent } from "#lib/commands/record-event.ts";
import { subscriberAddressContext, subscriberSecretContext } from "#lib/commands/subscribers/keys.ts";
import { epochMs } from "#lib/core/units.ts";
import { waitFor } from "../support/wait-for.ts";
import type { DeliveryWorld } from "./rig/delivery.ts";
import { openDeliveryWorld, SIGNING_SECRET } from "./rig/delivery.ts";
import type { RoleProcess } from "./rig/role-processes.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { seededRandom, withCleanup } from "./rig/scenario.ts";

/** Attempts that one process has under way on one channel: what a kill can make come twice. */
const UNDER_WAY = 16;

/** Notes who was told under which id; `onCount` hears how many were told. */
const startReceiver = async (onCount: (count: number) => void) => {
  const told: { readonly subscriber: string; readonly id: string }[] = [];
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      told.push({ subscriber: request.url ?? "", id: String(request.headers["webhook-id"]) });
      onCount(told.length);
      response.writeHead(200).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    told,
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};

const idOf = (number: number): string => `sub_${number.toString(16).padStart(32, "0")}`;

const fill = (world: DeliveryWorld, count: number, url: string): Promise<unknown> => {
  const rows = Array.from({ length: count }, (_, index) => {
    const id = idOf(index);
    const secret = world.secretBox.seal(SIGNING_SECRET, subscriberSecretContext(id));
    return { id, secret, address: world.secretBox.seal(`${url}/${id}`, subscriberAddressContext(id)) };
  });
  return world.database.transaction(
    (tx) => tx`
      insert into subscribers (id, channel, state, address_ciphertext, secret_ciphertext, address_hash, kinds, cadence,
                               language, base_url, confirmed_at, created_by)
      select id, 'webhook', 'active', address, secret, 'hash ' || id, '{incidents}', 'each', 'en', 'http://x',
             now() - interval '1 hour', 'test'
        from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as s (id text, address text, secret text)`,
    { deadlineMs: 30_000 },
  );
};

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
    const receiver = await startReceiver((count) => {
      if (count >= armed.at) armed.process?.child.kill("SIGKILL");
    });
    later(receiver.stop);
    await world.apply([]);
    await fill(world, subscribers, receiver.url);
    await openIncident(world);
    for (let kill = 0; kill < kills; kill += 1) {
      const process = await world.startDeliver();
      later(process.stop);
      const share = (subscribers / (kills + 1)) * (0.5 + random() * 0.5);
      Object.assign(armed, { process, at: receiver.told.length + Math.ceil(share) });
      if (process.child.exitCode === null && process.child.signalCode === null) await once(process.child, "exit");
      armed.process = null;
      await endLeases(world);
    }
    const last = await world.startDeliver();
    later(last.stop);
    const isDone = async () => (await judge(world, receiver.told, subscribers)).isDelivered;
    await waitFor("every subscriber to be told", isDone, { deadlineMs: 20_000 + subscribers * 30, everyMs: 100 });
    await last.stop();
    const { people, pairs } = await judge(world, receiver.told, subscribers);
    const twice = receiver.told.length - pairs;
    return {
      figures: { seed, subscribers, kills, posts: receiver.told.length, people, twice },
      faults: [
        ...(people === subscribers ? [] : [`${subscribers - people} subscribers heard nothing`]),
        ...(pairs === people ? [] : [`${pairs - people} subscribers got the news under two ids`]),
        ...(twice <= kills * UNDER_WAY ? [] : [`${twice} posts came again after ${kills} kills`]),
      ],
    };
  });
