import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { claimDeliveries } from "#db/queries/deliveries.ts";
import { addMs, SECOND_MS } from "#lib/core/units.ts";
import { createDispatcher } from "#lib/engine/deliver.ts";
import type { Receiver } from "./deliver-receiver.ts";
import { answer, startReceiver } from "./deliver-receiver.ts";
import type { DeliverWorld } from "./deliver-world.ts";
import { deliverWorld, endpoint, START } from "./deliver-world.ts";

let world: DeliverWorld;
let receiver: Receiver;
afterEach(async () => {
  await world.dispatcher.settled();
  await world.drop();
  await receiver.close();
});

/** A dispatcher that claims and is killed before it can do anything else. */
const crash = (token: string) =>
  world.database.transaction((tx) =>
    claimDeliveries(tx, {
      now: world.clock.now(),
      leaseToken: token,
      leaseMarginMs: 10_000,
      limit: 10,
      places: new Map(),
      busy: new Map(),
      leftBehind: world.clock.now() > START,
    }),
  );

test("the claim of a killed dispatcher expires and the event is sent under the next number and the same id", async () => {
  receiver = await startReceiver(answer(200));
  world = await deliverWorld([endpoint("oncall", receiver.url, 5_000)]);
  const recorded = await world.record("one");
  expect(await crash("killed")).toMatchObject([{ attempt: 1, abandonedBefore: 0, leasedUntil: addMs(START, 15_000) }]);
  await world.clock.advance(14 * SECOND_MS);
  await world.deliverAll();
  expect(receiver.received).toHaveLength(0);
  await world.clock.advance(1 * SECOND_MS);
  await world.deliverAll();
  expect(receiver.received.map((one) => one.headers["webhook-id"])).toEqual([recorded?.eventId]);
  expect(await world.attempts()).toMatchObject([
    { number: 1, outcome: "try_later", reason: expect.stringContaining("abandoned") },
    { number: 2, outcome: "accepted" },
  ]);
  expect(await world.deliveries()).toMatchObject([{ state: "delivered", attempts: 2 }]);
});

test("a delivery that takes its dispatcher down three times in a row is dead, and the others are delivered", async () => {
  receiver = await startReceiver(answer(200));
  world = await deliverWorld([{ ...endpoint("oncall", receiver.url, 1_000), events: ["incident.opened"] }]);
  await world.record("poison");
  for (const token of ["a", "b", "c"]) {
    expect(await crash(token)).toHaveLength(1);
    await world.clock.advance(11 * SECOND_MS);
  }
  const healthy = await world.record("healthy");
  await world.deliverAll();
  expect(receiver.received.map((one) => one.headers["webhook-id"])).toEqual([healthy?.eventId]);
  expect(await world.deliveries()).toMatchObject([
    { state: "dead", error: expect.stringContaining("3 times in a row") },
    { state: "delivered" },
  ]);
});

test("a success that is told late counts although another dispatcher has taken over", async () => {
  let release: () => void = () => undefined;
  receiver = await startReceiver((response, _request, count) => {
    if (count === 1) release = () => response.writeHead(200).end();
    else response.writeHead(500).end();
  });
  world = await deliverWorld([endpoint("oncall", receiver.url, 5_000)]);
  await world.record("one");
  const slow = createDispatcher(world.deps());
  await slow.dispatchDue();
  await expect.poll(() => receiver.received.length).toBe(1);
  await world.clock.advance(15 * SECOND_MS);
  await world.deliverAll();
  expect(await world.deliveries()).toMatchObject([{ state: "pending", attempts: 2 }]);
  release();
  await slow.settled();
  expect(await world.deliveries()).toMatchObject([{ state: "delivered", attempts: 2 }]);
});

test("two dispatchers on one database never take the same delivery and lose none", async () => {
  receiver = await startReceiver(answer(200));
  world = await deliverWorld([endpoint("a", receiver.url), endpoint("b", receiver.url)]);
  const ids = new Set<string>();
  for (let index = 0; index < 60; index += 1) ids.add((await world.record(`event ${index}`))?.eventId ?? "");
  const other = createDispatcher(world.deps());
  const drain = async (by: typeof other): Promise<void> => {
    while (receiver.received.length < 120) {
      await by.dispatchDue();
      await by.settled();
    }
  };
  await Promise.all([drain(world.dispatcher), drain(other)]);
  const received = receiver.received.map((one) => String(one.headers["webhook-id"]));
  expect(received).toHaveLength(120);
  expect(new Set(received)).toEqual(ids);
  const deliveries = await world.deliveries();
  expect(deliveries.every((one) => one.state === "delivered" && one.attempts === 1)).toBe(true);
});

test("under random failures, kills and waits every event ends up delivered or waiting, and none under two ids", async () => {
  receiver = await startReceiver(answer(200));
  world = await deliverWorld([{ ...endpoint("oncall", receiver.url), events: ["incident.opened"] }]);
  let number = 0;
  const steps = fc.array(fc.constantFrom("event", "fail", "succeed", "kill", "wait"), { minLength: 5, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(steps, async (names) => {
      for (const name of names) {
        if (name === "event") await world.record(`event ${(number += 1)}`);
        if (name === "fail") receiver.behave(answer(503));
        if (name === "succeed") receiver.behave(answer(200));
        if (name === "kill") await crash(`killed ${number}`);
        if (name === "wait") await world.clock.advance(40 * SECOND_MS);
        if (name === "fail" || name === "succeed") await world.deliverAll();
      }
      const open = (await world.deliveries()).filter((one) => one.state !== "delivered");
      expect(open.every((one) => one.state === "pending" || one.state === "dead")).toBe(true);
    }),
    { numRuns: 8 },
  );
  receiver.behave(answer(200));
  for (let round = 0; round < 30; round += 1) {
    await world.clock.advance(1_800 * SECOND_MS);
    await world.deliverAll();
  }
  const deliveries = await world.deliveries();
  const delivered = deliveries.filter((one) => one.state === "delivered");
  expect(deliveries.filter((one) => one.state === "pending")).toEqual([]);
  const ids = await world.database.read(
    (sql) => sql<{ id: string }[]>`
    select e.id from events e join deliveries d on d.event_id = e.id where d.state = 'delivered'`,
  );
  const received = new Set(receiver.received.map((one) => String(one.headers["webhook-id"])));
  for (const { id } of ids) expect(received).toContain(id);
  expect(delivered.length).toBeGreaterThan(0);
});
