import { afterEach, describe, expect, test } from "vitest";
import { ALERT_EXAMPLE, RESOLVED_ALERT_EXAMPLE } from "#lib/contracts/examples.ts";
import type { EndpointDefinition } from "#lib/core/definitions.ts";
import { durationMs, SECOND_MS } from "#lib/core/units.ts";
import type { HostedService, Sent } from "#test/support/hosted-services.ts";
import { HOSTED } from "#test/support/hosted-services.ts";
import type { TestMailServer } from "#test/support/mail-server.ts";
import { headerOf, startMailServer } from "#test/support/mail-server.ts";
import { tellAlert } from "./channel-world.ts";
import type { Behaviour, Receiver } from "./deliver-receiver.ts";
import { answer, startReceiver } from "./deliver-receiver.ts";
import type { DeliverWorld } from "./deliver-world.ts";
import { deliverWorld } from "./deliver-world.ts";

const CANARY = "C4n4ryC4n4ry";
const ROUTING_KEY = "C4n4ryC4n4ryC4n4ryC4n4ryC4n4ry00";

let world: DeliverWorld;
const open: { readonly close: () => Promise<void> }[] = [];
afterEach(async () => {
  await world.dispatcher.settled();
  await world.drop();
  for (const server of open.splice(0)) await server.close();
});

type Kind = keyof typeof HOSTED;
type Host = {
  readonly receiver: Receiver;
  readonly complaints: string[];
  readonly bodies: () => Record<string, unknown>[];
};

/** A fake of a hosted service on the loopback. */
const host = async (service: HostedService): Promise<Host> => {
  const complaints: string[] = [];
  const receiver = await startReceiver((response, { body, headers, url }) => {
    const sent: Sent = { url, headers, body: body.toString("utf8") };
    const complaint = service.complaint(sent);
    if (complaint !== null) complaints.push(complaint);
    const said = complaint === null ? service.taken(sent) : service.refused(complaint);
    response.writeHead(said.status, said.headers).end(said.body);
  });
  open.push(receiver);
  const bodies = () =>
    receiver.received.map(({ body }) => JSON.parse(body.toString("utf8")) as Record<string, unknown>);
  return { receiver, complaints, bodies };
};

const endpointOf = (type: Kind, receiver: Receiver): EndpointDefinition => ({
  id: type,
  type,
  url: `${new URL(receiver.url).origin}/${type === "alertmanager" ? "" : `services/${CANARY}`}`,
  secret: type === "pagerduty" ? ROUTING_KEY : type === "ntfy" ? `tk_${CANARY}` : "",
  events: ["*"],
  timeoutMs: durationMs(600),
  headers: { "X-Own": `own-${CANARY}` },
});

/** A service that quotes everything it was sent. */
const echo =
  (status: number, more: Readonly<Record<string, string>> = {}): Behaviour =>
  (response, { url, headers, body }) => {
    const segment = url.split("/").at(-1);
    response.writeHead(status, more).end(JSON.stringify({ url, segment, headers, body: body.toString("utf8") }));
  };

const KINDS = Object.keys(HOSTED) as Kind[];

describe.each(KINDS)("%s", (type) => {
  test("takes the alert, its acknowledgement and its end, within what it publishes as its limits", async () => {
    const { receiver, complaints } = await host(HOSTED[type]);
    world = await deliverWorld([endpointOf(type, receiver)]);
    await tellAlert(world, "firing");
    await world.clock.advance(31 * SECOND_MS);
    await world.deliverAll();
    await tellAlert(world, "acknowledged");
    await tellAlert(world, "resolved");
    await world.clock.advance(31 * SECOND_MS);
    await world.deliverAll();
    expect(complaints.join()).toBe("");
    expect((await world.deliveries()).map(({ state }) => state)).toEqual(["delivered", "delivered", "delivered"]);
    expect(receiver.received.length).toBe(type === "alertmanager" ? 2 : 3);
    expect(receiver.received[0]?.headers["x-own"]).toBe(`own-${CANARY}`);
  });

  test("takes the longest names and texts that there may be", async () => {
    const { receiver, complaints } = await host(HOSTED[type]);
    world = await deliverWorld([endpointOf(type, receiver)]);
    const long = "<@everyone> *한글* & \u{1f525} ".repeat(900);
    const changes = {
      summary: long,
      links: { ...ALERT_EXAMPLE.links, runbook: `https://wiki.example.org/${"x".repeat(1_900)}` },
    };
    await tellAlert(world, "firing", { ...changes, probes: [long], locations: [long] });
    await world.clock.advance(31 * SECOND_MS);
    await world.deliverAll();
    expect(complaints.join()).toBe("");
    expect(receiver.received).toHaveLength(1);
  });
});

describe("what a service answers decides, and nothing that is kept holds a secret", () => {
  test.each([
    { name: "400", behaviour: echo(400), state: "dead" },
    { name: "404", behaviour: echo(404), state: "dead" },
    { name: "401", behaviour: echo(401), state: "pending" },
    { name: "429", behaviour: echo(429, { "retry-after": "120" }), state: "pending", dueMs: 120_000 },
    { name: "500", behaviour: echo(500), state: "pending", dueMs: 5_000 },
    { name: "no answer", behaviour: () => undefined, state: "pending" },
  ])("$name: $state", async ({ behaviour, state, dueMs = 0 }) => {
    const receiver = await startReceiver(behaviour);
    open.push(receiver);
    world = await deliverWorld(KINDS.map((type) => ({ ...endpointOf(type, receiver), events: ["alert.firing"] })));
    await tellAlert(world, "firing");
    await world.clock.advance(31 * SECOND_MS);
    await world.deliverAll();
    const rows = await world.deliveries();
    expect(rows.map((row) => `${row.endpoint} ${row.state}`)).toEqual(
      [...KINDS].sort().map((type) => `${type} ${state}`),
    );
    for (const { due } of rows) {
      if (dueMs > 0) expect(due.getTime() - world.clock.now()).toBeGreaterThanOrEqual(dueMs * 0.9);
    }
    const kept = await world.database.read(
      (sql) => sql`
        select (select json_agg(a) from attempts a)::text as attempts, (select json_agg(d) from deliveries d)::text as deliveries,
               (select json_agg(v) from events v)::text as events, (select json_agg(c) from config_versions c)::text as config,
               (select json_agg(e) from endpoints e)::text as endpoints`,
    );
    const text = `${JSON.stringify(kept)}${world.logged.join("")}`;
    const at = text.indexOf("C4n4ry");
    expect(at === -1 ? "" : text.slice(at - 100, at + 30)).toBe("");
  });
});

test("Discord's own wait is kept when it is longer than the ladder", async () => {
  const receiver = await startReceiver(answer(429, {}, '{"message":"slow down","retry_after":64.57,"global":false}'));
  open.push(receiver);
  world = await deliverWorld([endpointOf("discord", receiver)]);
  await tellAlert(world, "firing");
  await world.clock.advance(31 * SECOND_MS);
  await world.deliverAll();
  const [row] = await world.deliveries();
  expect((row?.due.getTime() ?? 0) - world.clock.now()).toBe(64_570);
});

test("the body of Alertmanager's webhook has its version 4", async () => {
  const receiver = await startReceiver(answer(200));
  open.push(receiver);
  const endpoint = endpointOf("alertmanager", receiver);
  world = await deliverWorld([{ ...endpoint, url: receiver.url, secret: CANARY, settings: { format: "webhook" } }]);
  await tellAlert(world, "firing");
  await tellAlert(world, "resolved");
  await world.deliverAll();
  const [fired, ended] = receiver.received.map(
    ({ body }) => JSON.parse(body.toString("utf8")) as Record<string, unknown>,
  );
  expect(receiver.received[0]).toMatchObject({
    url: new URL(receiver.url).pathname + new URL(receiver.url).search,
    headers: { authorization: `Bearer ${CANARY}` },
  });
  expect(fired).toMatchObject({
    version: "4",
    status: "firing",
    truncatedAlerts: 0,
    groupLabels: { nines_id: ALERT_EXAMPLE.id },
    alerts: [{ status: "firing", endsAt: "0001-01-01T00:00:00Z", startsAt: ALERT_EXAMPLE.firedAt }],
  });
  expect(ended).toMatchObject({ status: "resolved", alerts: [{ endsAt: RESOLVED_ALERT_EXAMPLE.resolvedAt }] });
  expect(ended?.groupKey).toBe(fired?.groupKey);
});

test("mails about one alert stand in one thread, in both forms, and a retry is the same mail", async () => {
  const mails: TestMailServer = await startMailServer({
    hideSTARTTLS: true,
    allowInsecureAuth: true,
    password: CANARY,
  });
  open.push(mails);
  const settings = {
    from: "Nines <nines@example.com>",
    to: ["oncall@example.com"],
    username: "nines",
    starttls: false,
  };
  world = await deliverWorld([
    {
      id: "mail",
      type: "email",
      url: `smtp://127.0.0.1:${mails.port}`,
      secret: CANARY,
      events: ["*"],
      timeoutMs: durationMs(3_000),
      settings,
    },
  ]);
  for (const what of ["firing", "acknowledged", "resolved"] as const) {
    await tellAlert(world, what);
    await world.clock.advance(31 * SECOND_MS);
    await world.deliverAll();
  }
  const sources = mails.received.map(({ source }) => source);
  expect(sources).toHaveLength(3);
  const ids = sources.map((source) => headerOf(source, "message-id"));
  expect(ids[0]).toBe(`<${ALERT_EXAMPLE.id}@example.com>`);
  expect(new Set(ids).size).toBe(3);
  expect(sources.map((source) => headerOf(source, "in-reply-to"))).toEqual([null, ids[0], ids[0]]);
  expect(sources.map((source) => headerOf(source, "references"))).toEqual([null, ids[0], ids[0]]);
  expect(headerOf(sources[0] ?? "", "subject")).toMatch(/^\[alert\]/);
  expect(sources[0]).toContain("text/plain");
  expect(sources[0]).toContain("text/html");
  const [row] = await world.database.read((sql) => sql`select json_agg(a)::text as attempts from attempts a`);
  expect(String(row?.attempts)).not.toContain(CANARY);
  expect(world.logged.join("")).not.toContain(CANARY);
});
