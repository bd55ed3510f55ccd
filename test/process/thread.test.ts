import postgres from "postgres";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findRunningEmbedded } from "#db/embedded/index.ts";
import { checkAlerts, checkBuckets, checkInnocence, checkSliHours } from "../faults/rig/checkers.ts";
import type { Receiver } from "../faults/rig/receiver.ts";
import { startReceiver } from "../faults/rig/receiver.ts";
import type { ScriptedTarget } from "../faults/rig/scripted-target.ts";
import { startScriptedTarget } from "../faults/rig/scripted-target.ts";
import type { Instance } from "../support/instance.ts";
import { startInstance, temporaryFolder } from "../support/instance.ts";
import { startTraceCollector } from "../support/trace-collector.ts";
import { waitFor } from "../support/wait-for.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
/** From the first failed run to the page: three intervals and five seconds. */
const PAGE_WITHIN_MS = 3 * 1_000 + 5_000;

const configOf = (targetUrl: string, receiverUrl: string): string => `
version: 1
page: { name: Thread, time_zone: Etc/UTC, languages: [en] }
egress: { allow: [127.0.0.1/32] }
locations: [{ id: here, name: Here }]
services:
  - id: shop
    name: Shop API
    probes:
      - { id: shop-home, type: http, url: "${targetUrl}", interval: 1s, timeout: 900ms, locations: [here] }
    slos:
      - id: shop-availability
        sli: availability
        probes: [shop-home]
        objective: 75
        window: 28d
        burn_rate_alerts: [{ long: 2m, short: 1m, factor: 2, notify: [oncall] }]
notifications:
  - { id: oncall, type: webhook, url: "${receiverUrl}", secret: ${SECRET}, events: [alert.firing, alert.resolved] }
`;

type Alert = {
  id: string;
  state: string;
  firedAt: string;
  resolvedAt: string | null;
  resolveReason: string | null;
  windows: { long: { bad: number; total: number } };
};
type Envelope = { id: string; type: string; specversion: string; data: Alert };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let target: ScriptedTarget;
let receiver: Receiver;
let collector: Awaited<ReturnType<typeof startTraceCollector>>;
let instance: Instance;
let sql: postgres.Sql;

const json = async <T>(path: string): Promise<T> => JSON.parse((await instance.get(path)).text) as T;
const component = async (): Promise<string | undefined> =>
  (await json<{ components: { name: string; status: string }[] }>("/api/v2/summary.json")).components.find(
    ({ name }) => name === "Shop API",
  )?.status;
const alerts = async (): Promise<Alert[]> => (await json<{ data: Alert[] }>("/v1/alerts")).data;

beforeAll(async () => {
  folder = await temporaryFolder("thread");
  target = await startScriptedTarget();
  receiver = await startReceiver(`${folder.path}/received.jsonl`);
  collector = await startTraceCollector();
  const config = configOf(target.url, receiver.url);
  instance = await startInstance({ config, dataDir: `${folder.path}/data`, env: collector.env });
  const url = await findRunningEmbedded(`${folder.path}/data`);
  if (url === null) throw new Error("the embedded database is not found");
  sql = postgres(url, { max: 2, onnotice: () => undefined });
}, 120_000);

afterAll(async () => {
  await sql?.end({ timeout: 1 });
  await instance?.stop();
  await target?.stop();
  await receiver?.stop();
  await collector?.close();
  await folder?.remove();
});

/** The first minute, by the raw runs alone, at whose end both windows burn faster than twice the allowance of 25 %. */
const firstMinuteThatFires = async (): Promise<Date | undefined> => {
  const rows = await sql<{ minute: Date }[]>`
    with minutes as (
      select date_trunc('minute', scheduled_at) as minute, count(*) filter (where class not in (0, 1)) as bad, count(*) as total
        from runs group by 1),
    windows as (
      select minute, bad, total, sum(bad) over w as long_bad, sum(total) over w as long_total
        from minutes window w as (order by minute range between interval '1 minute' preceding and current row))
    select minute from windows
     where bad::numeric / total > 0.5 and long_bad::numeric / long_total > 0.5 and bad >= 2 and long_bad >= 3
       and minute < (select closed_until from rollup_progress)
     order by minute limit 1`;
  return rows[0]?.minute;
};

test("a failing service goes through all stations and back: page, alert, one signed webhook, budget, recovery", {
  timeout: 600_000,
}, async () => {
  await waitFor("the service to be operational", async () => (await component()) === "operational", {
    deadlineMs: 30_000,
    everyMs: 200,
  });
  expect((await instance.get("/")).text).toContain("Shop API");

  // Early in a minute, so that this minute is the one in which most runs fail and the test is as short as it can be.
  await waitFor("the first half of a minute", () => Date.now() % 60_000 < 25_000, { deadlineMs: 61_000, everyMs: 100 });

  // Down: the page says so within three intervals and five seconds.
  target.goDown();
  const downFrom = performance.now();
  await waitFor("the page to say it", async () => (await component()) === "major_outage", {
    deadlineMs: PAGE_WITHIN_MS,
    everyMs: 50,
  });
  await waitFor("the HTML to say it", async () => (await instance.get("/")).text.includes("Major outage"), {
    deadlineMs: PAGE_WITHIN_MS - (performance.now() - downFrom),
    everyMs: 50,
  });

  // The alert fires at the first closed minute that the raw runs imply.
  const fired = await waitFor("the alert", async () => (await alerts()).find(({ state }) => state === "firing"), {
    deadlineMs: 150_000,
    everyMs: 250,
  });
  const implied = await firstMinuteThatFires();
  expect(implied).toBeDefined();
  expect(new Date(fired.firedAt).getTime()).toBe((implied as Date).getTime() + 60_000);

  // One webhook, correctly signed for the standard's own library, with the alert of the API as its data.
  const [first] = await waitFor(
    "the webhook",
    () => {
      const all = receiver.received();
      return all.length > 0 && all;
    },
    { deadlineMs: 10_000 },
  );
  if (first === undefined) throw new Error("no webhook");
  const envelope = new Webhook(SECRET).verify(first.body, first.headers) as Envelope;
  expect(envelope).toMatchObject({ id: first.headers["webhook-id"], type: "alert.firing", specversion: "1.0" });
  expect(envelope.data.id).toBe(fired.id);
  expect(first.headers["x-nines-signature"]).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
  await waitFor("the burn line on the page", async () => /burning/i.test((await instance.get("/")).text), {
    deadlineMs: 10_000,
    everyMs: 100,
  });

  // The budget falls by what was counted: bad / (25 % of all).
  const slo = await json<{
    data: {
      reading: { good: number; bad: number; total: number; evaluatedAt: string; budget: { consumedRatio: string } };
    };
  }>("/v1/slos/shop-availability").then((body) => ("data" in body ? body.data : (body as never)));
  const [raw] = await sql<{ bad: number; total: number }[]>`
    select (count(*) filter (where class not in (0, 1)))::int as bad, count(*)::int as total from runs where scheduled_at < ${slo.reading.evaluatedAt}`;
  expect({ bad: slo.reading.bad, total: slo.reading.total }).toEqual({ bad: raw?.bad, total: raw?.total });
  expect(Number(slo.reading.budget.consumedRatio)).toBeCloseTo(slo.reading.bad / (0.25 * slo.reading.total), 6);

  // Recovery: the outage ends after three good slots; until enough of the last five minutes is good the service counts as
  // degraded. The alert resolves, a second webhook says that.
  target.goUp();
  await waitFor("the outage to end on the page", async () => (await component()) === "degraded_performance", {
    deadlineMs: PAGE_WITHIN_MS,
    everyMs: 50,
  });
  const resolved = await waitFor(
    "the alert to resolve",
    async () => (await alerts()).find(({ id, state }) => id === fired.id && state === "resolved"),
    { deadlineMs: 200_000, everyMs: 500 },
  );
  expect(resolved.resolveReason).toBe("recovered");
  const types = await waitFor(
    "the second webhook",
    () => {
      const all = receiver.received();
      return all.length >= 2 && all.map(({ body }) => (JSON.parse(body) as Envelope).type);
    },
    { deadlineMs: 10_000 },
  );
  expect(types).toEqual(["alert.firing", "alert.resolved"]);

  await waitFor("the page to be operational again", async () => (await component()) === "operational", {
    deadlineMs: 320_000,
    everyMs: 500,
  });

  // Every station told its span, and the receiver of the webhook was told the trace that it is part of.
  const names = await waitFor("the spans of all stations", () => {
    const found = new Set(collector.spans.map(({ name }) => name));
    return (
      ["probe http", "GET /v1/alerts", "evaluate SLOs", "deliver webhook"].every((name) => found.has(name)) && found
    );
  });
  expect([...names].filter((name) => /[0-9a-f]{16}|\?/.test(name))).toEqual([]);
  const delivered = collector.spans.filter(({ name }) => name === "deliver webhook");
  expect(receiver.received().map(({ headers }) => headers.traceparent)).toEqual(
    delivered.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`),
  );

  // And the raw rows agree, judged by code that shares nothing with the product.
  expect(await checkBuckets(sql)).toEqual([]);
  expect(await checkSliHours(sql)).toEqual([]);
  expect(await checkAlerts(sql, receiver.received(), SECRET)).toEqual([]);
  expect(await checkInnocence(sql, target.downSpans)).toEqual([]);
});
