/** Terms below this are left out of sums: far less than any figure that is shown. */
const NEGLIGIBLE = 1e-18;

/**
 * The probabilities of 0, 1, 2 … successes in `count` trials, as far as they matter. Each term follows from the one before,
 * starting with (1 - p)^n by its logarithm, which is exact enough for the small p and the window lengths of alerts.
 * @param share within 0 and 1.
 */
export const binomial = (count: number, share: number): Float64Array => {
  if (share <= 0 || count <= 0) return Float64Array.of(1);
  if (share >= 1) return Float64Array.from({ length: count + 1 }, (_, index) => (index === count ? 1 : 0));
  const terms: number[] = [];
  let logarithm = count * Math.log1p(-share);
  const odds = Math.log(share) - Math.log1p(-share);
  const mean = count * share;
  for (let index = 0; index <= count; index += 1) {
    const term = Math.exp(logarithm);
    terms.push(term);
    if (index > mean && term < NEGLIGIBLE) break;
    logarithm += Math.log((count - index) / (index + 1)) + odds;
  }
  return Float64Array.from(terms);
};

/** P(at least `least`) for each `least` from 0 on; beyond the last element it is 0. */
export const upperTails = (terms: Float64Array): Float64Array => {
  const tails = new Float64Array(terms.length + 1);
  for (let index = terms.length - 1; index >= 0; index -= 1) {
    tails[index] = (tails[index + 1] as number) + (terms[index] as number);
  }
  return tails;
};

/** P(at least `least`); everything is at least 0 or less. */
export const atLeast = (tails: Float64Array, least: number): number => (least <= 0 ? 1 : (tails[least] ?? 0));
