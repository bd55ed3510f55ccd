import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey } from "#lib/commands/api-keys/create-key.ts";
import type { Scope } from "#lib/core/access/authorise.ts";
import { epochMs } from "#lib/core/units.ts";
import { claimRound } from "#lib/engine/subscribers/claim.ts";
import { fanOutOnce } from "#lib/engine/subscribers/fan-out.ts";
import type { Receiver } from "./deliver-receiver.ts";
import { answer, startReceiver } from "./deliver-receiver.ts";
import type { SubscriberWorld } from "./subscriber-world.ts";
import { incident, subscriberWorld } from "./subscriber-world.ts";

let world: SubscriberWorld;
let receiver: Receiver;
let token = "";
beforeAll(async () => {
  receiver = await startReceiver(answer(200));
  world = await subscriberWorld();
  token = await keyFor(["subscribers:write"]);
});
afterAll(async () => {
  await world.drop();
  await receiver.close();
});

const keyFor = async (scopes: readonly Scope[]): Promise<string> => {
  const made = await world.database.transaction((tx) =>
    createKey(tx, {
      name: scopes.join(" "),
      scopes,
      expiresAt: null,
      actor: "cli",
      now: world.clock.now(),
      randomBytes,
    }),
  );
  return made.token;
};
const call = async (method: string, path: string, body?: unknown, key = token) => {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const headers = {
    authorization: `Bearer ${key}`,
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
  const got = await fetch(`${world.site.url}${path}`, { method, ...sent, headers });
  const text = await got.text();
  return { status: got.status, text, json: () => JSON.parse(text) as Record<string, unknown> };
};
const idOf = (number: number): string => `sub_${number.toString(16).padStart(32, "0")}`;

/** Many subscribers whose addresses nobody opens. */
const fill = (count: number): Promise<unknown> =>
  world.database.transaction(
    (tx) => tx`
      insert into subscribers (id, channel, state, address_ciphertext, address_hash, kinds, cadence, language, base_url,
                               confirmed_at, created_by)
      select 'sub_' || lpad(to_hex(n), 32, '0'), 'email', 'active', 'v1', 'hash ' || n, '{incidents}',
             case when n % 10 = 0 then 'daily' else 'each' end, 'en', 'http://x', now() - interval '1 hour', 'test'
        from generate_series(1, ${count}::int) as n`,
  );
const countMessages = (eventId: string) =>
  world.database.read(
    (db) => db<{ messages: number; people: number; digests: number }[]>`
      select count(*) filter (where event_id = ${eventId})::int as messages, count(distinct subscriber_id)::int as people,
             count(*) filter (where kind = 'digest')::int as digests
        from subscriber_messages where event_id = ${eventId} or kind = 'digest'`,
  );

test("a fan-out that dies at any step goes on where it was, and nobody is told twice", async () => {
  await fill(2_500);
  const eventId = await world.tell("incident.opened", "inc_1", incident("investigating", "Down."));
  await world.tell("silence.created", "sil_1", {});
  let steps = 0;
  let bytes = 0;
  const dying = (size: number): Uint8Array => {
    bytes += 1;
    if (bytes % 700 === 0) throw new Error("killed");
    return randomBytes(size);
  };
  for (let isMore = true; isMore; steps += 1) {
    const args = { database: world.database, now: world.clock.now(), randomBytes: dying, chunk: 500 };
    isMore = await fanOutOnce(args).catch(() => true);
  }
  expect(steps).toBeGreaterThan(6);
  expect(await countMessages(eventId)).toEqual([{ messages: 2_250, people: 2_500, digests: 250 }]);
  const progress = await world.database.read(
    (db) => db<{ left: number }[]>`
      select ((select max(position) from events) - position)::int as left from subscriber_progress`,
  );
  expect(progress).toEqual([{ left: 0 }]);
});

test("alerts that wake somebody go before customers, and a message is claimed by one process only", async () => {
  await world.database.transaction(async (tx) => {
    await tx`update subscriber_messages set channel = 'webhook'`;
  });
  const now = epochMs(world.clock.now() + 1_000);
  const round = { now, leaseMs: 1_000, places: () => 8, yieldsToAlerts: true };
  const first = await world.database.transaction((tx) => claimRound(tx, { ...round, leaseToken: "a" }));
  const second = await world.database.transaction((tx) => claimRound(tx, { ...round, leaseToken: "b" }));
  const ids = [...(first ?? []), ...(second ?? [])].map(({ id }) => id);
  expect([ids.length, new Set(ids).size]).toEqual([16, 16]);
  await world.database.transaction(async (tx) => {
    await tx`
      insert into endpoints (id, type, url_ciphertext, secret_ciphertext, events, timeout_ms, state)
      values ('oncall', 'webhook', 'x', 'x', '{*}', 1000, 'active')`;
    await tx`
      insert into deliveries (id, event_id, endpoint_id, sequence, state, first_due_at, next_attempt_at, is_urgent)
      select 'dlv_1', id, 'oncall', 1, 'pending', now(), now(), true from events limit 1`;
  });
  expect(await world.database.transaction((tx) => claimRound(tx, { ...round, leaseToken: "c" }))).toBeNull();
  const late = { ...round, now: epochMs(now + 2_000), yieldsToAlerts: false, leaseToken: "d" };
  const third = await world.database.transaction((tx) => claimRound(tx, late));
  expect(third?.length).toBe(8);
  await world.database.transaction(async (tx) => {
    await tx`delete from deliveries`;
    await tx`delete from subscribers`;
  });
});

test("a message that failed is sent again under the same id, in the shape of its channel and the language asked for", async () => {
  const made = await call("POST", "/v1/subscribers", {
    ...{ channel: "slack", address: receiver.url, language: "ko", skipConfirmation: true },
  });
  expect(made.status).toBe(201);
  receiver.behave(answer(500));
  await world.tell("incident.opened", "inc_2", incident("investigating", "첫 소식"));
  await world.drain();
  receiver.behave(answer(200));
  await world.database.transaction(async (tx) => {
    await tx`update subscriber_messages set next_attempt_at = now() - interval '1 second'`;
  });
  await world.drain();
  const bodies = receiver.received.map(({ body }) => body.toString());
  expect(bodies).toHaveLength(2);
  expect(bodies[0]).toBe(bodies[1]);
  expect(bodies[0]).toContain("조사 중: Checkout");
  expect(await call("POST", "/v1/subscribers", { channel: "slack", address: receiver.url })).toMatchObject({
    status: 409,
  });
});

test("the owner of the page lists, exports, bounces and removes; without the scope nobody sees an address", async () => {
  const { data } = (await call("GET", "/v1/subscribers")).json() as { data: { id: string; address: string }[] };
  const id = data[0]?.id ?? idOf(1);
  expect(data[0]?.address).toBe(receiver.url);
  expect((await call("GET", "/v1/subscribers", undefined, await keyFor(["endpoints:read"]))).status).toBe(403);
  expect((await fetch(`${world.site.url}/v1/subscribers`)).status).toBe(401);
  const csv = await call("GET", "/v1/subscribers/export");
  expect([csv.status, csv.text.split("\r\n")[0]]).toEqual([200, expect.stringContaining(`"id","channel","address"`)]);
  expect(csv.text).toContain(receiver.url);
  const bounced = await call("POST", `/v1/subscribers/${id}/bounce`, { reason: "=cmd()", permanent: true });
  expect(bounced.json()).toMatchObject({ state: "disabled", disabledReason: "bounced: =cmd()" });
  const again = await call("PATCH", `/v1/subscribers/${id}`, { state: "active", serviceIds: ["shop"] });
  expect(again.json()).toMatchObject({ state: "active", bounces: 0, serviceIds: ["shop"] });
  expect((await call("DELETE", `/v1/subscribers/${id}`)).status).toBe(204);
  expect((await call("GET", `/v1/subscribers/${id}`)).status).toBe(404);
});

test("without a mail server nobody can subscribe by mail, and the page says so", async () => {
  const page = await (await fetch(`${world.site.url}/subscribe?lang=ko`)).text();
  expect(page).not.toContain(`value="email"`);
  expect(page).toContain("이메일 구독을 사용할 수 없습니다");
  expect((await world.form("/api/v2/subscribers.json", { email: "a@example.com" })).status).toBe(422);
});

test("one network cannot sign up without end", async () => {
  let last = 0;
  for (let i = 0; i < 32 && last !== 429; i += 8) {
    const some = Array.from({ length: 8 }, (_, j) =>
      world.form("/subscribe", { channel: "webhook", address: `${receiver.url}&n=${i + j}` }),
    );
    last = Math.max(...(await Promise.all(some)).map(({ status }) => status));
  }
  expect(last).toBe(429);
});
