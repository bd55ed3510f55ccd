import type { Database } from "#db/database.ts";
import type { AlertReading } from "#lib/contracts/api.ts";
import { ALERT_EXAMPLE } from "#lib/contracts/examples.ts";
import type { Reading, WindowReading } from "#lib/core/slo/reading.ts";
import { addMs, durationMs, epochMs, MINUTE_MS } from "#lib/core/units.ts";
import { sampleProbe, sampleService, sampleSlo } from "#test/support/sample-config.ts";

/** When the newest reading was made. */
export const T0 = epochMs(Date.UTC(2026, 10, 3, 14, 4));
const storedWindow = ({ budgetSpentRatio: _spent, ...window }: (typeof ALERT_EXAMPLE)["windows"]["long"]) => window;
export const READING: AlertReading = (({ evaluatedAt, objective, window, windows, budget, probes, locations }) => ({
  evaluatedAt,
  objective,
  window,
  windows: { long: storedWindow(windows.long), short: storedWindow(windows.short) },
  budget,
  probes,
  locations,
}))(ALERT_EXAMPLE);

/** Three services, each with an SLO of availability and one of latency. */
export const services = ["shop", "search", "mail"].map((id) =>
  sampleService({
    id,
    name: id.toUpperCase(),
    group: id === "mail" ? null : "Shopping",
    probes: [sampleProbe({ id: `${id}-home` })],
    slos: [
      sampleSlo({ id: `${id}-availability`, probes: [`${id}-home`] }),
      sampleSlo({
        id: `${id}-latency`,
        probes: [`${id}-home`],
        sli: { kind: "latency", thresholdMs: durationMs(300) },
      }),
    ],
  }),
);

/** Alert number N, half of them of the shop, two of each minute. */
export const insertAlert = (database: Database, number: number, isFiring: boolean): Promise<unknown> =>
  database.transaction(async (tx) => {
    const firedAt = new Date(addMs(T0, Math.floor(number / 2) * MINUTE_MS));
    await tx`
      insert into alerts (id, slo_id, pair_id, number, severity, state, fired_at, resolved_at, resolve_reason, firing_reading, resolved_reading)
      values (${`alt_${String(number).padStart(4, "0")}`}, ${number % 2 === 0 ? "shop-availability" : "search-availability"}, 'page_1h_5m', ${number},
              'page', ${isFiring ? "firing" : "resolved"}, ${firedAt}, ${isFiring ? null : firedAt}, ${isFiring ? null : "recovered"},
              ${JSON.stringify(READING)}::text::jsonb, ${isFiring ? null : JSON.stringify(READING)}::text::jsonb)`;
  });

/** A window of two checks a minute, of which `bad` failed, under an objective of 99.9 %. */
const burnWindow = (minutes: number, bad: number): WindowReading => {
  const total = 2 * minutes;
  const errorRatio = bad / total;
  return {
    minutes,
    bad,
    total,
    expected: total,
    errorRatio,
    burnRate: Math.round(errorRatio * 1e6) / 1e3,
    coverage: 1,
  };
};

/** The newest reading of the shop's availability. */
export const insertReading = (database: Database): Promise<unknown> => {
  const reading: Reading = {
    minute: (T0 / MINUTE_MS) as Reading["minute"],
    objective: "99.9",
    budget: {
      windowMinutes: 40_320,
      bad: 9,
      good: 80_631,
      total: 80_640,
      expected: 80_640,
      attained: 80_631 / 80_640,
      isMet: true,
      allowedBad: 80.64,
      consumed: 9 / 80.64,
      remaining: 1 - 9 / 80.64,
      burnRate1h: 75,
      minutesToExhaustion: 477.6,
      coverage: 1,
      windowFilling: false,
      projectedConsumed: 9 / 80.64,
    },
    pairs: [
      {
        pairId: "page-1h-5m",
        severity: "page",
        factor: "14.4",
        threshold: 0.0144,
        long: burnWindow(60, 9),
        short: burnWindow(5, 0),
        holds: false,
      },
    ],
    coverage: 1,
    windowFilling: false,
  };
  return database.transaction(
    (tx) => tx`
      insert into slo_readings (slo_id, version, through_minute, reading, computed_at)
      values ('shop-availability', 1, ${new Date(T0)}, ${JSON.stringify(reading)}::text::jsonb, ${new Date(T0)})`,
  );
};
