import type { Database } from "#db/database.ts";
import { insertServiceStates } from "#db/queries/service-states.ts";
import { writeSnapshot } from "#db/queries/snapshots.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createIngestCache, ingestRuns } from "#lib/commands/ingest-runs.ts";
import { ingestTries } from "#lib/commands/ingest-tries.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import type { Config, JourneyProbeDefinition, ProbeDefinition, ServiceDefinition } from "#lib/core/definitions.ts";
import type { OutcomeClass, Run, RunPart } from "#lib/core/outcome.ts";
import { nextSlotAt } from "#lib/core/schedule.ts";
import { defaultPolicy } from "#lib/core/slo/policy.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, durationMs, durationUs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";
import { acquireLease } from "#lib/engine/lease.ts";
import { GRACE_MS, runRollupOnce } from "#lib/engine/rollup.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { sampleConfig, sampleProbe, sampleSlo } from "./sample-config.ts";
import { sampleRun } from "./sample-run.ts";
import { sampleSnapshot, sampleService as shownService } from "./sample-snapshot.ts";

/** How long the sample's past is: a day and two hours, with two hours in which nothing was measured. */
export const PAST_MS = 26 * HOUR_MS;
const GAP = { from: 9 * HOUR_MS, until: 7 * HOUR_MS };
const OUTAGE = { from: 3 * HOUR_MS, until: 2.5 * HOUR_MS };

/** The newest runs but two fail, so that the first page of runs shows it. */
const LATE = { from: 150_000, until: 60_000 };

const step = (id: string, name: string, url: string): JourneyProbeDefinition["steps"][number] => ({
  id,
  name,
  url,
  method: "GET",
  headers: {},
  body: null,
  auth: null,
  maxRedirects: 0,
  timeoutMs: durationMs(5_000),
  assertions: [],
  extract: [],
  always: false,
});

const serviceOf = (id: string, name: string, rest: Partial<ServiceDefinition>): ServiceDefinition => {
  const window = { kind: "rolling", durationMs: durationMs(28 * DAY_MS) } as const;
  const burnRateAlerts = defaultPolicy(window.durationMs, { intervalMs: durationMs(30_000) });
  const probes = rest.probes ?? [sampleProbe({ id: `${id}-check`, url: `https://${id}.example/` })];
  const slo = sampleSlo({
    id: `${id}-availability`,
    probes: probes.slice(0, 1).map((one) => one.id),
    window,
    burnRateAlerts,
  });
  return { id, name, description: null, group: "Shopping", probes, slos: [slo], ...rest };
};

const probesOf = (targetUrl: string): { home: ProbeDefinition; journey: JourneyProbeDefinition } => ({
  home: sampleProbe({
    id: "shop-home",
    url: targetUrl,
    locations: ["fra", "sel"],
    assertions: [
      { type: "status", op: "in", value: ["2xx"] },
      { type: "body", op: "contains", value: "all is well" },
    ],
  }),
  journey: {
    type: "journey",
    id: "buy-one-item",
    intervalMs: durationMs(MINUTE_MS),
    timeoutMs: durationMs(20_000),
    locations: ["fra"],
    assertions: [],
    steps: [step("open", "Open the shop", targetUrl), step("pay", "Pay", targetUrl), step("end", "Receipt", targetUrl)],
  },
});

const configOf = (targetUrl: string): Config => {
  const { home, journey } = probesOf(targetUrl);
  return sampleConfig({
    page: { name: "Acme", url: null, timeZone: "UTC", languages: ["en", "ko", "ru"] },
    egress: { allow: ["127.0.0.1"] },
    locations: [
      { id: "fra", name: "Frankfurt" },
      { id: "sel", name: "Seoul" },
    ],
    services: [
      serviceOf("shop", "Shop API", { probes: [home, journey], dependsOn: ["payments", "search"] }),
      serviceOf("payments", "Payments", { dependsOn: ["database"] }),
      serviceOf("search", "Search", { dependsOn: ["database"] }),
      serviceOf("database", "Orders database", { group: "Platform" }),
      serviceOf("docs", "Documentation", { group: null }),
    ],
    notifications: [],
  });
};

const within = (ago: number, { from, until }: { from: number; until: number }): boolean => ago <= from && ago > until;

const homeRun = (scheduledAt: EpochMs, locationId: string, index: number, ago: number): Run => {
  const isDown = within(ago, OUTAGE);
  const name: OutcomeClass = isDown
    ? index % 3 === 0
      ? "timeout"
      : "bad_status"
    : index % 97 === 0 || within(ago, LATE)
      ? "body_mismatch"
      : "ok";
  const ms = name === "timeout" ? 5_000 : (locationId === "sel" ? 190 : 62) + ((index * 7_919) % 83) ** 1.4 / 3;
  const us = (share: number) => durationUs(Math.round(ms * 1_000 * share));
  const isTimeout = name === "timeout";
  const expected = name === "bad_status" ? { assertion: "status in", expected: "2xx", seen: "503" } : null;
  const wrong = {
    assertion: "body contains",
    expected: "all is well",
    seen: '{"status":"=cmd|shop is being rebuilt"}',
  };
  return sampleRun({
    scheduledAt,
    locationId,
    probeId: "shop-home",
    outcome: {
      class: name,
      detail: isTimeout ? "first byte" : name === "ok" ? null : (expected?.seen ?? "body did not match"),
      durationUs: us(1),
      phasesUs: {
        dns: us(0.04),
        connect: us(0.2),
        tls: us(0.26),
        firstByte: isTimeout ? null : us(0.42),
        transfer: isTimeout ? null : us(0.08),
      },
      httpStatus: isTimeout ? null : isDown ? 503 : 200,
      failures: name === "bad_status" ? [expected ?? wrong] : name === "body_mismatch" ? [wrong] : [],
    },
  });
};

const journeyRun = (scheduledAt: EpochMs, index: number): Run => {
  const fails = index % 7 === 3;
  const part = (key: string, name: string, seen: OutcomeClass, ms: number): RunPart => ({
    key,
    name,
    class: seen,
    detail: seen === "ok" ? null : seen === "skipped" ? "not reached" : "status 502",
    durationUs: durationUs(ms * 1_000),
    httpStatus: seen === "skipped" ? null : seen === "ok" ? 200 : 502,
    failures: [],
  });
  return {
    ...sampleRun({ scheduledAt, probeId: "buy-one-item", outcome: { class: fails ? "bad_status" : "ok" } }),
    parts: [
      part("open", "Open the shop", "ok", 61),
      part("pay", "Pay", fails ? "bad_status" : "ok", 240 + index),
      part("end", "Receipt", fails ? "skipped" : "ok", fails ? 0 : 35),
    ],
  };
};

const slotsOf = ({ id, intervalMs }: ProbeDefinition, from: EpochMs, until: EpochMs): EpochMs[] => {
  const slots: EpochMs[] = [];
  for (let at = nextSlotAt(id, intervalMs, from); at < until; at = addMs(at, intervalMs)) slots.push(at);
  return slots;
};

const runsOf = (targetUrl: string, now: EpochMs): Run[] => {
  const { home, journey } = probesOf(targetUrl);
  const from = addMs(now, -PAST_MS);
  const homes = slotsOf(home, from, now)
    .map((at, index) => ({ at, index, ago: now - at }))
    .filter(({ ago }) => !within(ago, GAP));
  return [
    ...homes.flatMap(({ at, index, ago }) => home.locations.map((id) => homeRun(at, id, index, ago))),
    ...slotsOf(journey, addMs(now, -2 * HOUR_MS), now).map(journeyRun),
  ];
};

const STATES = [
  { ago: 20 * DAY_MS, measured: "operational", published: "operational" },
  { ago: 12 * DAY_MS, measured: "partial_outage", published: "partial_outage" },
  { ago: 11.8 * DAY_MS, measured: "operational", published: "under_maintenance" },
  { ago: 11 * DAY_MS, measured: "operational", published: "operational" },
  { ago: 6 * DAY_MS, measured: "unknown", published: "unknown" },
  { ago: 5 * DAY_MS, measured: "operational", published: "operational" },
  { ago: 3 * HOUR_MS, measured: "major_outage", published: "major_outage" },
  { ago: 2.5 * HOUR_MS, measured: "operational", published: "operational" },
] as const;

const rollUp = async (database: Database, now: EpochMs): Promise<void> => {
  const lease = await acquireLease(database, { name: "engine", holder: "sample", ttlMs: 600_000 });
  if (lease === null) throw new Error("the lease is taken");
  for (let rounds = 0; rounds < 300; rounds += 1)
    if (!(await runRollupOnce({ database, lease, now: addMs(now, GRACE_MS), log: silentLogger })).hasMore) return;
  throw new Error("the rollup does not come to an end");
};

/** Five services that need each other, a probe with a day of runs from two places, a journey, a snapshot and states. `now` is a whole minute. */
export const seedProbes = async (
  database: Database,
  { targetUrl, now }: { targetUrl: string; now: EpochMs },
): Promise<void> => {
  const config = configOf(targetUrl);
  const secretBox = createSecretBox(new Uint8Array(32));
  const sleepy = { deadlineMs: 30_000 };
  await database.transaction((tx) => applyConfig(tx, { config, now: addMs(now, -PAST_MS), secretBox }), sleepy);
  const runs = runsOf(targetUrl, now);
  for (let at = 0; at < runs.length; at += 2_000) await ingestRuns(database, { runs: runs.slice(at, at + 2_000), now });
  const failed = runs.findLast(({ outcome }) => outcome.class === "body_mismatch");
  if (failed !== undefined)
    await ingestTries(database, {
      tries: [{ number: 2, run: failed }],
      now,
      cache: createIngestCache(),
      log: silentLogger,
    });
  await rollUp(database, now);
  const shown = config.services.map(({ id, name, group }) =>
    shownService(id, name, {
      groupId: group,
      ...(id === "database" ? { published: "degraded_performance", measured: "degraded_performance" } : {}),
    }),
  );
  await database.transaction(async (tx) => {
    await writeSnapshot(tx, sampleSnapshot(shown), now);
    await insertServiceStates(
      tx,
      STATES.map(({ ago, ...state }) => ({ serviceId: "shop", since: addMs(now, -ago), ...state })),
    );
  }, sleepy);
};
