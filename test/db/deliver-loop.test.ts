import { randomBytes } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import type { EndpointDefinition } from "#lib/core/definitions.ts";
import { runDeliver } from "#lib/engine/deliver/loop.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { sampleConfig } from "#test/support/sample-config.ts";
import { startStopwatch } from "#test/support/stopwatch.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import type { Receiver } from "./deliver-receiver.ts";
import { answer, startReceiver } from "./deliver-receiver.ts";
import { endpoint } from "./deliver-world.ts";

let db: TestDatabase;
const receivers: Receiver[] = [];
const stop = new AbortController();
let done: Promise<void> = Promise.resolve();
afterEach(async () => {
  stop.abort();
  await done;
  await db.drop();
  await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
});

test("a committed event reaches a healthy endpoint in well under a second while another one hangs, and a stop is quick", async () => {
  const healthy = await startReceiver(answer(200));
  const hanging = await startReceiver(() => undefined);
  receivers.push(healthy, hanging);
  db = await testDatabase();
  const secretBox = createSecretBox(randomBytes(32));
  const notifications: EndpointDefinition[] = [
    endpoint("hanging", hanging.url, 30_000),
    endpoint("healthy", healthy.url),
  ];
  const config = sampleConfig({ notifications, egress: { allow: ["127.0.0.0/8"] } });
  await db.database.transaction((tx) => applyConfig(tx, { config, now: systemClock.now(), secretBox }));
  const { database } = db;
  done = runDeliver({
    database,
    secretBox,
    clock: systemClock,
    log: silentLogger,
    random: () => 1,
    signal: stop.signal,
  });
  const took: number[] = [];
  for (let index = 0; index < 20; index += 1) {
    const startedMs = performance.now();
    const now = systemClock.now();
    await database.transaction((tx) =>
      recordEvent(tx, {
        type: "incident.opened",
        subject: "shop",
        dedupKey: `${index}`,
        data: {},
        occurredAt: now,
        notify: null,
        now,
      }),
    );
    await expect.poll(() => healthy.received.length, { interval: 5, timeout: 5_000 }).toBe(index + 1);
    took.push(performance.now() - startedMs);
  }
  const sorted = took.sort((a, b) => a - b);
  expect(sorted[10]).toBeLessThan(1_000);
  expect(healthy.received[0]?.body.toString()).toContain('"source":"https://status.acme.example"');
  expect(hanging.received.length).toBe(8);
  const elapsedMs = startStopwatch();
  stop.abort();
  await done;
  expect(elapsedMs()).toBeLessThan(8_000);
  const states = await database.read(
    (sql) => sql<{ state: string }[]>`select distinct state from deliveries where endpoint_id = 'healthy'`,
  );
  expect(states).toEqual([{ state: "delivered" }]);
  const [row] = await database.read(
    (sql) => sql<{ open: number }[]>`select count(*)::int as open from attempts where finished_at is null`,
  );
  expect(row?.open).toBe(0);
});
