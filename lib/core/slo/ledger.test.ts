import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EpochMinute } from "../units.ts";
import type { Claim } from "./ledger.ts";
import { ledgerOf } from "./ledger.ts";
import { objectiveOfPercent } from "./objective.ts";
import { createSeries, setMinute } from "./series.ts";

const BASE = 29_000_040;
const at = (minute: number) => (BASE + minute) as EpochMinute;
const objective = objectiveOfPercent("99");
const seriesOf = (bad: readonly number[], total = 10) => {
  const series = createSeries(2_000);
  for (const [index, count] of bad.entries()) setMinute(series, at(index), { bad: count, total, expected: total });
  return series;
};
const windowOf = (minutes: number) => ({ after: at(-1), until: at(minutes - 1), fullMinutes: minutes });
const ledger = (bad: readonly number[], claims: readonly Claim[], total = 10) =>
  ledgerOf({ series: seriesOf(bad, total), objective, window: windowOf(bad.length), claims });

const claims = fc
  .array(
    fc.record({
      kind: fc.constantFrom("incident", "maintenance"),
      from: fc.integer({ min: -20, max: 80 }),
      length: fc.option(fc.integer({ min: 1, max: 40 })),
    }),
    { maxLength: 8 },
  )
  .map((list) =>
    list.map(
      ({ kind, from, length }, index): Claim => ({
        kind,
        id: `c${index}`,
        from: at(from),
        until: length === null ? null : at(from + length),
      }),
    ),
  );

describe("the ledger", () => {
  test("every bad event belongs to exactly one cause: the parts sum to the whole", () => {
    const property = fc.property(fc.array(fc.nat(10), { minLength: 1, maxLength: 60 }), claims, (bad, given) => {
      const { entries, ...whole } = ledger(bad, given);
      expect(entries.reduce((sum, entry) => sum + entry.bad, 0)).toBe(bad.reduce((sum, count) => sum + count, 0));
      expect(entries.reduce((sum, entry) => sum + (entry.consumed ?? 0), 0)).toBeCloseTo(whole.consumed ?? 0, 9);
      // Minute by minute: an event within any claim is answered for, one outside of all is not.
      const orphans = bad.filter(
        (_, index) => !given.some(({ from, until }) => from <= at(index) && (until === null || at(index) < until)),
      );
      const unattributed = entries.find(({ cause }) => cause === "unattributed");
      expect(unattributed?.bad).toBe(orphans.reduce((sum, count) => sum + count, 0));
    });
    fc.assert(property);
  });

  test("the order of the claims does not matter", () => {
    const property = fc.property(fc.array(fc.nat(10), { minLength: 1, maxLength: 60 }), claims, (bad, given) => {
      expect(ledger(bad, given.toReversed())).toEqual(ledger(bad, given));
    });
    fc.assert(property);
  });

  test("an incident answers before a maintenance, the earlier before the later, and each knows its bounds", () => {
    const bad = [0, 3, 3, 3, 3, 0, 1];
    const given: Claim[] = [
      { kind: "maintenance", id: "m", from: at(0), until: at(4) },
      { kind: "incident", id: "late", from: at(3), until: null },
      { kind: "incident", id: "early", from: at(2), until: at(4) },
    ];
    expect(
      ledger(bad, given).entries.map(({ id, bad: spent, firstMinute, lastMinute }) => [
        id,
        spent,
        firstMinute,
        lastMinute,
      ]),
    ).toEqual([
      ["early", 6, at(2), at(3)],
      ["late", 4, at(4), at(6)],
      ["m", 3, at(1), at(1)],
      [null, 0, null, null],
    ]);
  });

  test("more than a fifth of the budget makes a post-mortem due, exactly a fifth does not", () => {
    // 100 minutes of 50 events allow 50 bad ones: a fifth is 10.
    const due = (count: number, kind: Claim["kind"]) =>
      ledger(
        [count, ...new Array<number>(99).fill(0)],
        [{ kind, id: "x", from: at(0), until: at(1) }],
        50,
      ).entries.find(({ id }) => id === "x")?.isPostmortemDue;
    expect([due(10, "incident"), due(11, "incident"), due(11, "maintenance")]).toEqual([false, true, false]);
  });

  test("without events nothing is spent by anybody", () => {
    const empty = ledger([0, 0], [{ kind: "incident", id: "x", from: at(0), until: null }], 0);
    expect(empty).toMatchObject({ bad: 0, consumed: null });
    expect(empty.entries.every(({ consumed, isPostmortemDue }) => consumed === null && !isPostmortemDue)).toBe(true);
  });
});
