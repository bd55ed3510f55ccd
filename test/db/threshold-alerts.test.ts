import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { ThresholdAlertResource } from "#lib/contracts/alerts.ts";
import type { ThresholdAlert } from "#lib/core/definitions.ts";
import { durationMs, MINUTE_MS } from "#lib/core/units.ts";
import { createThresholdJudge } from "#lib/engine/alerts/judge-thresholds.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { listAlerts } from "#lib/read/alerts.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import type { FakeClock } from "#test/support/fake-clock.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { at, configure, createSloLoop, ingest, lead, probeDefinition, readEvents, run, slots } from "./slo-world.ts";

const secretBox = createSecretBox(randomBytes(32));
let world: TestDatabase;
let database: Database;
let lease: Lease;
let clock: FakeClock;
let loop: ReturnType<typeof createSloLoop>;
let judge: ReturnType<typeof createThresholdJudge>;
const { signal } = new AbortController();

beforeEach(async () => {
  world = await testDatabase();
  database = world.database;
  lease = await lead(database);
  clock = createFakeClock(at(0));
  loop = createSloLoop(database, clock);
  judge = createThresholdJudge({ database, secretBox, clock, log: silentLogger, random: () => 0.5 });
  await configure(database, { slos: [] });
});
afterEach(() => world.drop());

const threshold = (changes: Partial<ThresholdAlert> = {}): ThresholdAlert => ({
  id: "shop-5xx",
  metric: "error_rate_5xx",
  op: "gt",
  value: "1",
  forMs: durationMs(0),
  windowMs: durationMs(5 * MINUTE_MS),
  severity: "page",
  notify: null,
  probes: ["home"],
  source: null,
  baselineMs: durationMs(0),
  ...changes,
});
const define = (alerts: readonly ThresholdAlert[], allow: readonly string[] = []) =>
  database.transaction(async (tx) => {
    await tx`update services set threshold_alerts = ${JSON.stringify(alerts)}::text::jsonb where id = 'shop'`;
    const document = JSON.stringify({ page: {}, egress: { allow } });
    await tx`insert into config_versions (sha256, document, applied_at) values (${"2".repeat(64)}, ${document}::text::jsonb, now())`;
  });
type Part = { status: number; ms?: number };
const span = async (from: number, until: number, { status, ms = 50 }: Part): Promise<void> => {
  const runs = slots(probeDefinition(), from, until).map((slot) => {
    const one = run(slot, status >= 500 ? "bad_status" : "ok", { ms });
    return { ...one, outcome: { ...one.outcome, httpStatus: status } };
  });
  await ingest(database, runs, at(until));
};
/** Closes minutes one by one up to `until` and judges after each, as the engine does. */
const judgeUntil = async (from: number, until: number): Promise<void> => {
  for (let minutes = from; minutes <= until; minutes += 1) {
    await clock.advance(at(minutes, 10_000) - clock.now());
    for (let round = 0; round < 30; round += 1) if (!(await loop.runSloOnce(lease)).hasMore) break;
    await judge.runOnce(lease, signal);
  }
};
const alerts = async () => {
  const { data } = await listAlerts(database, {
    limit: 100,
    state: null,
    severity: null,
    sloId: null,
    serviceId: "shop",
  });
  return data.map((alert) => ThresholdAlertResource.parse(alert));
};

describe("figures of probes", () => {
  test("a share of 5xx answers fires and resolves, with its figure, its probes and events like any alert", async () => {
    await define([threshold()]);
    await span(0, 10, { status: 200 });
    await span(10, 12, { status: 503 });
    await judgeUntil(1, 12);
    const [fired] = await alerts();
    expect(fired).toMatchObject({
      kind: "threshold",
      sloId: null,
      serviceId: "shop",
      pair: "threshold_shop-5xx",
      number: 1,
      state: "firing",
      firedAt: new Date(at(11)).toISOString(),
      threshold: {
        metric: "error_rate_5xx",
        op: "gt",
        limit: "1",
        value: "20",
        unit: "percent",
        window: "5m",
        for: "0ms",
      },
      probes: ["home"],
      locations: ["fra"],
    });
    await span(12, 18, { status: 200 });
    await judgeUntil(13, 18);
    const [resolved] = await alerts();
    expect(resolved).toMatchObject({
      state: "resolved",
      resolveReason: "recovered",
      resolvedAt: new Date(at(17)).toISOString(),
    });
    const events = (await readEvents(database)).filter(({ subject }) => subject === fired?.id);
    expect(events.map(({ type, key }) => [type, key])).toEqual([
      ["alert.firing", "alert:threshold:threshold_shop-5xx:1:firing"],
      ["alert.resolved", "alert:threshold:threshold_shop-5xx:1:resolved"],
    ]);
    expect(JSON.parse(events[0]?.data ?? "null")).toEqual(fired);
  });

  test("the condition must hold for its time, and a new leader decides the same", async () => {
    const slow = threshold({
      id: "slow",
      metric: "p99",
      value: "1000",
      forMs: durationMs(3 * MINUTE_MS),
      windowMs: durationMs(MINUTE_MS),
    });
    const mean = threshold({ id: "mean", metric: "average", value: "1500", severity: "ticket" });
    await define([slow, mean]);
    await span(0, 5, { status: 200 });
    await span(5, 10, { status: 200, ms: 2_000 });
    await judgeUntil(1, 7);
    judge = createThresholdJudge({ database, secretBox, clock, log: silentLogger, random: () => 0.5 });
    await judgeUntil(8, 10);
    const firedAt = new Map((await alerts()).map(({ pair, firedAt: instant }) => [pair, instant]));
    expect(firedAt.get("threshold_slow")).toBe(new Date(at(9)).toISOString());
    expect(firedAt.get("threshold_mean")).toBe(new Date(at(9)).toISOString());
  });

  test("without runs it neither fires nor resolves, and one that left the file resolves", async () => {
    await define([threshold()]);
    await span(0, 5, { status: 503 });
    await judgeUntil(1, 5);
    await judgeUntil(6, 14);
    expect(await alerts()).toMatchObject([{ state: "firing", hasData: false }]);
    await define([]);
    await judge.runOnce(lease, signal);
    expect(await alerts()).toMatchObject([{ state: "resolved", resolveReason: "policy_changed" }]);
    expect(await judge.runOnce(lease, signal)).toBe(0);
  });
});

describe("figures of another system", () => {
  test("a fall of the traffic is told against the baseline, and a server that is away fires nothing", async () => {
    let rate: (seconds: number) => number | null = () => 100;
    const server = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on("data", (chunk: Buffer) => chunks.push(chunk));
      req.on("end", () => {
        const asked = new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
        const [start, end] = [Number(asked.get("start")), Number(asked.get("end"))];
        const values: [number, string][] = [];
        for (let second = start; second <= end; second += 60) {
          const value = rate(second);
          if (value !== null) values.push([second, String(value)]);
        }
        res.setHeader("content-type", "application/json");
        res.end(
          JSON.stringify({ status: "success", data: { resultType: "matrix", result: [{ metric: {}, values }] } }),
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const drop = threshold({
        id: "drop",
        metric: "traffic_drop",
        value: "50",
        probes: [],
        baselineMs: durationMs(60 * MINUTE_MS),
        source: { server: { url, headers: {}, auth: null }, query: "rate" },
      });
      await define([drop], ["127.0.0.0/8"]);
      rate = (second) => (second * 1_000 <= at(70) ? 100 : 30);
      await judgeUntil(69, 70);
      expect(await alerts()).toEqual([]);
      await judgeUntil(71, 73);
      expect(await alerts()).toMatchObject([{ state: "firing", threshold: { value: "70" }, probes: [] }]);
      rate = () => null;
      await judgeUntil(74, 75);
      expect(await alerts()).toMatchObject([{ state: "firing", hasData: false }]);
      rate = () => 100;
      await judgeUntil(76, 77);
      expect(await alerts()).toMatchObject([{ state: "resolved", resolveReason: "recovered" }]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
