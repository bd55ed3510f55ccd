const DIGITS = 9;
const WHOLE = 10n ** BigInt(DIGITS);

/** A whole number of billionths as decimal text without trailing zeros: 250000000 is "0.25". */
const billionthsText = (billionths: bigint): string => {
  const text = billionths.toString().padStart(DIGITS + 1, "0");
  const [whole, decimals] = [text.slice(0, -DIGITS), text.slice(-DIGITS).replace(/0+$/, "")];
  return decimals === "" ? whole : `${whole}.${decimals}`;
};

/**
 * Shares of a whole as decimal text of nine places that add up to exactly 1: what rounding down leaves over goes to the
 * largest remainders (Hamilton's method), ties to the earlier one. Null for all when the whole is nothing.
 */
export const exactShares = (counts: readonly number[]): (string | null)[] => {
  const whole = counts.reduce((sum, count) => sum + BigInt(count), 0n);
  if (whole === 0n) return counts.map(() => null);
  const floors = counts.map((count) => (BigInt(count) * WHOLE) / whole);
  const left = Number(WHOLE - floors.reduce((sum, floor) => sum + floor, 0n));
  const byRemainder = counts
    .map((count, index) => ({ index, remainder: (BigInt(count) * WHOLE) % whole }))
    .sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1));
  const lucky = new Set(byRemainder.slice(0, left).map(({ index }) => index));
  return floors.map((floor, index) => billionthsText(lucky.has(index) ? floor + 1n : floor));
};

/** part / whole as decimal text, rounded down to nine places, so that it never looks better than it is. Null without a whole. */
export const ratioText = (part: number, whole: number): string | null =>
  whole <= 0 ? null : billionthsText((BigInt(part) * WHOLE) / BigInt(whole));
