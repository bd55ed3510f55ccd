import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DeliveryDetailResource } from "#lib/contracts/deliveries.ts";
import { EventResource } from "#lib/contracts/event-log.ts";
import type { DeliveryResource } from "#lib/contracts/events.ts";
import { EVENT_DATA } from "#lib/contracts/events.ts";
import { HOUR_MS, SECOND_MS } from "#lib/core/units.ts";
import type { Receiver } from "./deliver-receiver.ts";
import { answer } from "./deliver-receiver.ts";
import type { EndpointSite } from "./endpoint-world.ts";
import { endpointWorld } from "./endpoint-world.ts";

let site: EndpointSite;
let world: EndpointSite["world"];
let receiver: Receiver;
let call: EndpointSite["call"];
let makeEndpoint: EndpointSite["makeEndpoint"];
beforeEach(async () => {
  site = await endpointWorld();
  ({ world, receiver, call, makeEndpoint } = site);
});
afterEach(() => site.stop());

describe("deliveries", () => {
  test("that ended are sent again under their id, with a window of their own", async () => {
    await makeEndpoint({ id: "mine", events: ["incident.opened"] });
    receiver.behave(answer(404, {}, "no such hook"));
    await world.record("one");
    await world.deliverAll();
    world.clock.jump(73 * HOUR_MS);
    await world.deliverAll();
    const dead = await call<{ data: DeliveryResource[] }>("GET", "/v1/deliveries?state=dead&endpoint=mine");
    expect(dead.body.data).toHaveLength(1);
    const id = dead.body.data[0]?.id as string;
    receiver.behave(answer(500));
    expect((await call("POST", `/v1/deliveries/${id}/replay`)).status).toBe(202);
    await world.deliverAll();
    expect((await world.deliveries())[0]?.due.getTime()).toBe(world.clock.now() + 5 * SECOND_MS);
    receiver.behave(answer(200));
    expect((await call("POST", `/v1/deliveries/${id}/replay`)).status).toBe(202);
    await world.deliverAll();
    const detail = DeliveryDetailResource.parse((await call("GET", `/v1/deliveries/${id}`)).body);
    expect(detail).toMatchObject({ state: "delivered", attemptsMade: 4 });
    expect(detail.attempts.map(({ httpStatus }) => httpStatus)).toEqual([404, 404, 500, 200]);
    expect(detail.attempts[0]?.response.excerpt).toBe("no such hook");
    expect(detail.attempts[0]?.request.body).toContain('"specversion":"1.0"');
    expect(detail.attempts[0]?.request.headers?.["webhook-signature"]).toBe("[redacted]");
    expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  });

  test("of a span of time are sent again together, in order", async () => {
    await makeEndpoint({ id: "mine", events: ["incident.opened"], maxInFlight: 1 });
    receiver.behave(answer(410));
    for (const key of ["a", "b", "c"]) {
      await world.record(key);
      await world.deliverAll();
      await call("POST", "/v1/endpoints/mine/enable");
      world.clock.jump(SECOND_MS);
    }
    receiver.behave(answer(200));
    const before = receiver.received.length;
    const span = {
      from: new Date(Date.now() - HOUR_MS).toISOString(),
      to: new Date(Date.now() + HOUR_MS).toISOString(),
    };
    const result = await call("POST", "/v1/endpoints/mine/replay", span);
    expect([result.status, result.body]).toEqual([202, { replayed: 3, hasMore: false }]);
    await world.deliverAll();
    const sequences = receiver.received
      .slice(before)
      .map(({ body }) => Number((JSON.parse(body.toString()) as { sequence: string }).sequence));
    expect(sequences).toEqual([1, 2, 3]);
    expect((await call("POST", "/v1/endpoints/mine/replay", span)).body).toEqual({ replayed: 0, hasMore: false });
  });

  test("are listed in pages, forth and back", async () => {
    await makeEndpoint({ id: "mine" });
    for (let count = 0; count < 5; count += 1) await world.record(`event ${count}`);
    type Page = { data: DeliveryResource[]; pagination: { nextCursor: string; prevCursor: string } };
    const first = (await call<Page>("GET", "/v1/deliveries?limit=2")).body;
    const second = (await call<Page>("GET", `/v1/deliveries?limit=2&after=${first.pagination.nextCursor}`)).body;
    const back = (await call<Page>("GET", `/v1/deliveries?limit=2&before=${second.pagination.prevCursor}`)).body;
    expect([...first.data, ...second.data].map(({ sequence }) => sequence)).toEqual(["5", "4", "3", "2"]);
    expect(back.data).toEqual(first.data);
    expect((await call("GET", "/v1/deliveries?state=lost")).status).toBe(400);
    expect((await call("GET", "/v1/deliveries/dlv_none")).status).toBe(404);
  });
});

describe("events", () => {
  type Page = { data: EventResource[]; pagination: { nextCursor: string | null; hasNextPage: boolean } };

  test("are read on from a cursor or from an id that came by webhook, and none is left out", async () => {
    const made = await makeEndpoint({ id: "mine", events: ["incident.opened"] });
    for (let count = 0; count < 3; count += 1) await world.record(`event ${count}`);
    await world.record("dead", "delivery.dead");
    const all = (await call<Page>("GET", "/v1/events?limit=2")).body;
    for (const event of all.data) EventResource.parse(event);
    expect(all.pagination.hasNextPage).toBe(true);
    const rest = (await call<Page>("GET", `/v1/events?after=${all.pagination.nextCursor}`)).body;
    expect([...all.data, ...rest.data].map(({ type }) => type)).toEqual([
      ...Array.from({ length: 3 }, () => "incident.opened"),
      "delivery.dead",
    ]);
    expect(rest.pagination.hasNextPage).toBe(false);
    const end = (await call<Page>("GET", `/v1/events?after=${rest.pagination.nextCursor}`)).body;
    expect([end.data, end.pagination.nextCursor]).toEqual([[], rest.pagination.nextCursor]);
    await world.record("later");
    expect((await call<Page>("GET", `/v1/events?after=${end.pagination.nextCursor}`)).body.data).toHaveLength(1);
    await world.deliverAll();
    const byWebhook = JSON.parse(receiver.received[0]?.body.toString() ?? "") as EventResource & { sequence: string };
    const { sequence, ...same } = byWebhook;
    expect(sequence).toBe("00000000000000000001");
    expect((await call("GET", `/v1/events/${byWebhook.id}`)).body).toEqual({
      ...same,
      source: "https://status.acme.example",
    });
    expect((await call<Page>("GET", `/v1/events?after=${byWebhook.id}`)).body.data).toHaveLength(4);
    const some = (await call<Page>("GET", "/v1/events?type=delivery.dead,alert.firing")).body;
    expect(some.data).toHaveLength(1);
    expect((await call("GET", "/v1/events?type=all")).status).toBe(400);
    expect((await call("GET", `/v1/events?after=${all.pagination.nextCursor}x`)).status).toBe(400);
    expect(made.id).toBe("mine");
  });

  test("that are recorded at once are seen in the order of their positions", async () => {
    let begun = 0;
    const seen: string[] = [];
    let cursor: string | null = null;
    const readOn = async (): Promise<void> => {
      const page: Page = (await call<Page>("GET", `/v1/events?limit=100${cursor === null ? "" : `&after=${cursor}`}`))
        .body;
      seen.push(...page.data.map(({ id }) => id));
      cursor = page.pagination.nextCursor;
    };
    const writers = Array.from({ length: 40 }, async () => {
      begun += 1;
      await world.record(`at once ${begun}`);
    });
    for (let round = 0; round < 10; round += 1) await readOn();
    await Promise.all(writers);
    await readOn();
    expect(new Set(seen).size).toBe(40);
    expect(seen).toHaveLength(40);
  });

  test("of tests carry the state of the endpoint", async () => {
    await makeEndpoint({ id: "mine" });
    await call("POST", "/v1/endpoints/mine/test");
    const { data } = (await call<Page>("GET", "/v1/events")).body;
    expect(EVENT_DATA["endpoint.test"].parse(data[0]?.data)).toMatchObject({ id: "mine", state: "active" });
  });
});
