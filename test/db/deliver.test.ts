import { Webhook } from "standardwebhooks";
import { afterEach, expect, test } from "vitest";
import { CloudEvent, DeliveryResource } from "#lib/contracts/events.ts";
import { verifyNinesSignature, verifyStandardWebhook } from "#lib/contracts/verify-webhook.ts";
import { HOUR_MS, SECOND_MS } from "#lib/core/units.ts";
import { startStopwatch } from "#test/support/stopwatch.ts";
import type { Behaviour, Receiver } from "./deliver-receiver.ts";
import { answer, startReceiver } from "./deliver-receiver.ts";
import type { DeliverWorld } from "./deliver-world.ts";
import { deliverWorld, endpoint, SECRET, START } from "./deliver-world.ts";

let world: DeliverWorld;
const receivers: Receiver[] = [];
const receive = async (behaviour: Behaviour): Promise<Receiver> => {
  const receiver = await startReceiver(behaviour);
  receivers.push(receiver);
  return receiver;
};
afterEach(async () => {
  await world.dispatcher.settled();
  await world.drop();
  await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
});

test("an event arrives once, as a CloudEvent, with both signatures valid", async () => {
  const receiver = await receive(answer(200));
  world = await deliverWorld([endpoint("oncall", receiver.url)]);
  const recorded = await world.record("one");
  await world.deliverAll();
  expect(receiver.received).toHaveLength(1);
  const { headers, body } = receiver.received[0] as Receiver["received"][number];
  expect(headers["content-type"]).toBe("application/cloudevents+json; charset=utf-8");
  expect(CloudEvent.parse(JSON.parse(body.toString("utf8")))).toMatchObject({
    id: recorded?.eventId,
    type: "incident.opened",
    source: "/nines",
    subject: "shop",
    time: new Date(START).toISOString(),
    sequence: "00000000000000000001",
    data: { key: "one", note: "한글" },
  });
  expect(headers["webhook-id"]).toBe(recorded?.eventId);
  const request = { body, headers, secrets: [SECRET], nowMs: START };
  expect(verifyStandardWebhook(request)).toBe(true);
  expect(verifyNinesSignature(request)).toBe(true);
  expect(await world.deliveries()).toMatchObject([{ state: "delivered", attempts: 1, error: null }]);
  expect(await world.attempts()).toMatchObject([{ number: 1, outcome: "accepted", status: 200, reason: null }]);
});

test("the npm package standardwebhooks accepts a delivery", async () => {
  const receiver = await receive(answer(204));
  world = await deliverWorld([endpoint("oncall", receiver.url)]);
  world.clock.jump(Date.now() - START);
  await world.record("one");
  await world.deliverAll();
  const { headers, body } = receiver.received[0] as Receiver["received"][number];
  const payload = new Webhook(SECRET).verify(body.toString("utf8"), headers as Record<string, string>);
  expect(payload).toMatchObject({ type: "incident.opened", data: { key: "one" } });
});

const LATER = [
  { name: "a redirect is not followed", behaviour: answer(302, { location: "/elsewhere" }), reason: /302; redirects/ },
  { name: "301", behaviour: answer(301, { location: "/elsewhere" }), reason: /301/ },
  { name: "307", behaviour: answer(307, { location: "/elsewhere" }), reason: /307/ },
  { name: "400", behaviour: answer(400), reason: /400/ },
  { name: "401", behaviour: answer(401), reason: /401/ },
  { name: "404", behaviour: answer(404), reason: /404/ },
  { name: "409", behaviour: answer(409), reason: /409/ },
  { name: "413", behaviour: answer(413), reason: /413/ },
  { name: "429", behaviour: answer(429), reason: /429/ },
  { name: "500", behaviour: answer(500), reason: /500/ },
  { name: "502", behaviour: answer(502), reason: /502/ },
  { name: "503", behaviour: answer(503), reason: /503/ },
  { name: "no answer within the deadline", behaviour: () => undefined, reason: /timeout/ },
  { name: "a reset", behaviour: (response) => response.socket?.resetAndDestroy(), reason: /reset|empty_reply/ },
  { name: "a close without an answer", behaviour: (response) => response.socket?.end(), reason: /empty_reply|reset/ },
  {
    name: "a head that drips",
    behaviour: (response) => {
      const timer = setInterval(() => response.socket?.write("H"), 100);
      response.socket?.on("close", () => clearInterval(timer));
    },
    reason: /timeout|protocol_error/,
  },
] satisfies { name: string; behaviour: Behaviour; reason: RegExp }[];

test.each(LATER)("tried again after 5 s: $name", async ({ behaviour, reason }) => {
  const receiver = await receive(behaviour);
  world = await deliverWorld([endpoint("oncall", receiver.url, 400)]);
  await world.record("one");
  await world.deliverAll();
  expect(receiver.received).toHaveLength(1);
  const [delivery] = await world.deliveries();
  expect(delivery).toMatchObject({ state: "pending", attempts: 1, due: new Date(START + 5 * SECOND_MS) });
  expect(delivery?.error).toMatch(reason);
  expect(await world.attempts()).toMatchObject([{ outcome: "try_later", reason: expect.stringMatching(reason) }]);
});

const DELIVERED = [
  { name: "a huge answer", behaviour: answer(200, {}, "x".repeat(5_000_000)) },
  {
    name: "a body that never ends after a head in time",
    behaviour: (response) => {
      response.writeHead(200).write("thanks");
    },
  },
  { name: "a half answer", behaviour: (response) => response.writeHead(202, { "content-length": "9" }).end("abc") },
] satisfies { name: string; behaviour: Behaviour }[];

test.each(DELIVERED)("a 2xx head within the deadline is success: $name", async ({ behaviour }) => {
  const receiver = await receive(behaviour);
  world = await deliverWorld([endpoint("oncall", receiver.url, 500)]);
  await world.record("one");
  await world.deliverAll();
  expect(await world.deliveries()).toMatchObject([{ state: "delivered", attempts: 1 }]);
  expect((await world.attempts())[0]?.excerpt?.length).toBeLessThanOrEqual(16_384);
});

test("a closed port and an address that the policy refuses are tried again", async () => {
  const gone = await startReceiver(answer(200));
  await gone.close();
  world = await deliverWorld([endpoint("a-closed", gone.url), endpoint("b-inside", "http://10.1.2.3/hook")]);
  await world.record("one");
  await world.deliverAll();
  const deliveries = await world.deliveries();
  expect(deliveries.map((one) => one.state)).toEqual(["pending", "pending"]);
  expect(deliveries[0]?.error).toMatch(/connect_refused/);
  expect(deliveries[1]?.error).toMatch(/blocked/);
});

test("the ladder makes 148 attempts at its exact instants under one id, then the delivery is dead", async () => {
  const receiver = await receive(answer(500));
  const operators = await receive(answer(200));
  world = await deliverWorld([
    { ...endpoint("oncall", receiver.url), events: ["incident.opened"] },
    { ...endpoint("operators", operators.url), events: ["delivery.dead"] },
  ]);
  await world.record("one");
  const instants: number[] = [];
  for (;;) {
    await world.deliverAll();
    const [delivery] = await world.deliveries();
    instants.push((world.clock.now() - START) / SECOND_MS);
    if (delivery?.state !== "pending") break;
    await world.clock.advance(delivery.due.getTime() - world.clock.now());
  }
  const due = [0, 5, 30, 155, ...Array.from({ length: 144 }, (_, step) => 780 + 1_800 * step)];
  expect(instants).toEqual(due);
  expect(instants.at(-1)).toBe(258_180);
  expect(receiver.received).toHaveLength(148);
  const ids = receiver.received.map((one) => one.headers["webhook-id"]);
  expect(new Set(ids).size).toBe(1);
  expect(new Set(receiver.received.map((one) => one.body.toString())).size).toBe(1);
  const [dead, told] = await world.deliveries();
  expect(await world.attempts(dead?.id)).toHaveLength(148);
  expect(dead).toMatchObject({ state: "dead", attempts: 148, error: expect.stringContaining("72 h") });
  expect(told).toMatchObject({ event: "delivery.dead", state: "delivered", attempts: 1 });
  const event = CloudEvent.parse(JSON.parse(operators.received[0]?.body.toString() ?? ""));
  expect(DeliveryResource.parse(event.data)).toMatchObject({ id: dead?.id, state: "dead", attemptsMade: 148 });
});

test("a dead delivery.dead makes no further event", async () => {
  const receiver = await receive(answer(500));
  world = await deliverWorld([endpoint("oncall", receiver.url)]);
  await world.record("one", "delivery.dead");
  await world.database.transaction((tx) => tx`update deliveries set first_due_at = first_due_at - interval '72 hours'`);
  await world.deliverAll();
  expect(await world.deliveries()).toMatchObject([{ state: "dead", event: "delivery.dead" }]);
});

const RETRY_AFTER = [
  { name: "seconds", value: "120", seconds: 120 },
  { name: "less than the ladder", value: "1", seconds: 5 },
  { name: "an HTTP date", value: new Date(START + 600 * SECOND_MS).toUTCString(), seconds: 600 },
  { name: "a date in the past", value: "Mon, 01 Jan 2001 00:00:00 GMT", seconds: 5 },
  { name: "absurd seconds are cut to 6 h", value: "99999999999999999999", seconds: 6 * 3_600 },
  { name: "an absurd date is cut to 6 h", value: "Fri, 31 Dec 9999 23:59:59 GMT", seconds: 6 * 3_600 },
  { name: "a negative number is no value", value: "-7", seconds: 5 },
  { name: "a word is no value", value: "soon", seconds: 5 },
];

test.each(RETRY_AFTER)("Retry-After is honoured: $name", async ({ value, seconds }) => {
  const receiver = await receive(answer(429, { "retry-after": value }));
  world = await deliverWorld([endpoint("oncall", receiver.url)]);
  await world.record("one");
  await world.deliverAll();
  expect(await world.deliveries()).toMatchObject([{ due: new Date(START + seconds * SECOND_MS) }]);
});

test("410 disables the endpoint, tells the others, and what waits for it stays", async () => {
  const gone = await receive(answer(410));
  const other = await receive(answer(200));
  world = await deliverWorld([endpoint("gone", gone.url), endpoint("other", other.url)]);
  await world.record("one", "incident.opened", ["gone"]);
  await world.deliverAll();
  await world.record("two");
  await world.deliverAll();
  expect(gone.received).toHaveLength(1);
  expect(await world.deliveries()).toMatchObject([
    { endpoint: "gone", state: "dead", error: expect.stringContaining("410") },
    { endpoint: "other", state: "delivered", event: "endpoint.disabled" },
    { endpoint: "other", state: "delivered", event: "delivery.dead" },
    { endpoint: "other", state: "delivered", event: "incident.opened" },
  ]);
  const [row] = await world.database.read((sql) => sql`select state, disabled_reason from endpoints where id = 'gone'`);
  expect(row).toEqual({ state: "disabled", disabled_reason: "the receiver answered 410 Gone" });
});

test("what waits for a disabled endpoint past the window is dead, with an event", async () => {
  const receiver = await receive(answer(410));
  world = await deliverWorld([endpoint("gone", receiver.url), endpoint("ops", "http://127.0.0.1:9/")]);
  await world.record("one", "incident.opened", ["gone"]);
  await world.record("two", "incident.opened", ["gone"]);
  await world.database.transaction(
    (tx) => tx`update endpoints set state = 'disabled', disabled_reason = 'by hand' where id = 'gone'`,
  );
  await world.clock.advance(71 * HOUR_MS);
  await world.dispatcher.sweep();
  // The sweep also tests the other endpoint, which got nothing for a day.
  const rows = async () => (await world.deliveries()).filter(({ event }) => event !== "endpoint.test");
  expect((await rows()).map((one) => one.state)).toEqual(["pending", "pending"]);
  await world.clock.advance(2 * HOUR_MS);
  await world.dispatcher.sweep();
  expect((await rows()).map((one) => `${one.event} ${one.state}`)).toEqual([
    "incident.opened dead",
    "incident.opened dead",
    "delivery.dead pending",
    "delivery.dead pending",
  ]);
});

test("a receiver that hangs delays no other one", async () => {
  const slow = await receive(() => undefined);
  const healthy = await receive(answer(200));
  world = await deliverWorld([endpoint("a-slow", slow.url, 5_000), endpoint("b-healthy", healthy.url)]);
  for (let index = 0; index < 40; index += 1) await world.record(`event ${index}`);
  const elapsedMs = startStopwatch();
  while (healthy.received.length < 40) {
    await world.dispatcher.dispatchDue();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(healthy.received).toHaveLength(40);
  // The other endpoint answers nothing for 5 s.
  expect(elapsedMs()).toBeLessThan(4_000);
  expect(slow.received).toHaveLength(8);
  world.dispatcher.abort();
});

test("a delivery that cannot be made stops no other one", async () => {
  const receiver = await receive(answer(200));
  world = await deliverWorld([endpoint("a-broken", receiver.url), endpoint("b-healthy", receiver.url)]);
  await world.database.transaction(
    (tx) => tx`update endpoints set secret_ciphertext = 'v1.x.y.z' where id = 'a-broken'`,
  );
  await world.record("one");
  await world.deliverAll();
  expect(await world.deliveries()).toMatchObject([
    { endpoint: "a-broken", state: "pending", error: "the attempt could not be made (AppError)" },
    { endpoint: "b-healthy", state: "delivered" },
  ]);
});

test("nothing secret is in the log, the attempts or the deliveries, even when the receiver echoes it", async () => {
  const echo: Behaviour = (response, { url, headers, body }) =>
    response.writeHead(500).end(`${url}\n${SECRET}\n${JSON.stringify(headers)}\n${body.toString()}\0\u0007`);
  const receiver = await receive(echo);
  world = await deliverWorld([endpoint("oncall", receiver.url), endpoint("refused", "http://10.0.0.9/planted-path")]);
  await world.record("one");
  await world.deliverAll();
  const kept = JSON.stringify([await world.attempts(), await world.deliveries(), world.logged]);
  const { headers } = receiver.received[0] as Receiver["received"][number];
  const planted = [SECRET, SECRET.slice(6), "very-private-path", "planted-in-the-url", "planted-path"];
  for (const text of [
    ...planted,
    String(headers["webhook-signature"]),
    String(headers["x-nines-signature"]).split("v1=")[1] ?? "",
  ]) {
    expect(kept).not.toContain(text);
  }
  expect(world.logged.join("")).toContain("attempt failed");
});

test("what waits for a removed endpoint is canceled", async () => {
  const receiver = await receive(answer(200));
  world = await deliverWorld([endpoint("oncall", receiver.url)]);
  await world.record("one");
  await world.apply([]);
  await world.deliverAll();
  expect(receiver.received).toHaveLength(0);
  expect(await world.deliveries()).toMatchObject([{ state: "canceled", error: expect.stringContaining("removed") }]);
});

test("a long outage of ours does not fire the missed attempts in a row", async () => {
  const receiver = await receive(answer(500));
  world = await deliverWorld([endpoint("oncall", receiver.url)]);
  await world.record("one");
  await world.deliverAll();
  await world.clock.advance(10 * HOUR_MS);
  await world.deliverAll();
  expect(receiver.received).toHaveLength(2);
  expect(await world.deliveries()).toMatchObject([{ due: new Date(START + 10 * HOUR_MS + 25 * SECOND_MS) }]);
});
