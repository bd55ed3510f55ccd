import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readAlert } from "#db/queries/alert-facts.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { alertResource } from "#lib/contracts/alert-resource.ts";
import { EVENT_DATA } from "#lib/contracts/events.ts";
import { ALERT_EXAMPLE } from "#lib/contracts/examples.ts";
import type { ReconciliationResource } from "#lib/contracts/reconciliation.ts";
import { durationMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";
import { acquireLease, releaseLease } from "#lib/engine/lease.ts";
import { reconcileOnce } from "#lib/engine/reconcile/reconcile.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { runCli } from "#test/support/run-cli.ts";
import { sampleConfig } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

type Known = { labels: Record<string, string>; startsAt: string; endsAt: string };
let db: TestDatabase;
let server: Server;
/** What the Alertmanager knows, by the id of our alert. */
const known = new Map<string, Known>();
let posts = 0;
let isBroken = false;
const key = randomBytes(32);
const secretBox = createSecretBox(key);

beforeAll(async () => {
  db = await testDatabase();
  server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => void chunks.push(chunk));
    req.on("end", () => {
      if (isBroken) return void res.writeHead(400).end("no");
      if (req.method === "POST") {
        posts += 1;
        for (const alert of JSON.parse(Buffer.concat(chunks).toString("utf8")) as Known[])
          known.set(alert.labels.nines_id ?? "", alert);
        return void res.writeHead(200).end();
      }
      const live = [...known.values()].filter(({ endsAt }) => Date.parse(endsAt) > Date.now());
      res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(live));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = sampleConfig();
  const [hook] = config.notifications;
  if (hook === undefined) throw new Error("the sample has no webhook");
  const receivers = [
    { ...hook, id: "hook", url: "https://hooks.example.org/", events: ["*"] },
    {
      id: "am",
      type: "alertmanager" as const,
      url,
      secret: "",
      events: ["alert.firing", "alert.resolved"],
      timeoutMs: durationMs(5_000),
    },
  ];
  const slos = config.services.flatMap((service) => service.slos).map((slo) => ({ ...slo, alerts: [] }));
  expect(slos.length).toBeGreaterThan(0);
  const before = systemClock.now() - 10 * 24 * HOUR_MS;
  await db.database.transaction(async (tx) => {
    await applyConfig(tx, {
      config: { ...config, egress: { allow: ["127.0.0.0/8"] }, notifications: receivers },
      now: systemClock.now(),
      secretBox,
    });
    await tx`update endpoints set created_at = ${new Date(before)}, updated_at = ${new Date(before)}`;
  });
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await db.drop();
});

const anHourAgo = (): Date => new Date(systemClock.now() - HOUR_MS);
const reading = (): string => {
  const { evaluatedAt, objective, window, windows, budget, probes, locations } = ALERT_EXAMPLE;
  const stored = ({ budgetSpentRatio: _spent, ...rest }: typeof windows.long) => rest;
  return JSON.stringify({
    evaluatedAt,
    objective,
    window,
    windows: { long: stored(windows.long), short: stored(windows.short) },
    budget,
    probes,
    locations,
  });
};
const storeAlert = (id: string, pair: string) =>
  db.database.transaction(async (tx) => {
    await tx`
      insert into alerts (id, slo_id, pair_id, number, severity, state, fired_at, firing_reading, updated_at)
      values (${id}, 'shop-availability', ${pair}, 1, 'page', 'firing', ${anHourAgo()}, ${reading()}::text::jsonb, ${anHourAgo()})`;
  });
const reconcile = async (): Promise<ReconciliationResource> => {
  const deps = { clock: systemClock, log: silentLogger, random: Math.random };
  const signal = new AbortController().signal;
  const round = await reconcileOnce({ database: db.database, holder: "test", deps, secretBox, signal });
  if (round === null) throw new Error("another one reconciles");
  return EVENT_DATA["reconciliation.mismatch"].parse(round);
};
const summary = ({ findings }: ReconciliationResource) =>
  findings.map(({ kind, count, repaired }) => [kind, count, repaired]);
const deliveriesOf = (type: string) =>
  db.database.read(async (sql) => {
    const rows = await sql<{ count: number }[]>`
      select count(*)::int as count from deliveries d join events e on e.id = d.event_id where e.type = ${type}`;
    return rows[0]?.count;
  });

test("a firing alert without its event is told of, once, however often one reconciles", async () => {
  expect(summary(await reconcile())).toEqual([]);
  await storeAlert("alt_lost", "page_1h_5m");
  expect(summary(await reconcile())).toEqual([["alert_without_event", 1, 1]]);
  expect(summary(await reconcile())).toEqual([]);
  expect(await deliveriesOf("alert.firing")).toBe(2);
  expect(await deliveriesOf("reconciliation.mismatch")).toBe(0);
});

test("an event that nobody was told of goes to those who wanted it then, and to nobody who came later or to whom it was muted", async () => {
  await storeAlert("alt_muted", "ticket_3d_6h");
  await db.database.transaction(async (tx) => {
    await tx`update alerts set silenced_by = '{sil_1}' where id = 'alt_muted'`;
    const facts = await readAlert(tx, "alt_muted");
    if (facts === null) throw new Error("the alert is gone");
    const alert = alertResource(facts, { isPublic: false });
    const common = { occurredAt: systemClock.now(), now: systemClock.now(), notify: [] };
    await recordEvent(tx, {
      ...common,
      type: "alert.firing",
      subject: alert.id,
      dedupKey: "alert:shop-availability:ticket_3d_6h:1:firing",
      data: alert,
    });
    await recordEvent(tx, {
      ...common,
      type: "delivery.dead",
      subject: "dlv_x",
      dedupKey: "delivery.dead:dlv_x:1",
      data: { id: "dlv_x" },
    });
    await tx`alter table events disable trigger events_are_immutable`;
    await tx`update events set created_at = ${anHourAgo()} where dedup_key like 'delivery.dead%' or subject = 'alt_muted'`;
    await tx`alter table events enable trigger events_are_immutable`;
    // It may have wanted other events an hour ago.
    await tx`update endpoints set updated_at = now() where id = 'am'`;
  });
  expect(summary(await reconcile())).toEqual([["event_without_delivery", 1, 1]]);
  expect(summary(await reconcile())).toEqual([]);
  expect(await deliveriesOf("delivery.dead")).toBe(1);
  expect(await deliveriesOf("alert.firing")).toBe(2);
});

test("attempts that nobody will finish are closed as abandoned; those under way are not", async () => {
  await db.database.transaction(async (tx) => {
    const rows = await tx<{ id: string }[]>`select id from deliveries order by id limit 2`;
    const [old, young] = rows.map(({ id }) => id);
    await tx`insert into attempts (delivery_id, number, started_at) values (${old ?? ""}, 1, ${anHourAgo()}), (${young ?? ""}, 1, now())`;
  });
  expect(summary(await reconcile())).toEqual([["attempt_without_outcome", 1, 1]]);
  const open = await db.database.read(
    (sql) => sql<{ open: number }[]>`select count(*)::int as open from attempts where finished_at is null`,
  );
  expect(open[0]?.open).toBe(1);
});

test("what cannot be mended is told of by one event a day, and counted in full", async () => {
  await db.database.transaction(async (tx) => {
    await tx`update deliveries set first_due_at = now() - interval '80 hours' where id = (select min(id) from deliveries where state = 'pending')`;
    await tx`update endpoints set last_sequence = last_sequence + 2 where id = 'hook'`;
  });
  const expected = [
    ["missing_delivery", 1, 0],
    ["delivery_overdue", 1, 0],
  ];
  const first = await reconcile();
  expect(summary(first)).toEqual(expected);
  expect(first.findings[0]?.examples).toEqual(["hook: 2"]);
  expect(summary(await reconcile())).toEqual(expected);
  expect(await deliveriesOf("reconciliation.mismatch")).toBe(1);
  await db.database.transaction(async (tx) => {
    await tx`update deliveries set first_due_at = now() where state = 'pending'`;
    await tx`update endpoints set last_sequence = (select max(sequence) from deliveries where endpoint_id = 'hook') where id = 'hook'`;
  });
});

test("an Alertmanager that forgot an alert gets it again, one that keeps what is over is told so, and both once", async () => {
  // The hole that the test before made is filled as far as the numbers go; what it told is not looked at any more.
  await db.database.transaction((tx) => tx`update deliveries set created_at = now() - interval '2 days'`);
  await db.database.transaction(
    (tx) => tx`
    update deliveries set state = 'delivered', finished_at = now() where endpoint_id = 'am' and state = 'pending'`,
  );
  await db.database.transaction(
    (tx) => tx`
    insert into attempts (delivery_id, number, started_at, finished_at, outcome)
    select id, 1, now(), now(), 'accepted' from deliveries where endpoint_id = 'am' on conflict do nothing`,
  );
  expect(summary(await reconcile())).toEqual([["alertmanager_state", 1, 1]]);
  const mine = known.get("alt_lost");
  expect(mine?.labels).toMatchObject({ alertname: "NinesAlert", nines_id: "alt_lost", severity: "critical" });
  expect(summary(await reconcile())).toEqual([]);
  expect(posts).toBe(1);
  // It would end by itself tomorrow: moved on without a word.
  known.set("alt_lost", { ...(mine as Known), endsAt: new Date(Date.now() + 24 * HOUR_MS).toISOString() });
  expect(summary(await reconcile())).toEqual([]);
  expect(posts).toBe(2);
  expect(Date.parse(known.get("alt_lost")?.endsAt ?? "")).toBeGreaterThan(Date.now() + 6 * 24 * HOUR_MS);
  await db.database.transaction(async (tx) => {
    await tx`
      update alerts set state = 'resolved', resolved_at = now() - interval '1 minute', resolve_reason = 'recovered', resolved_reading = firing_reading
       where id = 'alt_lost'`;
    await tx`
      insert into events (id, type, subject, dedup_key, data, occurred_at)
      values ('evt_over', 'alert.resolved', 'alt_lost', 'alert:shop-availability:page_1h_5m:1:resolved', '{}', now())`;
  });
  expect(summary(await reconcile())).toEqual([["alertmanager_state", 1, 1]]);
  expect(Date.parse(known.get("alt_lost")?.endsAt ?? "")).toBeLessThan(Date.now());
  expect(summary(await reconcile())).toEqual([]);
  isBroken = true;
  expect(summary(await reconcile())).toEqual([["alertmanager_unreachable", 1, 0]]);
  isBroken = false;
});

test("`nines reconcile` does the same by hand, and one at a time", async () => {
  const env = { DATABASE_URL: db.url, NINES_SECRET_KEY: key.toString("base64") };
  const run = (...args: string[]) => runCli(["reconcile", ...args], env);
  expect(await run()).toMatchObject({ code: 0, out: "everything agrees\n" });
  const { code, out } = await run("--json");
  expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ ok: true, findings: [] })]);
  const lease = await acquireLease(db.database, { name: "reconcile", holder: "other", ttlMs: MINUTE_MS });
  expect(await run()).toMatchObject({ code: 1, err: expect.stringContaining("CONFLICT") as unknown });
  if (lease !== null) await releaseLease(db.database, lease);
  expect(await run("--wrong")).toMatchObject({ code: 2 });
});
