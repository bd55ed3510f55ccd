import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { durationMs } from "#lib/core/units.ts";
import { createHeartbeatJudge } from "#lib/engine/judge-heartbeats.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { acquireLease } from "#lib/engine/lease.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { sampleConfig, sampleService } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { waitFor } from "#test/support/wait-for.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";

const TOKEN = "canary-token-of-the-thread";
let db: TestDatabase;
let site: TestSite;
beforeEach(async () => {
  db = await testDatabase();
  const second = durationMs(1_000);
  const probe = {
    type: "heartbeat",
    id: "ticker",
    intervalMs: second,
    timeoutMs: second,
    locations: ["fra"],
    schedule: { kind: "interval", everyMs: second },
    graceMs: second,
    token: TOKEN,
  } as const;
  const config = sampleConfig({ services: [sampleService({ probes: [probe], slos: [] })] });
  const secretBox = createSecretBox(randomBytes(32));
  await db.database.transaction((tx) => applyConfig(tx, { config, now: systemClock.now(), secretBox }));
  site = await startTestSite({ database: db.database });
});
afterEach(async () => {
  await site.stop();
  await db.drop();
});

test("a push over HTTP becomes good runs, silence bad ones, and a reported failure shows at the next slot", async () => {
  const lease = (await acquireLease(db.database, { name: "engine", holder: "test", ttlMs: 60_000 })) as Lease;
  const judge = createHeartbeatJudge({ database: db.database, clock: systemClock, log: silentLogger });
  const push = async (status: string) => (await fetch(`${site.url}/api/push/${TOKEN}?status=${status}`)).status;
  /** Classes of all runs so far, the newest first. */
  const classes = async (): Promise<string[]> => {
    await judge.runOnce(lease);
    const rows = await db.database.read(
      (sql) => sql<{ class: string }[]>`select class from run_details order by scheduled_at desc`,
    );
    return rows.map((row) => row.class);
  };
  // Not "the newest is": the next slot is judged a second later, which a busy machine may do in the same round.
  const comes = (name: string) =>
    waitFor(name, async () => (await classes()).includes(name), { deadlineMs: 15_000, everyMs: 100 });
  await waitFor("the token to be known", async () => (await push("up")) === 200);
  await comes("ok");
  await waitFor("silence to be bad", async () => (await classes())[0] === "timeout", {
    deadlineMs: 15_000,
    everyMs: 100,
  });
  expect(await push("down")).toBe(200);
  await comes("bad_status");
});
