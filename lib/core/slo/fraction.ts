/** An exact number: numerator / denominator in lowest terms, denominator above zero. */
export type Fraction = { readonly numerator: bigint; readonly denominator: bigint };

const DECIMAL = /^(-?)(\d{1,18})(?:\.(\d{1,18}))?$/;
const QUOTIENT = /^(-?\d{1,18})\/(\d{1,18})$/;

const greatestCommonDivisor = (a: bigint, b: bigint): bigint => {
  let [x, y] = [a < 0n ? -a : a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
};

/** @throws RangeError when the denominator is not above zero. */
export const fraction = (numerator: bigint, denominator: bigint): Fraction => {
  if (denominator <= 0n) throw new RangeError(`a denominator must be above zero, got ${denominator}`);
  const divisor = greatestCommonDivisor(numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
};

/**
 * Reads a decimal ("14.4") or a quotient of integers ("14/15"), exactly. Null when the text is neither.
 * At most 18 digits before and after the point.
 */
export const parseFraction = (text: string): Fraction | null => {
  const decimal = DECIMAL.exec(text);
  if (decimal !== null) {
    const [, sign = "", whole = "0", places = ""] = decimal;
    return fraction(BigInt(`${sign}${whole}${places}`), 10n ** BigInt(places.length));
  }
  const quotient = QUOTIENT.exec(text);
  if (quotient === null || BigInt(quotient[2] as string) === 0n) return null;
  return fraction(BigInt(quotient[1] as string), BigInt(quotient[2] as string));
};

/** a * b, exactly. */
export const multiply = (a: Fraction, b: Fraction): Fraction =>
  fraction(a.numerator * b.numerator, a.denominator * b.denominator);

/** a - b, exactly. */
export const subtract = (a: Fraction, b: Fraction): Fraction =>
  fraction(a.numerator * b.denominator - b.numerator * a.denominator, a.denominator * b.denominator);

/** Below zero, zero or above zero as `a` is less than, equal to or greater than `b`. */
export const compare = (a: Fraction, b: Fraction): -1 | 0 | 1 => {
  const [left, right] = [a.numerator * b.denominator, b.numerator * a.denominator];
  if (left === right) return 0;
  return left < right ? -1 : 1;
};

/** The nearest double. */
export const toNumber = (value: Fraction): number => Number(value.numerator) / Number(value.denominator);

/** A decimal when it ends ("14.4"), else the quotient in lowest terms ("14/15"). The inverse of `parseFraction`. */
export const formatFraction = (value: Fraction): string => {
  let [places, scale] = [0, 1n];
  while (places <= 18 && scale % value.denominator !== 0n) [places, scale] = [places + 1, scale * 10n];
  if (places > 18) return `${value.numerator}/${value.denominator}`;
  const scaled = (value.numerator * scale) / value.denominator;
  const digits = `${scaled < 0n ? -scaled : scaled}`.padStart(places + 1, "0");
  const text = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
  return scaled < 0n ? `-${text}` : text;
};
