import { afterEach, describe, expect, test } from "vitest";
import type { EndpointDefinition } from "#lib/core/definitions.ts";
import { durationMs, MINUTE_MS, SECOND_MS } from "#lib/core/units.ts";
import { tellAlert } from "./channel-world.ts";
import type { Behaviour, Receiver } from "./deliver-receiver.ts";
import { answer, startReceiver } from "./deliver-receiver.ts";
import type { DeliverWorld } from "./deliver-world.ts";
import { deliverWorld, endpoint } from "./deliver-world.ts";

let world: DeliverWorld;
const receivers: Receiver[] = [];
afterEach(async () => {
  await world.dispatcher.settled();
  await world.drop();
  for (const receiver of receivers.splice(0)) await receiver.close();
});
const receive = async (behaviour: Behaviour = answer(200)): Promise<Receiver> => {
  const receiver = await startReceiver(behaviour);
  receivers.push(receiver);
  return receiver;
};
const chat = (id: string, { url }: Receiver, changes: Partial<EndpointDefinition> = {}): EndpointDefinition => ({
  ...endpoint(id, url),
  type: "slack",
  secret: "",
  ...changes,
});
const other = { id: "alt_2", sloId: "shop-latency" };
const pass = async (ms: number): Promise<void> => {
  await world.clock.advance(ms);
  await world.deliverAll();
};
const textOf = ({ body }: Receiver["received"][number]): string =>
  (JSON.parse(body.toString()) as { text: string }).text;

describe("alerts of one service within half a minute", () => {
  test("are one message on a channel for people, each a message on a webhook, and the log says which were told", async () => {
    const [people, machine] = [await receive(), await receive()];
    world = await deliverWorld([chat("chat", people), endpoint("hook", machine.url)]);
    const first = await tellAlert(world, "firing");
    await pass(10 * SECOND_MS);
    const second = await tellAlert(world, "firing", other);
    await tellAlert(world, "firing", { id: "alt_3", serviceId: "pay" });
    await pass(19 * SECOND_MS);
    expect([people.received.length, machine.received.length]).toEqual([0, 3]);
    await pass(2 * SECOND_MS);
    expect(people.received.map(textOf)).toEqual([expect.stringContaining("shop: 2 alerts")]);
    const rows = await world.database.read(
      (sql) => sql`
        select d.id, d.state, d.attempts_made as made, a.reason, a.told_events as told, a.request_body is not null as "hasBody"
          from deliveries d left join attempts a on a.delivery_id = d.id where d.endpoint_id = 'chat' order by d.sequence`,
    );
    expect(rows.slice(0, 2)).toEqual([
      { id: rows[0]?.id, state: "delivered", made: 1, reason: null, told: [first, second], hasBody: true },
      {
        id: rows[1]?.id,
        state: "delivered",
        made: 1,
        reason: `told in one message with ${rows[0]?.id}, attempt 1`,
        told: null,
        hasBody: false,
      },
    ]);
    await pass(10 * SECOND_MS);
    expect(people.received).toHaveLength(2);
    expect((await world.deliveries()).every(({ state }) => state === "delivered")).toBe(true);
  });

  test("are the same message on every retry; what comes meanwhile is a message of its own", async () => {
    const people = await receive(answer(500));
    world = await deliverWorld([chat("chat", people)]);
    await tellAlert(world, "firing");
    await tellAlert(world, "firing", other);
    await pass(31 * SECOND_MS);
    await tellAlert(world, "resolved", other);
    await pass(5 * SECOND_MS);
    people.behave(answer(200));
    await pass(30 * SECOND_MS);
    const texts = people.received.map(textOf);
    expect(texts).toHaveLength(4);
    expect(new Set(texts.slice(0, 2)).size).toBe(1);
    expect(texts.filter((text) => text.includes("2 alerts"))).toHaveLength(3);
    expect((await world.deliveries()).map(({ state }) => state)).toEqual(["delivered", "delivered", "delivered"]);
  });

  test("are told one by one when the message for all of them is refused", async () => {
    const people = await receive((response, request) =>
      response.writeHead(textOf(request).includes("2 alerts") ? 400 : 200).end(),
    );
    world = await deliverWorld([chat("chat", people, { events: ["alert.firing"] })]);
    await tellAlert(world, "firing");
    await tellAlert(world, "firing", other);
    await pass(31 * SECOND_MS);
    expect((await world.deliveries()).map(({ state }) => state)).toEqual(["dead", "delivered"]);
    expect(people.received).toHaveLength(2);
  });

  test("that end before they are told of are told as ended", async () => {
    const people = await receive();
    world = await deliverWorld([chat("chat", people)]);
    await tellAlert(world, "firing");
    await pass(5 * SECOND_MS);
    await tellAlert(world, "resolved");
    await pass(26 * SECOND_MS);
    expect(people.received.map(textOf)).toEqual([expect.stringContaining("1 alert resolved")]);
  });
});

describe("filters and quiet hours", () => {
  test("let through what they name, and what says nothing of services and severities", async () => {
    const [pages, shop] = [await receive(), await receive()];
    const hook = (id: string, { url }: Receiver, filters: EndpointDefinition["filters"]) => ({
      ...endpoint(id, url),
      ...(filters === undefined ? {} : { filters }),
    });
    world = await deliverWorld([
      hook("pages", pages, { severities: ["page"] }),
      hook("shop", shop, { services: ["shop"] }),
    ]);
    await tellAlert(world, "firing");
    await tellAlert(world, "firing", { id: "alt_2", severity: "ticket" });
    await tellAlert(world, "firing", { id: "alt_3", serviceId: "pay" });
    await world.record("one", "incident.opened");
    await world.deliverAll();
    expect([pages.received.length, shop.received.length]).toEqual([3, 3]);
  });

  test("tickets of a night are one message in the morning; pages go at once and take none along", async () => {
    const people = await receive();
    // The world begins at 12:00 UTC, which is 21:00 in Seoul.
    const quietHours = { from: "21:00", to: "21:30", timeZone: "Asia/Seoul", severities: ["ticket" as const] };
    world = await deliverWorld([chat("chat", people, { settings: { quietHours } })]);
    await tellAlert(world, "firing", { id: "alt_2", severity: "ticket" });
    await pass(5 * MINUTE_MS);
    await tellAlert(world, "firing");
    await tellAlert(world, "firing", { id: "alt_3", severity: "ticket" });
    await pass(MINUTE_MS);
    expect(people.received.map(textOf)).toEqual([expect.stringMatching(/^shop: shop-availability, alert/)]);
    await pass(23 * MINUTE_MS);
    expect(people.received).toHaveLength(1);
    await pass(2 * MINUTE_MS);
    expect(people.received.map(textOf).slice(1)).toEqual([expect.stringContaining("shop: 2 alerts")]);
  });
});

describe("the fallback of a channel", () => {
  const pair = async (first: Behaviour, changes: Partial<EndpointDefinition> = {}) => {
    const [a, b] = [await receive(first), await receive()];
    world = await deliverWorld([
      { ...endpoint("a", a.url), fallbackId: "b", ...changes },
      { ...endpoint("b", b.url), events: ["silence.created"] },
    ]);
    return { a, b };
  };
  const typesOf = ({ received }: Receiver): string[] =>
    received.map(({ body }) => (JSON.parse(body.toString()) as { type: string }).type);

  test("is told of a page that was not taken for five minutes, once, and of its end", async () => {
    const { a, b } = await pair(answer(500));
    await tellAlert(world, "firing");
    await tellAlert(world, "firing", { id: "alt_2", severity: "ticket" });
    await pass(4 * MINUTE_MS);
    await world.dispatcher.sweep();
    expect(b.received).toHaveLength(0);
    for (let round = 0; round < 3; round += 1) {
      await pass(MINUTE_MS);
      await world.dispatcher.sweep();
      await world.deliverAll();
    }
    expect(typesOf(b)).toEqual(["alert.firing"]);
    a.behave(answer(200));
    await pass(30 * MINUTE_MS);
    await tellAlert(world, "resolved");
    await world.deliverAll();
    expect(typesOf(b)).toEqual(["alert.firing", "alert.resolved"]);
    expect(typesOf(a).at(-1)).toBe("alert.resolved");
    const rows = await world.database.read(
      (sql) => sql`select endpoint_id as id, stands_in_for as for from deliveries where stands_in_for is not null`,
    );
    expect(rows).toEqual([
      { id: "b", for: "a" },
      { id: "b", for: "a" },
    ]);
  });

  test("is told at once of what is given up, and of what a disabled endpoint would have got", async () => {
    const { b } = await pair(answer(410));
    await tellAlert(world, "firing", { severity: "ticket" });
    await world.deliverAll();
    await tellAlert(world, "firing", { id: "alt_2" });
    await world.record("one", "incident.opened");
    await world.deliverAll();
    expect(typesOf(b)).toContain("incident.opened");
    expect(typesOf(b).filter((type) => type === "alert.firing")).toHaveLength(2);
  });

  test("that has the event of its own gets it once", async () => {
    const [a, b] = [await receive(answer(410)), await receive()];
    world = await deliverWorld([{ ...endpoint("a", a.url), fallbackId: "b" }, endpoint("b", b.url)]);
    await tellAlert(world, "firing");
    await world.deliverAll();
    expect(typesOf(b).filter((type) => type === "alert.firing")).toHaveLength(1);
  });
});

test("the file owns its endpoints only; what changed is sealed anew and judged anew", async () => {
  const hook = { ...endpoint("hook", "https://hooks.example.org/one"), headers: { authorization: "Bearer one" } };
  const full: EndpointDefinition = {
    ...hook,
    description: "The incident tool",
    filters: { severities: ["page"] },
    settings: { remindEveryMs: durationMs(60 * MINUTE_MS) },
    isOrdered: true,
    maxInFlight: 1,
    maxPerSecond: 3,
    fallbackId: "spare",
  };
  const spare = endpoint("spare", "https://hooks.example.org/two");
  world = await deliverWorld([full, spare]);
  const rows = () =>
    world.database.read(
      (sql) => sql`
        select id, managed_by as by, description, filters, settings, is_ordered as ordered, max_in_flight as most,
               max_per_second as rate, fallback_id as fallback, state, failing_since as since, retired_at as retired
          from endpoints order by id`,
    );
  const [first] = await rows();
  expect(first).toMatchObject({
    by: "file",
    description: "The incident tool",
    filters: full.filters,
    rate: 3,
    most: 1,
  });
  expect(first).toMatchObject({ settings: full.settings, ordered: true, fallback: "spare" });
  expect((await world.apply([full, spare])).changed).toBe(false);
  await world.database.transaction(async (tx) => {
    await tx`
      insert into endpoints (id, type, url_ciphertext, secret_ciphertext, events, timeout_ms, state, managed_by)
      values ('of-the-api', 'webhook', 'v1.x.y.z', 'v1.x.y.z', '{*}', 1000, 'active', 'api')`;
    await tx`
      update endpoints set state = 'disabled', disabled_reason = 'x', failing_since = now(), failing_warned_at = now()
       where id = 'hook'`;
  });
  await world.apply([{ ...full, description: "Another" }, spare]);
  expect((await rows())[0]).toMatchObject({ state: "disabled", description: "Another" });
  await world.apply([{ ...full, headers: { authorization: "Bearer two" } }, spare]);
  expect((await rows())[0]).toMatchObject({ state: "active", since: null });
  expect((await rows())[1]).toMatchObject({ id: "of-the-api", by: "api", retired: null });
});
