import { afterAll, beforeAll, expect, test } from "vitest";
import type { Receiver } from "./deliver-receiver.ts";
import { answer, startReceiver } from "./deliver-receiver.ts";
import type { SubscriberWorld } from "./subscriber-world.ts";
import { incident, subscriberWorld } from "./subscriber-world.ts";

let receiver: Receiver;
let world: SubscriberWorld;
beforeAll(async () => {
  receiver = await startReceiver(answer(200, {}, "ok"));
  world = await subscriberWorld();
});
afterAll(async () => {
  await world.drop();
  await receiver.close();
});

type Block = { type: string; text?: { text: string }; fields?: { text: string }[]; elements?: Block[]; url?: string };
type Embed = {
  title: string;
  description: string;
  fields: { name: string; value: string }[];
  footer: { text: string };
};
type Card = { content: { type: string; version: string; body: { type: string; text?: string }[]; actions: unknown[] } };

/** The limits that each service documents, for the bodies that its receiver got. */
const WITHIN: Readonly<Record<string, (body: Record<string, unknown>, bytes: number) => void>> = {
  slack: ({ text, blocks }) => {
    expect(String(text).length).toBeGreaterThan(0);
    expect((blocks as Block[]).length).toBeLessThanOrEqual(50);
    for (const block of blocks as Block[]) {
      expect(block.text?.text.length ?? 0).toBeLessThanOrEqual(block.type === "header" ? 150 : 3_000);
      expect(block.fields?.length ?? 0).toBeLessThanOrEqual(10);
      expect(block.elements?.length ?? 0).toBeLessThanOrEqual(block.type === "context" ? 10 : 25);
      for (const { url } of block.elements ?? []) expect(url?.length ?? 0).toBeLessThanOrEqual(3_000);
    }
  },
  discord: (body) => {
    const embeds = body.embeds as Embed[];
    expect(body.allowed_mentions).toEqual({ parse: [] });
    expect(embeds.length).toBeLessThanOrEqual(10);
    let all = 0;
    for (const { title, description, fields, footer } of embeds) {
      expect(title.length).toBeLessThanOrEqual(256);
      expect(description.length).toBeLessThanOrEqual(4_096);
      expect(fields.length).toBeLessThanOrEqual(25);
      for (const { name, value } of fields) expect([name.length <= 256, value.length <= 1_024]).toEqual([true, true]);
      all += title.length + description.length + footer.text.length;
      all += fields.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
    }
    expect(all).toBeLessThanOrEqual(6_000);
  },
  teams: (body, bytes) => {
    const [card] = body.attachments as Card[];
    expect(bytes).toBeLessThanOrEqual(28_000);
    expect([body.type, card?.content.type, card?.content.version]).toEqual(["message", "AdaptiveCard", "1.4"]);
    expect(card?.content.body[0]?.type).toBe("TextBlock");
  },
  webhook: (body) => expect(Object.keys(body).slice(0, 2)).toEqual(["meta", "page"]),
};

const sentTo = (path: string) =>
  receiver.received
    .filter(({ url }) => url === path)
    .map(({ body }) => {
      const text = body.toString();
      return { text, bytes: body.length, json: JSON.parse(text) as Record<string, unknown> };
    });
const CONFIRM = /\/subscribe\/confirm\/([A-Za-z0-9._-]+)/;

test.each([
  { channel: "slack", cadence: "each" },
  { channel: "discord", cadence: "each" },
  { channel: "teams", cadence: "each" },
  { channel: "webhook", cadence: "each" },
  { channel: "slack", cadence: "daily" },
  { channel: "discord", cadence: "daily" },
  { channel: "teams", cadence: "daily" },
])(
  "$channel, $cadence: nothing but the question comes before somebody agreed, and all that comes is within the limits of the service",
  async ({ channel, cadence }) => {
    const path = `/${channel}/${cadence}`;
    await world.form("/subscribe", { channel, cadence, address: new URL(path, receiver.url).href });
    await world.drain();
    const asked = sentTo(path);
    expect(asked).toHaveLength(1);
    const link = CONFIRM.exec(asked[0]?.text.replaceAll("\\\\", "") ?? "")?.[0] ?? "/no-link";
    await world.tell("incident.opened", `early_${path}`, incident("investigating", "Before anybody agreed."));
    await world.drain();
    expect(sentTo(path)).toHaveLength(1);

    const opened = await fetch(`${world.site.url}${link}`);
    expect([opened.status, (await opened.text()).includes("<button")]).toEqual([200, true]);
    await world.drain();
    expect(sentTo(path)).toHaveLength(1);
    expect((await world.form(link, {})).status).toBe(200);
    for (const text of ["First.", "<&> *_`~ ".repeat(1_500), "\u{1f525}".repeat(9_000)])
      await world.tell("incident.updated", `late_${path}`, incident("identified", text));
    await world.drain();
    if (cadence === "daily") {
      expect(sentTo(path)).toHaveLength(1);
      await world.database.transaction(
        (tx) => tx`update subscriber_messages set next_attempt_at = now() - interval '1 second' where kind = 'digest'`,
      );
      // What was told after its time belongs to the next one, so the day is moved past it.
      await world.database.transaction(
        (tx) =>
          tx`update subscriber_messages set first_due_at = now() + interval '1 hour' where kind = 'digest' and state = 'pending'`,
      );
      await world.drain();
    }
    const sent = sentTo(path);
    expect(sent).toHaveLength(cadence === "daily" ? 2 : 4);
    expect(sent.some(({ text }) => text.includes("Before anybody agreed"))).toBe(false);
    for (const { json, bytes } of sent) WITHIN[channel]?.(json, bytes);
  },
);

test("a receiver that repeats whatever it gets is not subscribed by that", async () => {
  receiver.behave((response, { body }) => response.writeHead(200).end(JSON.stringify({ data: body.toString() })));
  const address = new URL("/echo", receiver.url).href;
  await world.form("/subscribe", { channel: "webhook", address });
  await world.drain();
  await world.tell("incident.opened", "inc_echo", incident("investigating", "Nobody asked for it."));
  await world.drain();
  expect(sentTo("/echo")).toHaveLength(1);
  receiver.behave(answer(200, {}, "ok"));
});
