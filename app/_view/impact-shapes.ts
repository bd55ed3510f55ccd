import type { StateSpan } from "./incident.ts";
import type { Role } from "./state-looks.ts";
import { ROLE_OF } from "./state-looks.ts";

export type Shape = {
  readonly role: Role;
  readonly x: number;
  readonly width: number;
  readonly y: number;
  readonly height: number;
};

const WIDTH = 720;
/** Drawn apart, as the days of the bars are. */
const GAP = 2;
/** Top and height of the blocks of each state, in a drawing 28 units high: calm is low, trouble is tall. */
const BLOCKS: Record<Role, readonly (readonly [number, number])[]> = {
  ok: [[19, 9]],
  degraded: [[13, 15]],
  partial: [
    [18, 10],
    [6, 10],
  ],
  major: [[0, 28]],
  maint: [
    [25, 3],
    [20, 3],
    [15, 3],
  ],
  none: [[26, 2]],
};

/** The blocks of one service's states over a range of time. Shortest spans stay a unit wide, so that nothing vanishes. */
export const spanShapes = (spans: readonly StateSpan[], range: { from: string; until: string }): readonly Shape[] => {
  const from = Date.parse(range.from);
  const whole = Math.max(1, Date.parse(range.until) - from);
  const xOf = (instant: string) => Math.min(WIDTH, Math.max(0, ((Date.parse(instant) - from) / whole) * WIDTH));
  return spans.flatMap(({ from: begin, until, state }) => {
    const x = Math.round(Math.min(xOf(begin), WIDTH - 1));
    const width = Math.max(1, Math.round(xOf(until ?? range.until)) - x - GAP);
    const role = ROLE_OF[state];
    return BLOCKS[role].map(([y, height]) => ({ role, x, width, y, height }));
  });
};
