import { randomBytes, randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Database, Tx } from "#db/database.ts";
import { acknowledgeAlert, unacknowledgeAlert } from "#lib/commands/alerts/acknowledge-alert.ts";
import { createSilence, expireSilence } from "#lib/commands/silences/silence-alerts.ts";
import { EVENT_DATA } from "#lib/contracts/events.ts";
import type { SilenceMatchers } from "#lib/core/alerting/suppression.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { settleAlerts } from "#lib/engine/alerts/settle-alerts.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { getAlert, listAlerts } from "#lib/read/alerts.ts";
import type { FakeClock } from "#test/support/fake-clock.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import {
  at,
  configure,
  createSloLoop,
  ingestSpan,
  lead,
  probeDefinition,
  readEvents,
  sloDefinition,
} from "./slo-world.ts";

let world: TestDatabase;
let database: Database;
let lease: Lease;
let clock: FakeClock;
let loop: ReturnType<typeof createSloLoop>;

beforeEach(async () => {
  world = await testDatabase();
  database = world.database;
  lease = await lead(database);
  clock = createFakeClock(at(0));
  loop = createSloLoop(database, clock);
  await database.transaction(
    (tx) => tx`
      insert into endpoints (id, type, url_ciphertext, secret_ciphertext, events, timeout_ms, state)
      values ('oncall', 'webhook', ${randomUUID()}, ${randomUUID()}, ${["*"]}, 10000, 'active')`,
  );
});
afterEach(() => world.drop());

/** Works everything off as the engine does: minutes, then who is told. */
const settleAt = async (minutes: number): Promise<void> => {
  await clock.advance(at(minutes, 10_000) - clock.now());
  for (let round = 0; round < 30; round += 1) if (!(await loop.runSloOnce(lease)).hasMore) break;
  await settleAlerts({ database, lease, now: clock.now() });
};
const write = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.transaction(work);
const told = (): Promise<string[]> =>
  database.read((db) =>
    db<{ key: string }[]>`
      select e.dedup_key as key from deliveries d join events e on e.id = d.event_id
       where e.type like 'alert.%' or e.type = 'prober.blind' order by d.sequence`.then((rows) =>
      rows.map(({ key }) => key.replace("alert:shop-availability:", "")),
    ),
  );
const firing = async () =>
  (await listAlerts(database, { limit: 100, state: "firing", severity: null, sloId: null, serviceId: null })).data;
const page = async () => {
  const found = (await firing()).find(({ pair, serviceId }) => pair === "page_1h_5m" && serviceId === "shop");
  if (found === undefined) throw new Error("no page fires");
  return found;
};
const silenceFor = (matchers: Partial<SilenceMatchers>, startsAt: EpochMs, endsAt: EpochMs) =>
  write((tx) =>
    createSilence(tx, {
      ...{ serviceIds: [], sloIds: [], pairs: [], severities: [] },
      ...matchers,
      startsAt,
      endsAt,
      ...{ author: "Ada", comment: "known", actor: "cli" },
      now: clock.now(),
      randomBytes,
    }),
  );
/** An outage from minute 120 on that is seen at 130. */
const fail = async (until = 130): Promise<void> => {
  await ingestSpan(database, 0, 120, "ok");
  await ingestSpan(database, 120, until, "timeout");
  await settleAt(until);
};

describe("silences", () => {
  test("a silenced alert is recorded and says why; nobody is told until the silence ends, then everybody is", async () => {
    await configure(database);
    const silence = await silenceFor({ serviceIds: ["shop"] }, at(0), at(140));
    await fail();
    expect((await readEvents(database)).filter(({ type }) => type === "alert.firing")).toHaveLength(4);
    expect(await told()).toEqual([]);
    expect(await page()).toMatchObject({ silencedBy: [silence.id], state: "firing" });
    await ingestSpan(database, 130, 140, "timeout");
    await settleAt(140);
    expect(await told()).toEqual(["page_1h_5m:1:firing", "page_6h_30m:1:firing"]);
    expect((await page()).silencedBy).toEqual([]);
    expect(await settleAlerts({ database, lease, now: clock.now() })).toBe(0);
  });

  test("one that is ended by hand releases at once; what ended within it is never told of", async () => {
    await configure(database);
    const silence = await silenceFor({ severities: ["page", "ticket"] }, at(0), at(10_000));
    await fail();
    await ingestSpan(database, 130, 160, "ok");
    await settleAt(160);
    expect(await told()).toEqual([]);
    await ingestSpan(database, 160, 165, "timeout");
    await settleAt(165);
    expect(await told()).toEqual([]);
    await write((tx) => expireSilence(tx, { id: silence.id, actor: "cli", now: clock.now() }));
    await settleAlerts({ database, lease, now: clock.now() });
    const keys = await told();
    expect(keys).toContain("page_1h_5m:2:firing");
    expect(keys.filter((key) => key.startsWith("page_1h_5m:1"))).toEqual([]);
  });

  test("one that begins while an alert fires changes nothing for those who were told: they hear of its end", async () => {
    await configure(database);
    await fail();
    await silenceFor({ sloIds: ["shop-availability"] }, clock.now(), at(1_000));
    await settleAlerts({ database, lease, now: clock.now() });
    expect((await page()).silencedBy).toHaveLength(1);
    await ingestSpan(database, 130, 160, "ok");
    await settleAt(160);
    expect(await told()).toContain("page_1h_5m:1:resolved");
  });

  test("who made and ended it is in the audit log, and events tell of it", async () => {
    await configure(database);
    const { id } = await silenceFor({ serviceIds: ["shop"] }, at(0), at(60));
    await write((tx) => expireSilence(tx, { id, actor: "cli", now: at(1) }));
    await write((tx) => expireSilence(tx, { id, actor: "cli", now: at(2) }));
    const audit = await database.read(
      (db) => db<{ action: string }[]>`select action from audit_log where subject = ${id}`,
    );
    expect(audit.map(({ action }) => action)).toEqual(["silence.created", "silence.expired"]);
    const events = (await readEvents(database)).filter(({ subject }) => subject === id);
    expect(events.map(({ type, data }) => [type, EVENT_DATA["silence.created"].parse(JSON.parse(data)).state])).toEqual(
      [
        ["silence.created", "active"],
        ["silence.expired", "expired"],
      ],
    );
  });

  test.each([
    { name: "nothing to match", matchers: {}, span: [0, 60], message: /needs something to match/ },
    {
      name: "a service that is not there",
      matchers: { serviceIds: ["shopp"] },
      span: [0, 60],
      message: /did you mean "shop"/,
    },
    {
      name: "an end before its start",
      matchers: { serviceIds: ["shop"] },
      span: [60, 30],
      message: /before it starts/,
    },
    { name: "an end in the past", matchers: { serviceIds: ["shop"] }, span: [-60, 0], message: /over already/ },
    { name: "a year", matchers: { serviceIds: ["shop"] }, span: [0, 525_600], message: /90 days/ },
  ])("$name is refused", async ({ matchers, span, message }) => {
    await configure(database);
    await expect(silenceFor(matchers, at(span[0] as number), at(span[1] as number))).rejects.toThrow(message);
  });
});

describe("dependencies", () => {
  const DB_PROBE = probeDefinition({ id: "db" });
  /** The shop depends on `db`, a service with a probe and an SLO of its own. */
  const configureBoth = async (): Promise<void> => {
    await configure(database);
    const slo = sloDefinition({ id: "db-availability", probes: ["db"] });
    await write(async (tx) => {
      await tx`insert into services (id, name, position) values ('db', 'Database', 1)`;
      await tx`update services set depends_on = array['db'] where id = 'shop'`;
      const text = JSON.stringify(DB_PROBE);
      await tx`insert into probes (id, service_id, position, version, definition) values ('db', 'db', 1, 1, ${text}::text::jsonb)`;
      await tx`insert into probe_versions (probe_no, version, definition, active_from)
               select no, 1, definition, ${new Date(at(0))} from probes where id = 'db'`;
      const sloText = JSON.stringify(slo);
      await tx`insert into slos (id, service_id, position, version, definition) values (${slo.id}, 'db', 1, 1, ${sloText}::text::jsonb)`;
      await tx`insert into slo_versions (slo_id, version, definition, active_from) values (${slo.id}, 1, ${sloText}::text::jsonb, ${new Date(at(0))})`;
      await tx`insert into config_versions (sha256, document, applied_at) values (${"1".repeat(64)}, '{}', now())`;
    });
  };
  const runBoth = async (from: number, until: number, shop: "ok" | "timeout", db: "ok" | "timeout"): Promise<void> => {
    await ingestSpan(database, from, until, shop);
    await ingestSpan(database, from, until, db, DB_PROBE);
  };

  test("what fails with what it depends on, in the same minute, is not told of and says so, until that is over", async () => {
    await configureBoth();
    await runBoth(0, 120, "ok", "ok");
    await runBoth(120, 130, "timeout", "timeout");
    await settleAt(130);
    expect((await told()).every((key) => key.startsWith("alert:db-availability:page"))).toBe(true);
    const below = (await firing()).filter(({ serviceId, severity }) => serviceId === "db" && severity === "page");
    expect((await page()).inhibitedBy).toEqual(below.map(({ id }) => id).sort());
    const event = (await readEvents(database)).find(({ key }) => key === "alert:shop-availability:page_1h_5m:1:firing");
    expect(EVENT_DATA["alert.firing"].parse(JSON.parse(event?.data ?? "")).inhibitedBy).toHaveLength(2);
    await runBoth(130, 500, "timeout", "ok");
    await settleAt(500);
    expect(await told()).toContain("page_1h_5m:1:firing");
    expect((await page()).inhibitedBy).toEqual([]);
  });

  test("what fails alone is told of, and nothing above inhibits what is below", async () => {
    await configureBoth();
    await runBoth(0, 120, "ok", "ok");
    await runBoth(120, 130, "timeout", "ok");
    await settleAt(130);
    expect(await told()).toContain("page_1h_5m:1:firing");
    await runBoth(130, 140, "timeout", "timeout");
    await settleAt(140);
    expect(await told()).toContain("alert:db-availability:page_1h_5m:1:firing");
  });
});

describe("acknowledgements", () => {
  const acknowledge = async (changes: { expiresAt?: EpochMs; note?: string } = {}) => {
    const { id } = await page();
    const { expiresAt = null, note = null } = changes;
    const args = { alertId: id, author: "Ada", note, expiresAt, actor: "cli", now: clock.now(), randomBytes };
    return write((tx) => acknowledgeAlert(tx, args));
  };

  test("one says who looks after it, is told of, and can be taken over and back", async () => {
    await configure(database);
    await fail();
    const first = await acknowledge({ note: "looking" });
    expect(first.acknowledgement).toMatchObject({ author: "Ada", note: "looking", expiresAt: null });
    const second = await acknowledge({ note: "still looking" });
    expect(second.acknowledgement?.id).not.toBe(first.acknowledgement?.id);
    expect((await getAlert(database, first.id)).acknowledgement).toMatchObject({ author: null, note: null });
    const back = await write((tx) => unacknowledgeAlert(tx, { alertId: first.id, actor: "cli", now: clock.now() }));
    expect(back.acknowledgement).toBeNull();
    const events = (await readEvents(database)).filter(({ type }) => type.includes("acknowledged"));
    expect(events.map(({ type }) => type)).toEqual([
      "alert.acknowledged",
      "alert.acknowledged",
      "alert.unacknowledged",
    ]);
    for (const { data } of events) EVENT_DATA["alert.acknowledged"].parse(JSON.parse(data));
    await expect(
      write((tx) => unacknowledgeAlert(tx, { alertId: first.id, actor: "cli", now: clock.now() })),
    ).rejects.toThrow(/CONFLICT/);
  });

  test("one whose time is over ends by itself, while the alert still fires", async () => {
    await configure(database);
    await fail();
    const { id } = await acknowledge({ expiresAt: at(135) });
    await ingestSpan(database, 130, 135, "timeout");
    await settleAt(135);
    expect((await getAlert(database, id)).acknowledgement).toBeNull();
    expect((await readEvents(database)).filter(({ type }) => type === "alert.unacknowledged")).toHaveLength(1);
  });

  test("an alert that is over, or that never was, cannot be acknowledged", async () => {
    await configure(database);
    await fail();
    const { id } = await page();
    await ingestSpan(database, 130, 160, "ok");
    await settleAt(160);
    const args = { author: "Ada", note: null, expiresAt: null, actor: "cli", now: clock.now(), randomBytes };
    await expect(write((tx) => acknowledgeAlert(tx, { ...args, alertId: id }))).rejects.toThrow(/CONFLICT/);
    await expect(write((tx) => acknowledgeAlert(tx, { ...args, alertId: "alt_x" }))).rejects.toThrow(/NOT_FOUND/);
  });
});

test("a firing alert without data stays, and on-call is told once", async () => {
  await configure(database);
  await fail();
  await settleAt(140);
  await settleAt(150);
  expect(await page()).toMatchObject({ hasData: false, state: "firing" });
  const blind = (await readEvents(database)).filter(({ type }) => type === "prober.blind");
  const without = (await firing()).filter(({ hasData }) => !hasData).map(({ id }) => id);
  expect(blind.map(({ subject }) => subject).sort()).toEqual(without.sort());
  for (const { data } of blind)
    expect(EVENT_DATA["prober.blind"].parse(JSON.parse(data))).toMatchObject({ cause: "no_data" });
  expect((await told()).filter((key) => key.startsWith("prober.blind"))).toHaveLength(
    (await firing()).filter(({ hasData, severity }) => !hasData && severity === "page").length,
  );
});

test("the event of a transition is the resource that the API shows", async () => {
  await configure(database);
  await fail();
  for (const shown of await firing()) {
    const event = (await readEvents(database)).find(
      ({ subject, type }) => subject === shown.id && type === "alert.firing",
    );
    expect(JSON.parse(event?.data ?? "null")).toEqual(shown);
  }
});
