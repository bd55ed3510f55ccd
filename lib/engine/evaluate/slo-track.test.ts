import fc from "fast-check";
import { expect, test } from "vitest";
import type { AlertState } from "#lib/core/slo/alert.ts";
import { decideAlert, pairCounts, QUIET } from "#lib/core/slo/alert.ts";
import { defaultPolicy } from "#lib/core/slo/policy.ts";
import { badOver, countsAt, createBlockPool, sumOver } from "#lib/core/slo/series.ts";
import { setCounts } from "#lib/core/slo/track-minutes.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import { DAY_MS, durationMs, epochMs, MINUTE_MS } from "#lib/core/units.ts";
import { sampleSlo } from "#test/support/sample-config.ts";
import { createTrack, evaluateTrack } from "./slo-track.ts";

const START = 29_000_040 as EpochMinute;
const window = { kind: "rolling", durationMs: durationMs(2 * DAY_MS) } as const;
const definition = sampleSlo({
  objective: "99",
  window,
  burnRateAlerts: defaultPolicy(window.durationMs, { intervalMs: durationMs(MINUTE_MS) }),
});
const newTrack = (pool = createBlockPool()) =>
  createTrack({
    slo: {
      id: "a",
      serviceId: "shop",
      version: 1,
      definition,
      activeFrom: epochMs(START * MINUTE_MS),
      createdAt: epochMs(0),
    },
    pool,
    through: null,
    isPolicyNew: false,
    alerts: new Map(),
  });

/** Stretches of equal minutes: long healthy ones, outages, gaps, and single failures. */
const stretch = fc.record({
  length: fc.integer({ min: 1, max: 200 }),
  bad: fc.constantFrom(0, 0, 0, 1, 2, 20),
  total: fc.constantFrom(20, 20, 20, 0),
});

test("a tick that looks only where something is bad decides what looking at every window does", () => {
  fc.assert(
    fc.property(
      fc.array(stretch, { minLength: 1, maxLength: 12 }),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
      (stretches, renewals) => {
        const track = newTrack();
        const minutes = stretches.flatMap(({ length, bad, total }) =>
          Array.from({ length }, () => ({ bad: Math.min(bad, total), total, expected: 20 })),
        );
        const plain = new Map<string, AlertState>();
        for (const [index, counts] of minutes.entries()) {
          const minute = (START + index) as EpochMinute;
          setCounts(track.minutes, minute, counts, minute);
          expect(countsAt(track.minutes.raw, minute)).toEqual(counts);
          track.isPolicyNew = index % 50 === 0 && renewals[(index / 50) % renewals.length] === true;
          const due: unknown[] = [];
          for (const pair of track.compiled.pairs) {
            const state = plain.get(pair.definition.id) ?? QUIET;
            const counted = pairCounts(track.minutes.events, pair, minute);
            const decision = decideAlert({ state, pair: counted, minute, isPolicyNew: track.isPolicyNew });
            plain.set(pair.definition.id, decision.next);
            if (decision.transition !== null) due.push(decision.transition);
          }
          const evaluation = evaluateTrack(track, minute);
          const seen = evaluation.outcomes.flatMap(({ transitions }) =>
            transitions.map(({ transition }) => transition),
          );
          expect(seen).toEqual(due);
          for (const [id, state] of plain) expect(evaluation.alerts.get(id) ?? QUIET).toEqual(state);
          track.through = minute;
          track.alerts = evaluation.alerts;
        }
      },
    ),
    { numRuns: 40 },
  );
});

test("the bad events of a window are those of its sums, also beyond what is known", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 0, maxLength: 300 }),
      fc.integer({ min: -100, max: 400 }),
      fc.integer({ min: 0, max: 300 }),
      (bads, end, length) => {
        const track = newTrack();
        for (const [index, bad] of bads.entries()) {
          const minute = (START + index) as EpochMinute;
          setCounts(track.minutes, minute, { bad, total: 5, expected: 5 }, minute);
        }
        const [from, to] = [(START + end - length) as EpochMinute, (START + end) as EpochMinute];
        expect(badOver(track.minutes.events, from, to)).toBe(sumOver(track.minutes.events, from, to).bad);
      },
    ),
  );
});
