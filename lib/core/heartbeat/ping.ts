import type { DurationUs, EpochMs } from "../units.ts";

/** What somebody reported: it went well, it failed, it began, or only words. */
export type PingKind = "ok" | "fail" | "start" | "log";

/** A beat as it was received. */
export type Ping = {
  readonly at: EpochMs;
  /** Orders beats of the same instant. */
  readonly seq: bigint;
  readonly kind: PingKind;
  readonly exitCode: number | null;
  /** How long the work took, where the sender said so. */
  readonly durationUs: DurationUs | null;
  /** Ties the end of a piece of work to its start (`rid`). */
  readonly runId: string | null;
  readonly message: string | null;
};

/** All that the past leaves behind: the last word on how it went, and work that began and has not ended. */
export type Heard = { readonly verdict: Ping | null; readonly start: Ping | null };

export const NOTHING_HEARD: Heard = { verdict: null, start: null };

const ends = (verdict: Ping, start: Ping): boolean =>
  verdict.runId === null || start.runId === null || verdict.runId === start.runId;

/** What is known after one more ping. Of several starts the newest counts, as Healthchecks has it. */
export const hear = (heard: Heard, ping: Ping): Heard => {
  switch (ping.kind) {
    case "ok":
    case "fail":
      return { verdict: withDuration(ping, heard.start), start: endsStart(ping, heard.start) ? null : heard.start };
    case "start":
      return { ...heard, start: ping };
    case "log":
      return heard;
  }
};

const endsStart = (verdict: Ping, start: Ping | null): boolean => start !== null && ends(verdict, start);

/** The time since the start, where the sender gave no duration of its own. */
const withDuration = (verdict: Ping, start: Ping | null): Ping =>
  verdict.durationUs !== null || start === null || !ends(verdict, start)
    ? verdict
    : { ...verdict, durationUs: (Math.max(0, verdict.at - start.at) * 1_000) as DurationUs };

/** In the order in which they came. */
export const inOrder = (pings: readonly Ping[]): Ping[] =>
  [...pings].sort((a, b) => a.at - b.at || (a.seq < b.seq ? -1 : a.seq > b.seq ? 1 : 0));
