import type { Database } from "#db/database.ts";
import type { SliHour } from "#db/queries/sli-hours.ts";
import { upsertSliHours } from "#db/queries/sli-hours.ts";
import { upsertReadings } from "#db/queries/slo-readings.ts";
import type { AlertReading } from "#lib/contracts/api.ts";
import type { SliDefinition, SloDefinition } from "#lib/core/definitions.ts";
import { defaultPolicy } from "#lib/core/slo/policy.ts";
import { compileSlo, readingAt } from "#lib/core/slo/reading.ts";
import { createSeries, setMinute } from "#lib/core/slo/series.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, durationMs, epochMs, HOUR_MS, MINUTE_MS, minuteOf } from "#lib/core/units.ts";

/** The end of the newest complete minute of the samples. */
export const SLO_NOW = epochMs(Date.parse("2026-08-06T14:07:00.000Z"));
const WINDOW_MS = durationMs(28 * DAY_MS);
const SLOTS_A_MINUTE = 2;

/** Minutes `[from, until)` in which all slots failed, or in which nothing was measured. */
type Spell = { from: string; minutes: number; kind: "failed" | "unmeasured" };
type Sample = {
  id: string;
  service: string;
  name: string;
  objective: string;
  sli: SliDefinition;
  spells: Spell[];
  isEvaluated?: boolean;
};

const SAMPLES: Sample[] = [
  {
    id: "docs-availability",
    service: "docs",
    name: "Documentation",
    objective: "99",
    sli: { kind: "availability" },
    spells: [],
    isEvaluated: false,
  },
  {
    id: "search-availability",
    service: "search",
    name: "Search",
    objective: "99.9",
    sli: { kind: "availability" },
    spells: [{ from: "2026-07-11T03:10:00Z", minutes: 11, kind: "failed" }],
  },
  {
    id: "mail-availability",
    service: "mail",
    name: "Email and messages",
    objective: "99.9",
    sli: { kind: "availability" },
    spells: [
      { from: "2026-07-16T11:00:00Z", minutes: 52, kind: "failed" },
      { from: "2026-07-28T00:00:00Z", minutes: 2_000, kind: "unmeasured" },
    ],
  },
  {
    id: "checkout-latency",
    service: "checkout",
    name: "Checkout",
    objective: "99",
    sli: { kind: "latency", thresholdMs: durationMs(800) },
    spells: [{ from: "2026-07-20T18:00:00Z", minutes: 185, kind: "failed" }],
  },
  {
    id: "checkout-availability",
    service: "checkout",
    name: "Checkout",
    objective: "99.9",
    sli: { kind: "availability" },
    spells: [
      { from: "2026-06-20T04:00:00Z", minutes: 5, kind: "failed" },
      { from: "2026-07-12T06:10:00Z", minutes: 400, kind: "unmeasured" },
      { from: "2026-07-18T09:40:00Z", minutes: 5, kind: "failed" },
      { from: "2026-07-24T09:12:00Z", minutes: 14, kind: "failed" },
      { from: "2026-08-06T13:58:00Z", minutes: 9, kind: "failed" },
    ],
  },
];

const definitionOf = ({ id, sli, objective }: Sample): SloDefinition => ({
  id,
  sli,
  probes: [`${id}-probe`],
  objective,
  window: { kind: "rolling", durationMs: WINDOW_MS },
  burnRateAlerts: defaultPolicy(WINDOW_MS, { intervalMs: durationMs(30_000) }),
});

/** Exact hours of the last 56 days: two good slots a minute, but for the spells. */
export const sampleHours = (sloId: string, spells: readonly Spell[], now: EpochMs = SLO_NOW): SliHour[] => {
  const kindAt = new Map<number, Spell["kind"]>();
  for (const { from, minutes, kind } of spells) {
    const first = minuteOf(epochMs(Date.parse(from)));
    for (let index = 0; index < minutes; index += 1) kindAt.set(first + index, kind);
  }
  const hours: SliHour[] = [];
  const last = minuteOf(now) - 1;
  for (let at = addMs(now, -56 * DAY_MS - (now % HOUR_MS)); at < now; at = addMs(at, HOUR_MS)) {
    const minutes = Array.from({ length: 60 }, (_, index) => minuteOf(at) + index);
    const slots = (count: (kind: Spell["kind"] | undefined) => number) =>
      minutes.map((minute) => (minute > last ? 0 : count(kindAt.get(minute))));
    hours.push({
      sloId,
      version: 1,
      hourAt: at,
      good: slots((kind) => (kind === undefined ? SLOTS_A_MINUTE : 0)),
      total: slots((kind) => (kind === "unmeasured" ? 0 : SLOTS_A_MINUTE)),
      expected: slots(() => SLOTS_A_MINUTE),
    });
  }
  return hours;
};

const readingOf = (definition: SloDefinition, hours: readonly SliHour[]) => {
  const series = createSeries((2 * WINDOW_MS) / MINUTE_MS);
  for (const { hourAt, good, total, expected } of hours) {
    total.forEach((count, index) => {
      const minute = (minuteOf(hourAt) + index) as EpochMinute;
      setMinute(series, minute, { bad: count - (good[index] ?? 0), total: count, expected: expected[index] ?? 0 });
    });
  }
  return readingAt(series, compileSlo(definition), (minuteOf(SLO_NOW) - 1) as EpochMinute);
};

/** What an alert that fired says of its windows and budget, as it is stored. */
export const firingReading = (consumedRatio: string): AlertReading => {
  const window = { duration: "1h", bad: 18, total: 120, expected: 120, burnRate: "150", threshold: "13.44" };
  return {
    evaluatedAt: new Date(SLO_NOW).toISOString(),
    objective: "99.9",
    window: "28d",
    windows: { long: window, short: { ...window, duration: "5m", bad: 10, total: 10, expected: 10, burnRate: "1000" } },
    budget: { consumedRatio, remainingRatio: null, exhaustedInSeconds: null },
    probes: ["checkout-availability-probe"],
    locations: ["fra"],
  };
};

const ALERTS = [
  ["alt_1", "page_1h_5m", 1, "page", "2026-07-18T09:42:00Z", "2026-07-18T09:54:00Z", "0.112"],
  ["alt_2", "page_1h_5m", 2, "page", "2026-07-24T09:14:00Z", "2026-07-24T09:31:00Z", "0.349"],
  ["alt_3", "page_1h_5m", 3, "page", "2026-08-06T14:00:00Z", null, "0.224"],
  ["alt_4", "page_6h_30m", 1, "page", "2026-08-06T14:01:00Z", null, "0.224"],
  ["alt_5", "ticket_3d_6h", 1, "ticket", "2026-08-06T14:02:00Z", null, "0.224"],
] as const;

/** Writes services, SLOs, 56 days of exact minutes, readings computed from them, and alerts of the one that burns. */
export const seedSlos = async (database: Database): Promise<void> => {
  const since = new Date(SLO_NOW - 60 * DAY_MS);
  for (const [position, sample] of SAMPLES.entries()) {
    const definition = definitionOf(sample);
    const hours = sampleHours(sample.id, sample.spells);
    await database.transaction(
      async (tx) => {
        await tx`insert into services (id, name, position) values (${sample.service}, ${sample.name}, ${position}) on conflict do nothing`;
        await tx`insert into slos (id, service_id, position, version, definition)
                 values (${sample.id}, ${sample.service}, ${position}, 1, ${JSON.stringify(definition)}::text::jsonb)`;
        await tx`insert into slo_versions (slo_id, version, definition, active_from)
                 values (${sample.id}, 1, ${JSON.stringify(definition)}::text::jsonb, ${since})`;
        if (sample.isEvaluated === false) return;
        await upsertSliHours(tx, hours);
        const through = (minuteOf(SLO_NOW) - 1) as EpochMinute;
        await upsertReadings(
          tx,
          [{ sloId: sample.id, version: 1, through, reading: readingOf(definition, hours) }],
          SLO_NOW,
        );
      },
      { deadlineMs: 30_000 },
    );
  }
  await database.transaction(async (tx) => {
    for (const [id, pair, number, severity, firedAt, resolvedAt, consumed] of ALERTS) {
      const reading = JSON.stringify(firingReading(consumed));
      await tx`insert into alerts (id, slo_id, pair_id, number, severity, state, fired_at, resolved_at, resolve_reason, firing_reading)
               values (${id}, 'checkout-availability', ${pair}, ${number}, ${severity}, ${resolvedAt === null ? "firing" : "resolved"},
                       ${new Date(firedAt)}, ${resolvedAt === null ? null : new Date(resolvedAt)},
                       ${resolvedAt === null ? null : "recovered"}, ${reading}::text::jsonb)`;
    }
  });
};
