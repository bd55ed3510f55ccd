import { afterAll, beforeAll, expect, test } from "vitest";
import { openSubscriberKeys } from "#lib/commands/subscribers/keys.ts";
import { verifyWebhook } from "#lib/contracts/verify-webhook.ts";
import { epochMs } from "#lib/core/units.ts";
import type { TestMailServer } from "#test/support/mail-server.ts";
import { headerOf, refusal, startMailServer } from "#test/support/mail-server.ts";
import type { Receiver } from "./deliver-receiver.ts";
import { answer, answersChallenges, startReceiver } from "./deliver-receiver.ts";
import type { SubscriberWorld } from "./subscriber-world.ts";
import { incident, mailThroughServer, subscriberWorld } from "./subscriber-world.ts";

let mail: TestMailServer;
let receiver: Receiver;
let world: SubscriberWorld;
const gone = new Set<string>();
beforeAll(async () => {
  mail = await startMailServer({
    onRcptTo: ({ address }, _session, callback) =>
      gone.has(address) ? callback(refusal(550, "5.1.1 no such user")) : callback(),
  });
  receiver = await startReceiver(answer(200));
  world = await subscriberWorld(mailThroughServer(mail));
});
afterAll(async () => {
  await world.drop();
  await receiver.close();
  await mail.close();
});

const mailsTo = (address: string) => mail.received.filter(({ to }) => to.includes(address));
/** The text of a mail without the folds of quoted-printable. */
const textOf = (source: string): string => source.replaceAll("=\r\n", "").replaceAll("=3D", "=");
const pathIn = (source: string, form: RegExp): string => form.exec(textOf(source))?.[0] ?? "no link";
const CONFIRM = /\/subscribe\/confirm\/[A-Za-z0-9._-]+/;
const LEAVE = /\/unsubscribe\/[A-Za-z0-9._-]+/;
const statesOf = () =>
  world.database.read(
    (db) => db<{ channel: string; state: string }[]>`select channel, state from subscribers order by id`,
  );

const subscribe = async (address: string): Promise<void> => {
  await world.form("/subscribe", { channel: "email", address });
  await world.drain();
  await world.form(pathIn(mailsTo(address).at(-1)?.source ?? "", CONFIRM), {});
};

test("a mail address is told only after a person pressed the button, and one post ends it for good", async () => {
  const address = "ada@example.com";
  const asked = await world.form("/subscribe", { channel: "email", address, kinds: "incidents" });
  expect([asked.status, asked.headers.get("cache-control")]).toEqual([200, "no-store"]);
  await world.tell("incident.opened", "inc_0", incident("investigating", "Before anybody agreed."));
  await world.drain();
  const [request] = mailsTo(address);
  expect(mailsTo(address)).toHaveLength(1);
  const link = pathIn(request?.source ?? "", CONFIRM);
  expect(await (await fetch(`${world.site.url}${link}`)).text()).toContain(`<form method="post"`);
  expect(await statesOf()).toEqual([{ channel: "email", state: "unconfirmed" }]);
  expect((await world.form(`${link}x`, {})).status).toBe(404);
  expect((await world.form(link, {})).status).toBe(200);

  await world.tell("incident.opened", "inc_1", incident("investigating", "We look into **it**."));
  await world.tell(
    "incident.updated",
    "inc_1",
    incident("monitoring", "Quiet", { updates: [{ status: "monitoring", notify: false }] }),
  );
  await world.tell("incident.updated", "inc_1", incident("monitoring", "We watch."));
  await world.drain();
  const told = mailsTo(address)
    .slice(1)
    .map(({ source }) => source);
  expect(told).toHaveLength(2);
  const [opened = "", updated = ""] = told;
  expect(headerOf(opened, "List-Unsubscribe-Post")).toBe("List-Unsubscribe=One-Click");
  expect(headerOf(updated, "In-Reply-To")).toBe(headerOf(opened, "Message-ID"));
  expect(textOf(opened)).toContain("We look into it.");
  expect(textOf(opened)).toContain("Checkout &lt;b&gt;fails&lt;/b&gt;");

  const leave = pathIn(headerOf(opened, "List-Unsubscribe") ?? "", LEAVE);
  expect((await fetch(`${world.site.url}${leave}`)).status).toBe(200);
  expect(await statesOf()).toHaveLength(1);
  expect((await world.form(leave, { "List-Unsubscribe": "One-Click" })).status).toBe(200);
  expect(await statesOf()).toEqual([]);
  expect((await world.form(leave, {})).status).toBe(200);
  expect(world.site.accessLines.join("")).not.toContain(leave.slice("/unsubscribe/".length));
});

test("a known address and an unknown one get the same answer in the same form, and a fourth try sends nothing", async () => {
  await subscribe("known@example.com");
  const shapes = [];
  for (const email of ["known@example.com", "new@example.com"]) {
    const page = await world.form("/subscribe", { channel: "email", address: email });
    const json = await world.form("/api/v2/subscribers.json", { "subscriber[email]": email });
    const body = (await json.json()) as { subscriber: Record<string, unknown> };
    const again = await fetch(`${world.site.url}/api/v2/subscribers.json?id=${String(body.subscriber.id)}`);
    shapes.push([
      await page.text(),
      page.status,
      json.status,
      Object.keys(body.subscriber),
      again.status,
      body.subscriber.mode,
    ]);
  }
  expect(shapes[0]).toEqual(shapes[1]);
  expect(shapes[0]?.[3]).toEqual(
    "created_at skip_confirmation_notification quarantined_at id mode purge_at email".split(" "),
  );
  const before = mail.received.length;
  await world.drain();
  expect(mail.received.length - before).toBe(4);
  for (let i = 0; i < 3; i += 1) await world.form("/subscribe", { channel: "email", address: "new@example.com" });
  await world.drain();
  expect(mailsTo("new@example.com")).toHaveLength(3);
});

test.for([
  "a@example.com\r\nBcc: x@example.com",
  "a@example.com,b@example.com",
  "<script>alert(1)</script>@example.com",
  "a b@example.com",
])("what is no single address is refused and never shown as markup: %s", async (address) => {
  const before = await statesOf();
  const page = await world.form("/subscribe", { channel: "email", address });
  expect(page.status).toBe(400);
  expect(await page.text()).not.toContain("<script>alert");
  expect((await world.form("/api/v2/subscribers.json", { email: address })).status).toBe(422);
  expect(await statesOf()).toEqual(before);
});

test("a link of the first mail ends after a day; the link to one's own settings does not, and changes them", async () => {
  await world.form("/subscribe", { channel: "email", address: "late@example.com" });
  const { database, secretBox, deps } = world;
  const keys = await database.transaction((tx) => openSubscriberKeys(tx, secretBox, deps.randomBytes));
  const [row] = await database.read(
    (db) =>
      db<{ id: string }[]>`select id from subscribers where state = 'unconfirmed' order by created_at desc limit 1`,
  );
  const id = row?.id ?? "";
  const confirm = (at: number) => world.form(`/subscribe/confirm/${keys.linkToken("confirm", id, epochMs(at))}`, {});
  expect((await confirm(Date.now() - 1)).status).toBe(404);
  expect((await world.form(`/subscribe/confirm/${keys.linkToken("manage", id, null)}`, {})).status).toBe(404);
  expect((await confirm(Date.now() + 60_000)).status).toBe(200);

  const own = `/subscription/${keys.linkToken("manage", id, null)}`;
  expect(await (await fetch(`${world.site.url}${own}`)).text()).toContain('name="cadence"');
  expect((await world.form(own, { kinds: "maintenance", cadence: "daily", language: "ko" })).status).toBe(200);
  const changed = await database.read(
    (db) => db<object[]>`select kinds, cadence, language from subscribers where id = ${id}`,
  );
  expect([...changed]).toEqual([{ kinds: ["maintenance"], cadence: "daily", language: "ko" }]);
  expect((await world.form(`${own}x`, { cadence: "each" })).status).toBe(404);
  expect((await world.form(own.replace("/subscription/", "/unsubscribe/"), {})).status).toBe(200);
});

test("a filled trap looks like a success and does nothing", async () => {
  const before = await statesOf();
  expect((await world.form("/subscribe", { channel: "email", address: "bot@example.com", website: "x" })).status).toBe(
    200,
  );
  expect(await statesOf()).toEqual(before);
});

test("a webhook is proven by its answer to the first post, then gets the body of Statuspage, signed", async () => {
  receiver.behave(answersChallenges);
  const body = JSON.stringify({ subscriber: { endpoint: receiver.url, email: "dev@example.com" } });
  const headers = { "content-type": "application/json" };
  const made = await fetch(`${world.site.url}/api/v2/subscribers.json`, { method: "POST", body, headers });
  expect([made.status, made.headers.get("access-control-allow-origin")]).toEqual([201, "*"]);
  const { subscriber } = (await made.json()) as { subscriber: { id: string; mode: string } };
  expect([subscriber.id, subscriber.mode]).toEqual([expect.stringMatching(/^[a-z0-9]{12}$/), "webhook"]);
  await world.drain();
  expect(Object.keys(JSON.parse(receiver.received[0]?.body.toString() ?? "{}") as object)).toEqual(["meta", "page"]);

  await world.tell("component.status_changed", "shop", { id: "shop", state: "major_outage" });
  await world.tell("incident.opened", "inc_9", incident("investigating", "Down."));
  await world.drain();
  const [, state, opened] = receiver.received.map(
    (one) => JSON.parse(one.body.toString()) as Record<string, Record<string, unknown>>,
  );
  expect(Object.keys(state ?? {})).toEqual(["meta", "page", "component_update", "component"]);
  expect(state?.component_update).toMatchObject({ new_status: "major_outage", component_type: "Component" });
  expect(Object.keys(opened?.incident ?? {}).slice(0, 8)).toEqual(
    "name status created_at updated_at monitoring_at resolved_at impact shortlink".split(" "),
  );
  const leave = new URL(String(opened?.meta?.unsubscribe)).pathname;
  const manage = await (await fetch(`${world.site.url}${leave.replace("unsubscribe", "subscription")}`)).text();
  const secret = /whsec_[A-Za-z0-9+/=]+/.exec(manage)?.[0] ?? "";
  const sent = receiver.received[2];
  expect(
    verifyWebhook({
      headers: sent?.headers ?? {},
      body: sent?.body ?? Buffer.alloc(0),
      secrets: [secret],
      nowMs: world.clock.now(),
    }),
  ).toBe(true);

  const removed = await fetch(`${world.site.url}/api/v2/subscribers.json`, {
    method: "DELETE",
    body: JSON.stringify({ subscriber: { id: subscriber.id } }),
    headers,
  });
  expect(removed.status).toBe(200);
  expect((await statesOf()).filter(({ channel }) => channel === "webhook")).toEqual([]);
});

test("an address that the egress policy refuses cannot be subscribed", async () => {
  for (const endpoint of [
    "http://169.254.169.254/latest",
    "http://10.0.0.1/x",
    "https://internal/x",
    "ftp://example.com/",
  ]) {
    expect((await world.form("/api/v2/subscribers.json", { endpoint })).status).toBe(422);
  }
});

test("a mailbox that does not exist ends its subscription and nothing else", async () => {
  await subscribe("gone@example.com");
  gone.add("gone@example.com");
  await world.tell("incident.opened", "inc_5", incident("investigating", "Again."));
  await world.drain();
  const rows = await world.database.read(
    (db) => db<{ state: string; reason: string | null }[]>`
      select state, disabled_reason as reason from subscribers where channel = 'email' and state <> 'unconfirmed' order by state`,
  );
  expect(rows).toEqual([
    { state: "active", reason: null },
    { state: "disabled", reason: "the mail server answered 550" },
  ]);
});
