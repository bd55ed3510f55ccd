/** A box to draw in: x and y of the corner with the smallest values, in drawing units. */
export type Box = { readonly left: number; readonly top: number; readonly width: number; readonly height: number };

/** A minus sign separates as well as a space does. */
const stepText = (dx: number, dy: number): string => {
  if (dy === 0) return `h${dx}`;
  return dy < 0 ? `l${dx}${dy}` : `l${dx} ${dy}`;
};

/**
 * The path of a line through values at equal steps, with gaps where a value is null: nothing is drawn that was not
 * measured. A lone value becomes a level dash as long as its step, inside the box: a dot of the stroke's width would not
 * be seen. Coordinates are whole units, written relatively, which keeps a sparkline of 48 values under 200 bytes.
 */
export const linePath = (
  values: readonly (number | null)[],
  range: { low: number; high: number },
  box: Box,
): string => {
  const step = values.length > 1 ? box.width / (values.length - 1) : 0;
  const spread = range.high - range.low;
  const yOf = (value: number) =>
    Math.round(box.top + box.height * (spread > 0 ? 1 - (value - range.low) / spread : 0.5));
  const xOf = (index: number) => Math.round(box.left + index * step);
  const dashAt = (index: number, value: number): string => {
    const from = Math.max(box.left, xOf(index - 0.5));
    return `M${from} ${yOf(value)}h${Math.min(box.left + box.width, xOf(index + 0.5)) - from}`;
  };
  const known = (index: number): number | null => values[index] ?? null;
  return values
    .map((value, index) => {
      if (value === null) return "";
      const before = known(index - 1);
      if (before !== null) return stepText(xOf(index) - xOf(index - 1), yOf(value) - yOf(before));
      return known(index + 1) === null ? dashAt(index, value) : `M${xOf(index)} ${yOf(value)}`;
    })
    .join("");
};

/** The range of a sparkline: from the lowest value to at least half as much again, so that noise stays small. */
export const calmRange = (values: readonly (number | null)[]): { low: number; high: number } | null => {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  const low = Math.min(...known);
  return { low: low * 0.9, high: Math.max(Math.max(...known), low * 1.5) };
};

const NICE = [1, 2, 2.5, 5, 10];
/** The smallest round number that is at least `value`: the top of a chart's scale. */
export const roundUp = (value: number): number => {
  if (value <= 0) return 1;
  const magnitude = 10 ** Math.floor(Math.log10(value));
  return (NICE.find((nice) => nice * magnitude >= value) ?? 10) * magnitude;
};
