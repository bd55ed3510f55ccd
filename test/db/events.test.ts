import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { epochMs } from "#lib/core/units.ts";
import { sampleConfig, sampleEndpoint } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

const NOW = epochMs(Date.UTC(2026, 10, 21, 12));
let db: TestDatabase;
beforeEach(async () => {
  db = await testDatabase();
  const notifications = [
    sampleEndpoint({ id: "all", events: ["*"] }),
    sampleEndpoint({ id: "incidents", events: ["incident.opened"] }),
    sampleEndpoint({ id: "alerts", events: ["alert.firing"] }),
  ];
  const secretBox = createSecretBox(randomBytes(32));
  await db.database.transaction((tx) =>
    applyConfig(tx, { config: sampleConfig({ notifications }), now: NOW, secretBox }),
  );
});
afterEach(() => db.drop());

const event = (dedupKey: string, notify: readonly string[] | null = null) =>
  ({
    type: "incident.opened",
    subject: "shop",
    dedupKey,
    data: { n: "1.10" },
    occurredAt: NOW,
    notify,
    now: NOW,
  }) as const;
const record = (dedupKey: string, notify: readonly string[] | null = null) =>
  db.database.transaction((tx) => recordEvent(tx, event(dedupKey, notify)));
const deliveries = () =>
  db.database.read(
    (sql) => sql<{ endpoint: string; sequence: number }[]>`
      select endpoint_id as endpoint, sequence::int as sequence from deliveries order by endpoint_id, sequence`,
  );

test("an event goes to the endpoints that subscribe to its type, each with its own count", async () => {
  await record("one");
  await record("two", ["incidents"]);
  await record("three", ["alerts"]);
  expect(await deliveries()).toEqual([
    { endpoint: "all", sequence: 1 },
    { endpoint: "incidents", sequence: 1 },
    { endpoint: "incidents", sequence: 2 },
  ]);
});

test("what happened once is recorded once", async () => {
  expect(await record("one")).not.toBeNull();
  expect(await record("one")).toBeNull();
  expect(await deliveries()).toHaveLength(2);
});

test("an event of a transaction that was rolled back does not exist and takes no number", async () => {
  const rolledBack = db.database.transaction(async (tx) => {
    await recordEvent(tx, event("one"));
    throw new Error("changed my mind");
  });
  await expect(rolledBack).rejects.toThrow("changed my mind");
  await record("two");
  expect(await deliveries()).toEqual([
    { endpoint: "all", sequence: 1 },
    { endpoint: "incidents", sequence: 1 },
  ]);
});

test("events are immutable", async () => {
  await record("one");
  await expect(db.database.transaction((tx) => tx`update events set subject = 'other'`)).rejects.toThrow("append-only");
});

test("a disabled endpoint gets nothing", async () => {
  await db.database.transaction(
    (tx) => tx`update endpoints set state = 'disabled', disabled_reason = 'test' where id = 'all'`,
  );
  await record("one");
  expect(await deliveries()).toEqual([{ endpoint: "incidents", sequence: 1 }]);
});

test("transactions that record several events at once wait for each other and number without holes", async () => {
  const several = (prefix: string) =>
    db.database.transaction(async (tx) => {
      await recordEvent(tx, event(`${prefix} 1`, prefix === "a" ? ["all"] : ["incidents"]));
      await recordEvent(tx, event(`${prefix} 2`, prefix === "a" ? ["incidents"] : ["all"]));
    });
  await Promise.all(["a", "b", "a2", "b2", "a3", "b3"].map((prefix) => several(prefix)));
  const found = await deliveries();
  const numbers = (endpoint: string) => found.filter((one) => one.endpoint === endpoint).map((one) => one.sequence);
  expect(numbers("all")).toEqual([1, 2, 3, 4, 5, 6]);
  expect(numbers("incidents")).toEqual([1, 2, 3, 4, 5, 6]);
});

test("a commit wakes dispatchers that listen", async () => {
  let wakes = 0;
  const stop = await db.database.listen("nines_delivery", () => {
    wakes += 1;
  });
  await expect
    .poll(async () => (await record(`event ${wakes} ${Math.random()}`), wakes), { timeout: 5_000 })
    .toBeGreaterThan(0);
  await stop();
});
