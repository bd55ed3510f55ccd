const PLAIN = /^\+?0*(\d+(?:\.\d+)?)$/;
const MAX_DECIMALS = 12;

/**
 * The decimal text of a number as it was written ("99.90" stays "99.90"), because doubles lose what objectives are
 * about. Other spellings that YAML has for a number (hexadecimal, exponents, more than 12 decimals) become the shortest
 * decimal of their value.
 */
export const exactDecimal = (source: string | null, value: number): string => {
  const digits = source === null ? undefined : PLAIN.exec(source)?.[1];
  const decimals = digits?.split(".")[1]?.length ?? 0;
  if (digits !== undefined && decimals <= MAX_DECIMALS) return digits;
  const shortest = String(value);
  return shortest.includes("e") ? value.toFixed(MAX_DECIMALS).replace(/\.?0+$/, "") : shortest;
};
