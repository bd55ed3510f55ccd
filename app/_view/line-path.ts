/** A box to draw in: x and y of the corner with the smallest values, in drawing units. */
export type Box = { readonly left: number; readonly top: number; readonly width: number; readonly height: number };

/** A minus sign separates as well as a space does. */
const stepText = (dx: number, dy: number): string => {
  if (dy === 0) return `h${dx}`;
  return dy < 0 ? `l${dx}${dy}` : `l${dx} ${dy}`;
};

/**
 * The path of a line through values at equal steps, with gaps where a value is null: nothing is drawn that was not
 * measured. A lone value becomes a dot (the stroke's round cap). Coordinates are whole units, written relatively,
 * which keeps a sparkline of 48 values under 200 bytes.
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
  let path = "";
  let last: { x: number; y: number } | null = null;
  let isDrawn = false;
  values.forEach((value, index) => {
    if (value === null) {
      if (last !== null && !isDrawn) path += "h0";
      last = null;
      return;
    }
    const at = { x: Math.round(box.left + index * step), y: yOf(value) };
    isDrawn = last !== null;
    if (last === null) path += `M${at.x} ${at.y}`;
    else path += stepText(at.x - last.x, at.y - last.y);
    last = at;
  });
  return last !== null && !isDrawn ? `${path}h0` : path;
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
