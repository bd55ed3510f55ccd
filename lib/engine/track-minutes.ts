// The arithmetic is pure, and read models count with it too.
export type { TrackMinutes } from "#lib/core/slo/track-minutes.ts";
export { createTrackMinutes, deriveAll, PARTS_A_SLICE, setCounts, setSpans } from "#lib/core/slo/track-minutes.ts";
