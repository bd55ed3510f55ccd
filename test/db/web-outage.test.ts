import { afterEach, expect, test } from "vitest";
import { openDatabase } from "#db/database.ts";
import { writeSnapshot } from "#db/queries/snapshots.ts";
import { epochMs } from "#lib/core/units.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { startTcpProxy } from "#test/faults/rig/tcp-proxy.ts";
import { calmDay } from "#test/support/sample-snapshot.ts";
import { startStopwatch } from "#test/support/stopwatch.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { waitFor } from "#test/support/wait-for.ts";
import { startTestSite } from "#test/support/web-site.ts";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

test("while the database hangs, every page request succeeds and its age is told; readiness says so within 5 s and recovers", async () => {
  const db = await testDatabase();
  cleanUps.push(db.drop);
  const direct = new URL(db.url);
  const proxy = await startTcpProxy({ host: "127.0.0.1", port: Number(direct.port) }, () => 1);
  cleanUps.push(proxy.stop);
  const throughProxy = new URL(db.url);
  throughProxy.port = String(proxy.port);
  const database = openDatabase({ url: throughProxy.href, applicationName: "web-outage" });
  cleanUps.push(database.close);
  let aheadMs = 0;
  const clock = { ...systemClock, now: () => epochMs(systemClock.now() + aheadMs) };
  const publish = (version: number): Promise<void> => {
    const built = new Date(clock.now()).toISOString();
    const snapshot = { ...calmDay(), version, builtAt: built, dataAsOf: built };
    return db.database.transaction((tx) => writeSnapshot(tx, snapshot, clock.now()));
  };
  await publish(1);
  const site = await startTestSite({ snapshot: null, database, clock });
  cleanUps.push(site.stop);
  const ready = async (): Promise<number> => (await fetch(`${site.url}/health/ready`)).status;
  await waitFor("readiness", async () => (await ready()) === 200);

  proxy.setBoth({ kind: "blackhole" });
  const elapsedMs = startStopwatch();
  const statuses = new Set<number>();
  let slowestMs = 0;
  const visit = async (path: string): Promise<string> => {
    const tookMs = startStopwatch();
    const answer = await fetch(`${site.url}${path}`);
    const text = await answer.text();
    statuses.add(answer.status);
    slowestMs = Math.max(slowestMs, tookMs());
    return text;
  };
  await waitFor("degraded", async () => {
    await Promise.all(["/", "/services/shop", "/api/v2/summary.json", "/?lang=ko"].map(visit));
    return (await ready()) === 503;
  });
  expect(elapsedMs()).toBeLessThan(5_000);
  expect((await fetch(`${site.url}/v1/services`)).status).toBe(503);
  expect((await fetch(`${site.url}/health/page`)).status).toBe(200);

  aheadMs = 20_000;
  await waitFor("the banner", async () => (await visit("/")).includes("STALE"));
  expect(
    await waitFor("the incident", async () => (await visit("/api/v2/summary.json")).includes("Monitoring delayed")),
  ).toBe(true);
  expect([...statuses]).toEqual([200]);
  expect(slowestMs).toBeLessThan(1_000);

  proxy.setBoth({ kind: "none" });
  proxy.resetAll();
  await publish(2);
  await waitFor("recovery", async () => (await ready()) === 200 && !(await visit("/")).includes("STALE"), {
    deadlineMs: 25_000,
  });
});
