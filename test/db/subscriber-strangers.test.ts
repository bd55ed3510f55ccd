import { afterAll, beforeAll, expect, test } from "vitest";
import type { Receiver } from "./deliver-receiver.ts";
import { answer, startReceiver } from "./deliver-receiver.ts";
import type { SubscriberWorld } from "./subscriber-world.ts";
import { incident, subscriberWorld } from "./subscriber-world.ts";

// egress.allow names 127.0.0.1: the operator's probes and webhooks may go there, whoever comes by may not send us there.
let receiver: Receiver;
let world: SubscriberWorld;
beforeAll(async () => {
  receiver = await startReceiver(answer(200));
  world = await subscriberWorld();
});
afterAll(async () => {
  await world.drop();
  await receiver.close();
});

const signUp = async (url: string, headers: Record<string, string>): Promise<[number, string]> => {
  const body = new URLSearchParams({ "subscriber[endpoint]": url });
  const made = await fetch(`${world.site.url}/api/v2/subscribers.json`, { method: "POST", body, headers });
  const { detail = "" } = (await made.json()) as { detail?: string };
  return [made.status, detail];
};
const FROM_OUTSIDE = { "x-forwarded-for": "203.0.113.9" };
const FROM_ANOTHER_SITE = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };

test("a stranger opens nothing of egress.allow, and is told the same of every address that is refused", async () => {
  const refused = await Promise.all(
    [receiver.url, "https://127.0.0.1/", "https://10.0.0.1/", "https://localhost/", "http://hooks.example.net/"].map(
      (url) => signUp(url, FROM_OUTSIDE),
    ),
  );
  expect(new Set(refused.map((one) => JSON.stringify(one))).size).toBe(1);
  expect(refused[0]).toEqual([422, "url must be an https address that the whole world can reach"]);
  expect((await signUp("https://hooks.example.net/a", FROM_OUTSIDE))[0]).toBe(201);
});

test("a page elsewhere cannot sign up through the browser of somebody near us", async () => {
  expect((await signUp(receiver.url, FROM_ANOTHER_SITE))[0]).toBe(422);
  expect((await signUp(receiver.url, {}))[0]).toBe(201);
});

test("a stranger's name that leads into our network gets no request", async () => {
  await world.drain();
  const before = receiver.received.length;
  expect(before).toBeGreaterThan(0);
  await world.database.transaction(
    (tx) => tx`update subscribers set state = 'active', confirmed_at = now(), created_by = 'stranger'`,
  );
  await world.tell("incident.opened", "inc_1", incident("investigating", "Down."));
  await world.drain();
  expect(receiver.received).toHaveLength(before);
});

test("what cannot be the id of a sign-up is asked of no database", async () => {
  for (const id of ["%00", "%F0%9F%98%80", "", "x".repeat(5_000)])
    expect((await fetch(`${world.site.url}/api/v2/subscribers.json?id=${id}`)).status).toBe(404);
});
