import type { DurationUs, EpochMs } from "./units.ts";
import { durationUs } from "./units.ts";

/**
 * Every class that a run can have, in the order of their codes in the database (`runs.class`).
 * Append only: a code is never given to another class.
 */
export const OUTCOME_CLASSES = [
  "ok",
  "slow",
  "connect_refused",
  "connect_timeout",
  "connect_reset",
  "empty_reply",
  "dns_error",
  "tls_error",
  "timeout",
  "protocol_error",
  "bad_status",
  "body_mismatch",
  "too_large",
  "decode_error",
  "too_many_redirects",
  "blocked",
  "internal_error",
  "skipped",
] as const;

export type OutcomeClass = (typeof OUTCOME_CLASSES)[number];

const CODE_BY_CLASS = new Map<OutcomeClass, number>(OUTCOME_CLASSES.map((name, code) => [name, code]));

/** The number that stands for a class in `runs.class`. */
export const codeOfClass = (name: OutcomeClass): number => CODE_BY_CLASS.get(name) as number;

/** @throws RangeError when no class has this code. */
export const classOfCode = (code: number): OutcomeClass => {
  const name = OUTCOME_CLASSES[code];
  if (name === undefined) throw new RangeError(`no outcome class has the code ${code}`);
  return name;
};

/** Where the time of a run went. Null: the phase was not reached or does not apply (no TLS on http). */
export type Phases = {
  readonly dns: DurationUs | null;
  readonly connect: DurationUs | null;
  readonly tls: DurationUs | null;
  readonly firstByte: DurationUs | null;
  readonly transfer: DurationUs | null;
};

/** One assertion that did not hold: what was due and an excerpt of what came (at most 1 kB, no NUL). */
export type AssertionFailure = {
  readonly assertion: string;
  readonly expected: string;
  readonly seen: string;
};

/** What one run saw. `detail` is a short reason for people and never holds a secret. */
export type Outcome = {
  readonly class: OutcomeClass;
  readonly detail: string | null;
  readonly durationUs: DurationUs;
  readonly phasesUs: Phases;
  readonly httpStatus: number | null;
  readonly bytesRead: number;
  readonly address: string | null;
  readonly certificateExpiresAt: EpochMs | null;
  readonly failures: readonly AssertionFailure[];
};

/** The outcome of a run that exchanged nothing over the network: it has no phases, no bytes and no address. */
export const unmeasured = (name: OutcomeClass, detail: string | null): Outcome => ({
  class: name,
  detail,
  durationUs: durationUs(0),
  phasesUs: { dns: null, connect: null, tls: null, firstByte: null, transfer: null },
  httpStatus: null,
  bytesRead: 0,
  address: null,
  certificateExpiresAt: null,
  failures: [],
});

/**
 * What a run saw of a step of a journey or of an entry of a health document. `key` is stable over runs and unique in its
 * run, at most 200 characters.
 */
export type RunPart = { readonly key: string; readonly name: string } & Pick<
  Outcome,
  "class" | "detail" | "durationUs" | "httpStatus" | "failures"
>;

/** More parts than this are not kept of one run. */
export const MAX_RUN_PARTS = 100;

/** One execution of a probe at a scheduled instant from one location. */
export type Run = {
  readonly probeId: string;
  readonly locationId: string;
  readonly scheduledAt: EpochMs;
  readonly startedAt: EpochMs;
  /** 32 lower-case hex digits, sent to the target as the trace id of `traceparent`. Null when nothing was sent. */
  readonly traceId: string | null;
  readonly outcome: Outcome;
  /** Absent for checks that have none. */
  readonly parts?: readonly RunPart[] | undefined;
};

export type Vote = "good" | "bad" | "none";

/** The vote of a run for availability. Our own fault is never the target's outage, so it votes none. */
export const voteOfClass = (name: OutcomeClass): Vote => {
  switch (name) {
    case "ok":
    case "slow":
      return "good";
    case "blocked":
    case "internal_error":
    case "skipped":
      return "none";
    case "connect_refused":
    case "connect_timeout":
    case "connect_reset":
    case "empty_reply":
    case "dns_error":
    case "tls_error":
    case "timeout":
    case "protocol_error":
    case "bad_status":
    case "body_mismatch":
    case "too_large":
    case "decode_error":
    case "too_many_redirects":
      return "bad";
  }
};
