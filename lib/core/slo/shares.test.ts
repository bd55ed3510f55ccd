import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { downMinutes } from "./downtime.ts";
import { createSeries, setMinute } from "./series.ts";
import { exactShares, ratioText } from "./shares.ts";

const billionths = (text: string): bigint => {
  const [whole = "0", decimals = ""] = text.split(".");
  return BigInt(whole) * 1_000_000_000n + BigInt(decimals.padEnd(9, "0"));
};

test("shares of any counts add up to exactly one, and each is less than a billionth off", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 1e15 }), { minLength: 1, maxLength: 20 }), (counts) => {
      const whole = counts.reduce((sum, count) => sum + BigInt(count), 0n);
      const shares = exactShares(counts);
      if (whole === 0n) return expect(shares.every((share) => share === null)).toBe(true);
      const parts = shares.map((share) => billionths(share ?? "0"));
      expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(1_000_000_000n);
      parts.forEach((part, index) => {
        const off = part * whole - BigInt(counts[index] ?? 0) * 1_000_000_000n;
        expect(off < whole && off > -whole).toBe(true);
      });
    }),
  );
});

test("a ratio is rounded down, so that nothing looks met that is not", () => {
  expect(ratioText(999_999_999_999, 1_000_000_000_000)).toBe("0.999999999");
  expect([ratioText(1, 1), ratioText(0, 5), ratioText(0, 0), ratioText(1, 4)]).toEqual(["1", "0", null, "0.25"]);
});

describe("downtime", () => {
  const minute = (at: number) => (30_000_000 + at) as never;
  const series = (counts: readonly (readonly [number, number, number] | null)[]) => {
    const made = createSeries(600);
    counts.forEach((one, at) => one && setMinute(made, minute(at), { bad: one[0], total: one[1], expected: one[2] }));
    return made;
  };
  const down = (
    raw: ReturnType<typeof series>,
    args: { spans?: readonly [number, number][]; carries?: boolean } = {},
  ) =>
    downMinutes({
      raw,
      spans: (args.spans ?? []).map(([from, until]) => ({
        from: minute(from),
        until: minute(until),
        treatment: "exclude",
      })),
      from: minute(0),
      until: minute(10),
      carries: args.carries ?? true,
    });

  test("counts minutes with more than half bad, and those between sparse probes", () => {
    expect(
      down(
        series([
          [0, 2, 2],
          [1, 2, 2],
          [2, 2, 2],
          [0, 2, 2],
        ]),
      ),
    ).toBe(1);
    expect(down(series([[1, 1, 1], null, null, [0, 1, 1]]))).toBe(3);
    expect(down(series([[1, 1, 1], null, null, [0, 1, 1]]), { carries: false })).toBe(1);
  });

  test("ends with missing data and within what is excluded", () => {
    expect(down(series([[1, 1, 1], null, [0, 0, 1]]))).toBe(2);
    expect(down(series([[1, 1, 1], null, null, null, [0, 1, 1]]), { spans: [[1, 3]] })).toBe(1);
  });
});
