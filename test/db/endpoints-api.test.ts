import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { NewEndpointResource } from "#lib/contracts/endpoints.ts";
import { EndpointResource } from "#lib/contracts/endpoints.ts";
import { DeliveryResource } from "#lib/contracts/events.ts";
import { verifyStandardWebhook } from "#lib/contracts/verify-webhook.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "#lib/core/units.ts";
import type { Receiver } from "./deliver-receiver.ts";
import { answer } from "./deliver-receiver.ts";
import { START } from "./deliver-world.ts";
import type { EndpointSite } from "./endpoint-world.ts";
import { endpointWorld } from "./endpoint-world.ts";

let site: EndpointSite;
let world: EndpointSite["world"];
let receiver: Receiver;
let other: Receiver;
let call: EndpointSite["call"];
let makeEndpoint: EndpointSite["makeEndpoint"];
beforeEach(async () => {
  site = await endpointWorld();
  ({ world, receiver, other, call, makeEndpoint } = site);
});
afterEach(() => site.stop());

describe("an endpoint of the API", () => {
  test("is made with a secret that is shown once, gets what it asked for, and nothing secret is shown again", async () => {
    const made = await makeEndpoint({
      id: "mine",
      events: ["incident.opened"],
      headers: { "X-Token": "planted-header-value" },
      timeout: "2s",
      maxPerSecond: 100,
      description: "the pager",
    });
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const { secret, ...shown } = made;
    expect(EndpointResource.parse(shown)).toMatchObject({
      id: "mine",
      managedBy: "api",
      address: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/…$/),
      headers: ["X-Token"],
      timeout: "2s",
      secrets: { live: 1, oldUntil: null },
    });
    await world.record("one");
    await world.deliverAll();
    expect(receiver.received).toHaveLength(1);
    const { headers, body } = receiver.received[0] as Receiver["received"][number];
    expect(headers["x-token"]).toBe("planted-header-value");
    expect(verifyStandardWebhook({ body, headers, secrets: [made.secret], nowMs: START })).toBe(true);
    const pages = [
      await call("GET", "/v1/endpoints"),
      await call("GET", "/v1/endpoints/mine"),
      await call("GET", "/v1/deliveries"),
      await call("GET", `/v1/deliveries/${(await world.deliveries())[0]?.id}`),
    ];
    const rows = await world.database.read((db) => db`select to_jsonb(a)::text from audit_log a`);
    const text = JSON.stringify([pages.map(({ body: page }) => page), rows, world.logged]);
    for (const planted of [secret, secret.slice(6), "planted-header-value", "very-private-path", "planted-in"])
      expect(text).not.toContain(planted);
  });

  const REFUSED = [
    { name: "a private address", body: { url: "https://10.1.2.3/hook" } },
    { name: "an address of metadata", body: { url: "http://169.254.169.254/latest" } },
    { name: "plain http to the world", body: { url: "http://hooks.example.org/x" } },
    { name: "another scheme", body: { url: "file:///etc/passwd" } },
    { name: "a user in the address", body: { url: "https://u:p@hooks.example.org/x" } },
    { name: "a header that splits", body: { headers: { "X-A": "a\r\nX-B: b" } } },
    { name: "a header of the client", body: { headers: { "Content-Length": "1" } } },
    { name: "a header of the signature", body: { headers: { "Webhook-Id": "x" } } },
    { name: "a service that is none", body: { filters: { serviceIds: ["shpo"] } } },
    { name: "an event that is none", body: { events: ["alert.fired"] } },
    { name: "an unknown field", body: { secret: "whsec_x" } },
    { name: "a deadline over 30 s", body: { timeout: "31s" } },
  ];

  test("is refused for what it must not be, without repeating it", async () => {
    for (const { name, body } of REFUSED) {
      const answered = await call("POST", "/v1/endpoints", { url: receiver.url, ...body });
      expect(answered.status, name).toBe(400);
      expect(JSON.stringify(answered.body), name).not.toMatch(/10\.1\.2\.3|u:p@|X-B/);
    }
    expect((await call<{ data: unknown[] }>("GET", "/v1/endpoints")).body.data).toHaveLength(1);
  });

  test("keeps its address until a test delivery has reached the new one", async () => {
    await makeEndpoint({ id: "mine", events: ["incident.opened"] });
    other.behave(answer(503));
    const changed = await call("PATCH", "/v1/endpoints/mine", { url: other.url });
    expect(EndpointResource.parse(changed.body)).toMatchObject({
      pendingAddress: expect.stringContaining("127.0.0.1"),
    });
    await world.record("while it waits");
    await world.deliverAll();
    expect(other.received.map(({ headers }) => headers["webhook-id"])).toHaveLength(1);
    expect(receiver.received).toHaveLength(1);
    expect((await call("GET", "/v1/endpoints/mine")).body).toMatchObject({ health: { failingSince: null } });
    other.behave(answer(204));
    await site.passUntilDelivered(5 * SECOND_MS);
    const after = EndpointResource.parse((await call("GET", "/v1/endpoints/mine")).body);
    expect(after).toMatchObject({ pendingAddress: null, health: { lastTest: { result: "delivered" } } });
    await world.record("afterwards");
    await world.deliverAll();
    expect(receiver.received).toHaveLength(1);
    expect(other.received).toHaveLength(3);
  });

  test("moves with its own header fields only when they are named again: their values are nobody else's", async () => {
    await makeEndpoint({ id: "mine", headers: { "x-key": "planted" } });
    expect((await call("PATCH", "/v1/endpoints/mine", { url: other.url })).status).toBe(400);
    await world.deliverAll();
    expect(other.received).toHaveLength(0);
    expect((await call("PATCH", "/v1/endpoints/mine", { url: other.url, headers: {} })).status).toBe(200);
    await world.deliverAll();
    expect(other.received[0]?.headers["x-key"]).toBeUndefined();
  });

  test("a new address that answers 410 is given up, and the old one stays in use", async () => {
    await makeEndpoint({ id: "mine" });
    other.behave(answer(410));
    await call("PATCH", "/v1/endpoints/mine", { url: other.url });
    await world.deliverAll();
    expect((await call("GET", "/v1/endpoints/mine")).body).toMatchObject({ state: "active", health: { dead: 1 } });
    await world.record("one");
    await world.deliverAll();
    expect(receiver.received.length).toBeGreaterThan(0);
  });

  test("a new address that was withdrawn is not adopted by a late answer", async () => {
    await makeEndpoint({ id: "mine", events: ["incident.opened"] });
    let release = (): void => undefined;
    other.behave((response) => {
      release = () => response.writeHead(200).end();
    });
    await call("PATCH", "/v1/endpoints/mine", { url: other.url });
    await world.dispatcher.dispatchDue();
    await vi.waitFor(() => expect(other.received).toHaveLength(1), 10_000);
    expect((await call("PATCH", "/v1/endpoints/mine", { url: receiver.url })).body).toMatchObject({
      pendingAddress: null,
    });
    release();
    await world.dispatcher.settled();
    await world.record("one");
    await world.deliverAll();
    expect(receiver.received).toHaveLength(1);
  });

  test("a disabled, ordered endpoint can prove a new address before what waits for the old one", async () => {
    await makeEndpoint({ id: "mine", isOrdered: true, maxPerSecond: 1 });
    receiver.behave(answer(410));
    await world.record("one");
    await world.record("two");
    await world.deliverAll();
    expect((await call("GET", "/v1/endpoints/mine")).body).toMatchObject({ state: "disabled" });
    await call("PATCH", "/v1/endpoints/mine", { url: other.url });
    await site.passUntilDelivered(2 * SECOND_MS);
    expect((await call("GET", "/v1/endpoints/mine")).body).toMatchObject({ state: "disabled", pendingAddress: null });
    await call("POST", "/v1/endpoints/mine/enable");
    await site.passUntilDelivered(2 * SECOND_MS);
    expect(other.received.map(({ body }) => (JSON.parse(body.toString()) as { type: string }).type)).toEqual([
      "endpoint.test",
      "incident.opened",
    ]);
  });

  test("signs with the old secret too until its grace is over", async () => {
    const made = await makeEndpoint({ id: "mine" });
    const rotated = await call<NewEndpointResource>("POST", "/v1/endpoints/mine/rotate-secret", {});
    expect(rotated.body.secrets).toEqual({ live: 2, oldUntil: new Date(START + DAY_MS).toISOString() });
    const verify = (secret: string): boolean => {
      const { headers, body } = receiver.received.at(-1) as Receiver["received"][number];
      return verifyStandardWebhook({ body, headers, secrets: [secret], nowMs: world.clock.now() });
    };
    await world.record("one");
    await world.deliverAll();
    expect([verify(made.secret), verify(rotated.body.secret)]).toEqual([true, true]);
    world.clock.jump(DAY_MS);
    await world.record("two");
    await world.deliverAll();
    expect([verify(made.secret), verify(rotated.body.secret)]).toEqual([false, true]);
  });

  test("that is removed is gone with what waits for it", async () => {
    await makeEndpoint({ id: "mine" });
    receiver.behave(answer(500));
    await world.record("one");
    await world.deliverAll();
    expect((await call("DELETE", "/v1/endpoints/mine")).status).toBe(204);
    expect((await call("GET", "/v1/endpoints/mine")).status).toBe(404);
    expect((await world.deliveries()).map(({ state }) => state)).toEqual(["canceled"]);
    expect((await call("POST", "/v1/endpoints", { id: "mine", url: receiver.url })).status).toBe(409);
    const [delivery] = await world.deliveries();
    expect((await call("POST", `/v1/deliveries/${delivery?.id}/replay`)).status).toBe(409);
  });

  test("of the file is changed in the file, and can be tested, disabled and enabled", async () => {
    for (const [method, path, body] of [
      ["PATCH", "/v1/endpoints/of-the-file", { timeout: "1s" }],
      ["DELETE", "/v1/endpoints/of-the-file", undefined],
      ["POST", "/v1/endpoints/of-the-file/rotate-secret", {}],
    ] as const) {
      const refused = await call(method, path, body);
      expect(refused.status).toBe(409);
      expect(refused.body.detail).toMatch(/configuration file/);
    }
    const test = await call("POST", "/v1/endpoints/of-the-file/test");
    expect(test.status).toBe(202);
    expect(DeliveryResource.parse(test.body)).toMatchObject({ eventType: "endpoint.test", state: "pending" });
    await world.deliverAll();
    expect(other.received).toHaveLength(1);
    expect((await call("POST", "/v1/endpoints/of-the-file/disable", { reason: "moving" })).body).toMatchObject({
      state: "disabled",
      disabledReason: "disabled by hand: moving",
    });
    expect((await call("POST", "/v1/endpoints/of-the-file/test")).status).toBe(409);
    expect((await call("POST", "/v1/endpoints/of-the-file/enable")).body).toMatchObject({ state: "active" });
  });

  test("stays when the file is applied again", async () => {
    await makeEndpoint({ id: "mine" });
    await world.apply([]);
    expect((await call<{ data: { id: string }[] }>("GET", "/v1/endpoints")).body.data.map(({ id }) => id)).toEqual([
      "mine",
    ]);
  });

  test("that got nothing for a day is pinged, once, and the result is shown", async () => {
    await makeEndpoint({ id: "mine" });
    world.clock.jump(DAY_MS + MINUTE_MS);
    await world.dispatcher.sweep();
    await world.dispatcher.sweep();
    await world.deliverAll();
    expect(receiver.received).toHaveLength(1);
    expect((await call("GET", "/v1/endpoints/mine")).body).toMatchObject({
      health: { lastTest: { result: "delivered", error: null } },
    });
    world.clock.jump(12 * HOUR_MS);
    await world.dispatcher.sweep();
    await world.deliverAll();
    expect(receiver.received).toHaveLength(1);
  });
});
