import { once } from "node:events";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { DeadManRow } from "#db/queries/dead-man.ts";
import { readDeadMan } from "#db/queries/dead-man.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import type { DeadManDefinition } from "#lib/core/definitions.ts";
import { addMs, durationMs, epochMs, MINUTE_MS } from "#lib/core/units.ts";
import { createBeat, nextBeatAt, runDeadMan } from "#lib/engine/alerts/dead-man.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { createLogger, silentLogger } from "#lib/runtime/logger.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { sampleConfig } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { waitFor } from "#test/support/wait-for.ts";

let db: TestDatabase;
let watcher: Server;
let port: number;
const heard: string[] = [];
let status = 200;
const secretBox = createSecretBox(new Uint8Array(32));

beforeAll(async () => {
  db = await testDatabase();
  watcher = createServer((req, res) => {
    heard.push(`${req.method ?? ""} ${req.url ?? ""}`);
    res.writeHead(status).end();
  });
  watcher.listen(0, "127.0.0.1");
  await once(watcher, "listening");
  port = (watcher.address() as AddressInfo).port;
});
afterAll(async () => {
  watcher.closeAllConnections();
  watcher.close();
  await db.drop();
});
beforeEach(() => {
  heard.length = 0;
  status = 200;
});

const definition = (path = "/secret-path"): DeadManDefinition => ({
  url: `http://127.0.0.1:${port}${path}`,
  method: "GET",
  intervalMs: durationMs(MINUTE_MS),
});
const apply = (deadMan: DeadManDefinition | null) =>
  db.database.transaction((tx) =>
    applyConfig(tx, {
      config: {
        ...sampleConfig(),
        egress: { allow: ["127.0.0.0/8"] },
        ...(deadMan === null ? {} : { deadMan }),
      },
      now: systemClock.now(),
      secretBox,
    }),
  );
/** Puts what the engine does at an instant. */
const pulseAt = (now: number, asOf = now) =>
  db.database.transaction(async (tx) => {
    const minute = new Date(Math.floor(now / MINUTE_MS) * MINUTE_MS);
    await tx`
      insert into snapshots (version, document, built_at) values (1, ${JSON.stringify({ dataAsOf: new Date(asOf).toISOString() })}::text::jsonb, now())
      on conflict (only_row) do update set document = excluded.document`;
    await tx`
      insert into rollup_progress (closed_until) values (${minute})
      on conflict (only_row) do update set closed_until = excluded.closed_until`;
  });
const row = async (): Promise<DeadManRow> => (await db.database.read(readDeadMan)) as DeadManRow;
const logged: string[] = [];
const destination = new PassThrough().on("data", (line: Buffer) => void logged.push(line.toString("utf8")));
const beatAt = (now: number) => {
  const clock = { ...systemClock, now: () => epochMs(now) };
  const log = createLogger({ service: "test", level: "debug", destination });
  const deps = { clock, log, random: () => 1 };
  return createBeat({ database: db.database, deps, secretBox, signal: new AbortController().signal });
};

test("the watcher's address is sealed, in no document and in no log line, and a change of it alone is applied", async () => {
  expect((await apply(definition("/old-path"))).changed).toBe(true);
  expect((await apply(definition("/old-path"))).changed).toBe(false);
  expect((await apply(definition())).changed).toBe(true);
  const stored = await db.database.read(
    (sql) => sql<{ text: string }[]>`
    select string_agg(document::text, '') || (select url_ciphertext from dead_man) as text from config_versions`,
  );
  expect(stored[0]?.text).not.toMatch(/path|127\.0\.0\.1:/);
  const now = systemClock.now();
  await pulseAt(now);
  expect(await beatAt(now)(await row())).toBe("sent");
  expect(heard).toEqual(["GET /secret-path"]);
  expect(logged.join("\n")).not.toContain("secret-path");
  expect(logged.join("\n")).toContain("called another system");
  expect((await apply(null)).changed).toBe(true);
  expect(await db.database.read(readDeadMan)).toBeNull();
});

test("nothing is sent while results are old, minutes are not closed or deliveries do not flow", async () => {
  await apply(definition());
  const now = systemClock.now();
  await pulseAt(now, now - 4 * MINUTE_MS);
  expect(await beatAt(now)(await row())).toBe("withheld");
  await pulseAt(now - 10 * MINUTE_MS, now);
  expect(await beatAt(now)(await row())).toBe("withheld");
  await pulseAt(now);
  const since = new Date(addMs(now, -3 * MINUTE_MS));
  await db.database.transaction(async (tx) => {
    await tx`insert into events (id, type, subject, dedup_key, data, occurred_at) values ('evt_1', 'alert.firing', 'x', 'x', '{}', now())`;
    await tx`
      insert into deliveries (id, event_id, endpoint_id, sequence, state, first_due_at, next_attempt_at)
      select 'dlv_1', 'evt_1', id, 1, 'pending', ${since}, ${since} from endpoints order by id limit 1`;
  });
  expect(await beatAt(now)(await row())).toBe("withheld");
  expect(heard).toEqual([]);
  // A receiver that is slow is no fault of ours as long as attempts are made.
  await db.database.transaction(
    (tx) => tx`insert into attempts (delivery_id, number, started_at) values ('dlv_1', 1, ${new Date(now)})`,
  );
  expect(await beatAt(now)(await row())).toBe("sent");
});

test("a watcher that refuses is a failure that is logged and stops nothing", async () => {
  await apply(definition());
  const now = systemClock.now();
  await pulseAt(now);
  status = 404;
  expect(await beatAt(now)(await row())).toBe("failed");
});

test("beats lie on the multiples of the interval, one each, and end with the leader", async () => {
  expect(nextBeatAt(epochMs(120_000), 60_000)).toBe(180_000);
  expect(nextBeatAt(epochMs(120_001), 60_000)).toBe(180_000);
  await apply(definition());
  await db.database.transaction(
    (tx) => tx`update deliveries set state = 'canceled', finished_at = now() where state = 'pending'`,
  );
  const start = Math.floor(systemClock.now() / MINUTE_MS) * MINUTE_MS + 20_000;
  const clock = createFakeClock(epochMs(start));
  const stopping = new AbortController();
  const deps = { clock, log: silentLogger, random: () => 1 };
  const done = runDeadMan({ database: db.database, deps, secretBox, signal: stopping.signal });
  for (let beats = 1; beats <= 3; beats += 1) {
    const at = Math.floor(start / MINUTE_MS) * MINUTE_MS + beats * MINUTE_MS;
    await pulseAt(at);
    while (clock.now() < at) {
      await clock.whenSleeping();
      await clock.advance(Math.min(5_000, at - clock.now()));
    }
    await waitFor(`beat ${beats}`, () => heard.length >= beats);
    expect(clock.now()).toBe(at);
  }
  stopping.abort();
  await done;
  expect(heard).toHaveLength(3);
});
