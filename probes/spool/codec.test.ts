import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Run } from "#lib/core/outcome.ts";
import { OUTCOME_CLASSES } from "#lib/core/outcome.ts";
import { takeApart } from "#lib/core/tries.ts";
import { durationUs, epochMs } from "#lib/core/units.ts";
import { sampleRun } from "#test/support/sample-run.ts";
import { decodeRecord, encodeRun, foldRuns } from "./codec.ts";

const start = Date.UTC(2026, 10, 21);
const runs = fc.array(
  fc
    .record({
      scheduledAt: fc.integer({ min: start, max: start + 300_000 }),
      probeId: fc.constantFrom("home", "api", "a b"),
      locationId: fc.constantFrom("fra", "sel"),
      class: fc.constantFrom(...OUTCOME_CLASSES),
      us: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      httpStatus: fc.option(fc.integer({ min: 0, max: 999 })),
      bytesRead: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      detail: fc.option(fc.string()),
    })
    .map(({ us, scheduledAt, probeId, locationId, ...outcome }) =>
      sampleRun({ scheduledAt, probeId, locationId, outcome: { ...outcome, durationUs: durationUs(us) } }),
    ),
  { maxLength: 60 },
);
/** What buckets, slots and histograms are made of. */
const factsOf = (all: readonly Run[]) =>
  all
    .map(({ probeId, locationId, scheduledAt, outcome }) =>
      [
        probeId,
        locationId,
        scheduledAt,
        outcome.class,
        outcome.durationUs,
        outcome.httpStatus,
        outcome.bytesRead,
      ].join(),
    )
    .sort();

describe("what the spool keeps", () => {
  test("a run is the same after it was written and read", () => {
    fc.assert(
      fc.property(runs, (all) => {
        for (const run of all) expect(decodeRecord(encodeRun(run))).toEqual([run]);
      }),
    );
    const odd = sampleRun({
      scheduledAt: start,
      traceId: null,
      outcome: {
        certificateExpiresAt: epochMs(1),
        failures: [{ assertion: "body", expected: "\u0000", seen: "한글" }],
      },
    });
    expect(decodeRecord(encodeRun(odd))).toEqual([odd]);
  });

  test("a try is the same after it was written and read, and an odd one is none", () => {
    const one = { number: 2, run: sampleRun({ scheduledAt: start, outcome: { class: "timeout" } }) };
    expect(decodeRecord(encodeRun(one))).toEqual([one]);
    for (const odd of ['[3,{"number":2}]', '[3,{"number":"2","run":{}}]', "[3]", "[3,null]"])
      expect(decodeRecord(Buffer.from(odd))).toBeNull();
  });

  test("folded runs keep every number that buckets, slots and histograms are made of", () => {
    fc.assert(
      fc.property(runs, (all) => {
        const unfolded = takeApart(foldRuns(all).flatMap((record) => decodeRecord(record) ?? [])).runs;
        expect(factsOf(unfolded)).toEqual(factsOf(all));
        expect(unfolded.every(({ traceId, outcome }) => traceId === null && outcome.detail === "folded")).toBe(true);
      }),
    );
  });

  test("a folded minute takes an eighth of its runs", () => {
    const minute = Array.from({ length: 60 }, (_, index) => sampleRun({ scheduledAt: start + index * 1_000 }));
    const whole = minute.reduce((sum, run) => sum + encodeRun(run).length, 0);
    const folded = foldRuns(minute).reduce((sum, record) => sum + record.length, 0);
    expect(folded * 8).toBeLessThan(whole);
  });

  test.each(["", "{}", "[]", "[3,{}]", '[1,{"probeId":"p"}]', "[2,1,2]", '[2,"p","l","x"]', "\u0000"])(
    "a record that is none of ours is no run: %j",
    (text) => {
      expect(decodeRecord(Buffer.from(text))).toBeNull();
    },
  );
});
