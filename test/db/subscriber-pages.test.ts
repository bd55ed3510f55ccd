import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pagesPart } from "#lib/engine/publish/pages.ts";
import type { TestMailServer } from "#test/support/mail-server.ts";
import { startMailServer } from "#test/support/mail-server.ts";
import { sampleConfig, sampleProbe, sampleService, sampleSlo } from "#test/support/sample-config.ts";
import { calmDay } from "#test/support/sample-snapshot.ts";
import type { Receiver } from "./deliver-receiver.ts";
import { answersChallenges, startReceiver } from "./deliver-receiver.ts";
import type { SubscriberWorld } from "./subscriber-world.ts";
import { incident, mailThroughServer, subscriberWorld } from "./subscriber-world.ts";

const service = (id: string, name: string) =>
  sampleService({
    id,
    name,
    probes: [sampleProbe({ id: `${id}-home` })],
    slos: [sampleSlo({ id: `${id}-availability`, probes: [`${id}-home`] })],
  });
const services = [service("shop", "Shop API"), service("vault", "Vault of the board")];
const inside = {
  ...sampleConfig().page,
  id: "inside",
  name: "Acme inside",
  url: "https://inside.example",
  hosts: ["inside.example"],
  audience: { kind: "networks" as const, networks: ["127.0.0.0/8"] },
};
const pages = [{ ...inside, services: ["shop", "vault"] }];
const page = { ...sampleConfig().page, services: ["shop"] };

let mail: TestMailServer;
let receiver: Receiver;
let world: SubscriberWorld;
beforeAll(async () => {
  mail = await startMailServer();
  receiver = await startReceiver(answersChallenges);
  const snapshot = { ...calmDay(), ...pagesPart(page, pages, services) };
  world = await subscriberWorld(mailThroughServer(mail), { config: { services, page, pages }, snapshot });
});
afterAll(async () => {
  await world.drop();
  await receiver.close();
  await mail.close();
});

/** A form posted to the page at a host. */
const post = (host: string, path: string, fields: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = { host, "content-type": "application/x-www-form-urlencoded" };
    const req = request(`${world.site.url}${path}`, { method: "POST", headers }, (res) => {
      res.resume().on("end", () => resolve(res.statusCode ?? 0));
    });
    req.on("error", reject).end(new URLSearchParams(fields).toString());
  });
const textOf = (source: string): string => source.replaceAll("=\r\n", "").replaceAll("=3D", "=");
const mailsTo = (address: string) =>
  mail.received.filter(({ to }) => to.includes(address)).map(({ source }) => textOf(source));
const subscribe = async (host: string, address: string): Promise<void> => {
  await post(host, "/subscribe", { channel: "email", address });
  await world.drain();
  const link = /\/subscribe\/confirm\/[A-Za-z0-9._-]+/.exec(mailsTo(address).at(-1) ?? "")?.[0] ?? "/no-link";
  expect(await post(host, link, {})).toBe(200);
};

test("subscribers of a page are told of its services alone, by no channel and by no word of those of another page", async () => {
  await subscribe("status.acme.example", "outside@example.com");
  await subscribe("inside.example", "inside@example.com");
  await subscribe("inside.example", "outside@example.com");
  await world.form("/api/v2/subscribers.json", { "subscriber[endpoint]": receiver.url });
  await world.drain();

  await world.tell(
    "incident.opened",
    "inc_vault",
    incident("investigating", "Inner matter.", { id: "inc_vault", serviceIds: ["vault"] }),
  );
  await world.tell("component.status_changed", "vault", {
    id: "vault",
    name: "Vault of the board",
    state: "major_outage",
  });
  const affected = [
    { serviceId: "shop", impact: "minor" },
    { serviceId: "vault", impact: "critical" },
  ];
  const both = incident("investigating", "Both are down.", {
    serviceIds: ["shop", "vault"],
    impact: "critical",
    affected,
  });
  both.updates[0]?.affected.push({ serviceId: "vault", oldState: "operational", newState: "major_outage" });
  await world.tell("incident.opened", "inc_1", both);
  await world.drain();

  const outside = mailsTo("outside@example.com");
  expect(outside.filter((text) => text.includes("Inner matter.") && !text.includes("Acme inside"))).toEqual([]);
  expect(outside.filter((text) => text.includes("Both are down.") && !text.includes("Vault"))).toHaveLength(1);
  const posted = receiver.received.map(({ body }) => body.toString()).join("\n");
  expect([posted.includes("Both are down."), /vault|critical/i.test(posted)]).toEqual([true, false]);
  const told = mailsTo("inside@example.com").slice(1).join("\n");
  expect(
    ["Inner matter.", "Both are down.", "Vault of the board", "https://inside.example/"].filter(
      (word) => !told.includes(word),
    ),
  ).toEqual([]);
});

test("a mail program outside of a page's networks may end a subscription, and learns nothing else", async () => {
  const [link = ""] = /\/unsubscribe\/[A-Za-z0-9._-]+/.exec(mailsTo("inside@example.com").at(-1) ?? "") ?? [];
  expect(await post("inside.example", link, { "List-Unsubscribe": "One-Click" })).toBe(200);
  const left = await world.database.read((db) => db<{ n: number }[]>`select count(*)::int as n from subscribers`);
  expect(left[0]?.n).toBe(3);
});
