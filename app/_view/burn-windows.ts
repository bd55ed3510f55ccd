/** A factor as a number for drawing: a decimal ("14.4") or a fraction ("14/15"). Comparisons are the engine's. */
export const factorNumber = (factor: string): number => {
  const [numerator, denominator] = factor.split("/").map(Number);
  return (numerator ?? 0) / (denominator ?? 1);
};

/** Where a burn rate stands on a logarithmic scale from 0.1 to 1,000 that is 200 units long. */
export const burnPosition = (rate: number): number =>
  rate <= 0 ? 0 : Math.round(Math.min(200, Math.max(0, 50 + 50 * Math.log10(rate))) * 10) / 10;
