import type { Database } from "#db/database.ts";
import { upsertSliHours } from "#db/queries/sli-hours.ts";
import { upsertReadings } from "#db/queries/slo-readings.ts";
import type { AlertReading } from "#lib/contracts/api.ts";
import type { SloDefinition } from "#lib/core/definitions.ts";
import { defaultPolicy } from "#lib/core/slo/policy.ts";
import { compileSlo, readingAt } from "#lib/core/slo/reading.ts";
import { createSeries, setMinute } from "#lib/core/slo/series.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, durationMs, HOUR_MS, MINUTE_MS, minuteOf } from "#lib/core/units.ts";
import { sampleHours } from "./sample-slos.ts";

const WINDOW_MS = durationMs(28 * DAY_MS);
const SERVICES = [
  ["checkout", "Checkout"],
  ["shop", "Shop"],
  ["mail", "Email and messages"],
] as const;
const SLO_ID = "checkout-availability";
const DEFINITION: SloDefinition = {
  id: SLO_ID,
  sli: { kind: "availability" },
  probes: ["checkout-pay"],
  objective: "99.9",
  window: { kind: "rolling", durationMs: WINDOW_MS },
  burnRateAlerts: defaultPolicy(WINDOW_MS, { intervalMs: durationMs(30_000) }),
};

/** Until this long before now everything was well; since then every check failed. */
export const OUTAGE_MINUTES = 9;

const readingOf = (hours: ReturnType<typeof sampleHours>, now: EpochMs) => {
  const series = createSeries((2 * WINDOW_MS) / MINUTE_MS);
  for (const { hourAt, good, total, expected } of hours)
    total.forEach((count, index) => {
      const minute = (minuteOf(hourAt) + index) as EpochMinute;
      setMinute(series, minute, { bad: count - (good[index] ?? 0), total: count, expected: expected[index] ?? 0 });
    });
  return readingAt(series, compileSlo(DEFINITION), (minuteOf(now) - 1) as EpochMinute);
};

const firingReading = (now: EpochMs): AlertReading => {
  const long = { duration: "1h", bad: 18, total: 120, expected: 120, burnRate: "150", threshold: "13.44" };
  return {
    evaluatedAt: new Date(addMs(now, -7 * MINUTE_MS)).toISOString(),
    objective: "99.9",
    window: "28d",
    windows: { long, short: { ...long, duration: "5m", bad: 10, total: 10, expected: 10, burnRate: "1000" } },
    budget: { consumedRatio: "0.772", remainingRatio: "0.228", exhaustedInSeconds: 540 },
    probes: ["checkout-pay"],
    locations: ["fra", "icn"],
  };
};

/** Id, pair, severity, minutes ago, whether it is over, silences, pages that mute it. */
const ALERTS = [
  ["alt_page", "page_1h_5m", "page", 7, false, [], []],
  ["alt_ticket", "ticket_3d_6h", "ticket", 6, false, [], ["alt_page"]],
  ["alt_quiet", "page_6h_30m", "page", 5, false, ["sil_1"], []],
  ["alt_over", "ticket_1d_2h", "ticket", 600, true, [], []],
] as const;

const insertAlerts = (database: Database, now: EpochMs): Promise<void> =>
  database.transaction(async (tx) => {
    const reading = JSON.stringify(firingReading(now));
    await tx`insert into silences (id, service_ids, slo_ids, pairs, severities, starts_at, ends_at, author, comment, created_at)
             values ('sil_1', '{}', '{}', '{page_6h_30m}', '{}', ${new Date(now - HOUR_MS)}, ${new Date(now + HOUR_MS)}, 'Ada', 'A migration runs.', ${new Date(now - HOUR_MS)})`;
    for (const [id, pair, severity, ago, isOver, silencedBy, mutedBy] of ALERTS)
      await tx`insert into alerts (id, slo_id, pair_id, number, severity, state, fired_at, resolved_at, resolve_reason, firing_reading, silenced_by, muted_by)
               values (${id}, ${SLO_ID}, ${pair}, 1, ${severity}, ${isOver ? "resolved" : "firing"}, ${new Date(now - ago * MINUTE_MS)},
                       ${isOver ? new Date(now - (ago - 30) * MINUTE_MS) : null}, ${isOver ? "recovered" : null}, ${reading}::text::jsonb,
                       ${[...silencedBy]}::text[], ${[...mutedBy]}::text[])`;
  });

/** Three services, one objective that burns since nine minutes with 56 days of exact minutes, and its alerts. */
export const seedOnCall = async (database: Database, now: EpochMs): Promise<void> => {
  const since = new Date(now - 60 * DAY_MS);
  const from = new Date((minuteOf(now) - OUTAGE_MINUTES) * MINUTE_MS).toISOString();
  const hours = sampleHours(SLO_ID, [{ from, minutes: OUTAGE_MINUTES, kind: "failed" }], now);
  const definition = JSON.stringify(DEFINITION);
  await database.transaction(
    async (tx) => {
      for (const [position, [id, name]] of SERVICES.entries())
        await tx`insert into services (id, name, position) values (${id}, ${name}, ${position})`;
      await tx`insert into slos (id, service_id, position, version, definition)
               values (${SLO_ID}, 'checkout', 0, 1, ${definition}::text::jsonb)`;
      await tx`insert into slo_versions (slo_id, version, definition, active_from)
               values (${SLO_ID}, 1, ${definition}::text::jsonb, ${since})`;
      await upsertSliHours(tx, hours);
      const through = (minuteOf(now) - 1) as EpochMinute;
      await upsertReadings(tx, [{ sloId: SLO_ID, version: 1, through, reading: readingOf(hours, now) }], now);
    },
    { deadlineMs: 30_000 },
  );
  await insertAlerts(database, now);
};
