import type { ServerResponse } from "node:http";
import { afterEach, expect, test } from "vitest";
import { recordEvent } from "#lib/commands/record-event.ts";
import { DAY_MS, HOUR_MS, SECOND_MS } from "#lib/core/units.ts";
import { createDispatcher } from "#lib/engine/deliver.ts";
import type { Behaviour, Receiver } from "./deliver-receiver.ts";
import { answer, startReceiver } from "./deliver-receiver.ts";
import type { DeliverWorld } from "./deliver-world.ts";
import { deliverWorld, endpoint } from "./deliver-world.ts";

let world: DeliverWorld;
const receivers: Receiver[] = [];
afterEach(async () => {
  await world.drop();
  for (const receiver of receivers.splice(0)) await receiver.close();
});

const receive = async (behaviour: Behaviour): Promise<Receiver> => {
  const receiver = await startReceiver(behaviour);
  receivers.push(receiver);
  return receiver;
};

const recordMany = async (count: number): Promise<void> => {
  for (let index = 0; index < count; index += 1) await world.record(`event-${index}`);
};
const states = async (): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { state } of await world.deliveries()) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
};

test("a receiver that fails gets a few attempts and then one every 30 s; what waits uses no attempt", async () => {
  const receiver = await receive(answer(500));
  world = await deliverWorld([endpoint("oncall", receiver.url)]);
  await recordMany(40);
  await world.deliverAll();
  // Six failures of the last ten open the breaker; up to eight are under way at once by then.
  expect(receiver.received.length).toBeGreaterThanOrEqual(6);
  expect(receiver.received.length).toBeLessThanOrEqual(13);
  const before = receiver.received.length;
  for (let round = 0; round < 4; round += 1) {
    await world.clock.advance(15 * SECOND_MS);
    await world.deliverAll();
  }
  expect(receiver.received.length - before).toBe(2);
  const rows = await world.deliveries();
  expect(rows.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(receiver.received.length);
  expect(rows.filter(({ attempts }) => attempts === 0).length).toBeGreaterThanOrEqual(40 - before - 2);
});

test("after three good trials everything that waited is delivered", async () => {
  const receiver = await receive(answer(500));
  world = await deliverWorld([endpoint("oncall", receiver.url)]);
  await recordMany(40);
  await world.deliverAll();
  receiver.behave(answer(200));
  await world.clock.advance(31 * SECOND_MS);
  await world.deliverAll();
  expect(await states()).toMatchObject({ delivered: expect.any(Number) });
  await world.clock.advance(60 * SECOND_MS);
  await world.deliverAll();
  expect(await states()).toEqual({ delivered: 40 });
  const [row] = await world.database.read((sql) => sql`select breaker, admits_at, failing_since from endpoints`);
  expect(row).toEqual({ breaker: null, admits_at: null, failing_since: null });
});

test("an ordered endpoint gets the next event only when the one before is done", async () => {
  const receiver = await receive(answer(500));
  world = await deliverWorld([endpoint("oncall", receiver.url)]);
  await world.database.transaction((sql) => sql`update endpoints set is_ordered = true`);
  await recordMany(3);
  await world.deliverAll();
  expect(receiver.received).toHaveLength(1);
  receiver.behave(answer(200));
  await world.clock.advance(5 * SECOND_MS);
  await world.deliverAll();
  const sequences = receiver.received.map(({ body }) =>
    Number((JSON.parse(body.toString()) as { sequence: string }).sequence),
  );
  expect(sequences).toEqual([1, 1, 2, 3]);
});

test("the end of an attempt to an ordered endpoint wakes whoever claims the next one", async () => {
  const receiver = await receive(answer(200));
  world = await deliverWorld([endpoint("oncall", receiver.url)]);
  await world.database.transaction((sql) => sql`update endpoints set is_ordered = true`);
  await recordMany(2);
  let rung = 0;
  const dispatcher = createDispatcher(world.deps({ onRoom: () => (rung += 1) }));
  expect(await dispatcher.dispatchDue()).toBe(1);
  await dispatcher.settled();
  expect(rung).toBe(1);
  expect(await dispatcher.dispatchDue()).toBe(1);
  await dispatcher.settled();
  expect(await states()).toEqual({ delivered: 2 });
});

test("what waits for the morning does not hold up an ordered endpoint at night, and is sent in the morning", async () => {
  const receiver = await receive(answer(200));
  world = await deliverWorld([endpoint("oncall", receiver.url)]);
  await world.database.transaction((sql) => sql`update endpoints set is_ordered = true`);
  await recordMany(3);
  await world.database.transaction(
    (sql) => sql`
      update deliveries set first_due_at = first_due_at + interval '8 hours', next_attempt_at = next_attempt_at + interval '8 hours'
       where sequence = 1`,
  );
  await world.deliverAll();
  expect(receiver.received).toHaveLength(2);
  await world.clock.advance(8 * HOUR_MS);
  await world.deliverAll();
  expect(await states()).toEqual({ delivered: 3 });
});

test("accepted attempts that end together are recorded in one transaction, each with its own row", async () => {
  const waiting: ServerResponse[] = [];
  const receiver = await receive((response) => {
    waiting.push(response);
    if (waiting.length === 8) for (const each of waiting) each.writeHead(200).end("taken \ud83d");
  });
  world = await deliverWorld([endpoint("oncall", receiver.url, 5_000)]);
  await recordMany(8);
  await world.dispatcher.dispatchDue();
  await world.dispatcher.settled();
  expect(await states()).toEqual({ delivered: 8 });
  const attempts = await world.attempts();
  expect(attempts).toHaveLength(8);
  for (const attempt of attempts) expect(attempt).toMatchObject({ number: 1, outcome: "accepted", status: 200 });
  const [row] = await world.database.read(
    (sql) => sql<{ n: number }[]>`select count(distinct xmin::text)::int as n from deliveries`,
  );
  expect(row?.n).toBeLessThan(8);
});

test("an endpoint with a rate gets no more than that in any second", async () => {
  const receiver = await receive(answer(200));
  world = await deliverWorld([endpoint("oncall", receiver.url)]);
  await world.database.transaction((sql) => sql`update endpoints set max_per_second = 4`);
  await recordMany(10);
  await world.deliverAll();
  expect(receiver.received).toHaveLength(4);
  await world.clock.advance(500);
  await world.deliverAll();
  expect(receiver.received).toHaveLength(6);
  await world.clock.advance(SECOND_MS);
  await world.deliverAll();
  expect(receiver.received).toHaveLength(10);
});

test("a page goes before the tickets that a slow channel has been waiting for, and ends go with their pages", async () => {
  const receiver = await receive(answer(200));
  world = await deliverWorld([endpoint("oncall", receiver.url)]);
  await world.database.transaction((sql) => sql`update endpoints set max_per_second = 1`);
  await recordMany(5);
  await world.deliverAll();
  const page = (type: "alert.firing" | "alert.resolved") =>
    world.database.transaction((tx) =>
      recordEvent(tx, {
        type,
        subject: "alt_1",
        dedupKey: type,
        data: { severity: "page", serviceId: "shop" },
        occurredAt: world.clock.now(),
        notify: null,
        now: world.clock.now(),
      }),
    );
  await page("alert.firing");
  await page("alert.resolved");
  for (let second = 0; second < 6; second += 1) {
    await world.clock.advance(SECOND_MS);
    await world.deliverAll();
  }
  const types = receiver.received.map(({ body }) => (JSON.parse(body.toString()) as { type: string }).type);
  expect(types).toHaveLength(7);
  expect(types.slice(0, 3)).toEqual(["incident.opened", "alert.firing", "alert.resolved"]);
  expect(await states()).toEqual({ delivered: 7 });
});

test("an endpoint that took nothing for five days is disabled, a day after its owner was warned", async () => {
  const [dead, ops] = [await receive(answer(500)), await receive(answer(200))];
  world = await deliverWorld([endpoint("dead", dead.url), endpoint("ops", ops.url)]);
  await world.record("one", "incident.opened", ["dead"]);
  await world.deliverAll();
  const told = () => ops.received.map(({ body }) => (JSON.parse(body.toString()) as { type: string }).type);
  for (let day = 0; day < 6; day += 1) {
    await world.clock.advance(DAY_MS);
    await world.dispatcher.sweep();
    await world.deliverAll();
  }
  const endpointEvents = told().filter((type) => type.startsWith("endpoint.") && type !== "endpoint.test");
  expect(endpointEvents).toEqual(["endpoint.failing", "endpoint.disabled"]);
  const [row] = await world.database.read((sql) => sql`select state, disabled_reason from endpoints where id = 'dead'`);
  expect(row).toEqual({ state: "disabled", disabled_reason: "every attempt failed for five days" });
});

test("the log of attempts holds what was sent, without address, secret or signature", async () => {
  const receiver = await receive(answer(200, {}, "thanks"));
  world = await deliverWorld([endpoint("oncall", receiver.url)]);
  await world.record("one");
  await world.deliverAll();
  const [row] = await world.database.read(
    (sql) => sql`select request_headers as headers, request_body as body, response_excerpt as answer from attempts`,
  );
  expect(JSON.parse(String(row?.body))).toMatchObject({ type: "incident.opened", data: { key: "one" } });
  expect(row).toMatchObject({ answer: "thanks", headers: { "webhook-id": expect.stringMatching(/^evt_/) } });
  const signature = String(receiver.received[0]?.headers["webhook-signature"]);
  expect(JSON.stringify(row)).not.toContain(signature);
  expect(JSON.stringify(row)).not.toContain("planted");
});
