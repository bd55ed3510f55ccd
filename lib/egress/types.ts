import type { OutcomeClass, Phases } from "#lib/core/outcome.ts";
import type { DurationUs, EpochMs } from "#lib/core/units.ts";

/** What may go wrong between the URL and the last byte of the answer; named as runs are classed. */
export type FailureClass = Extract<
  OutcomeClass,
  | "connect_refused"
  | "connect_timeout"
  | "connect_reset"
  | "empty_reply"
  | "dns_error"
  | "tls_error"
  | "timeout"
  | "protocol_error"
  | "too_large"
  | "decode_error"
  | "too_many_redirects"
  | "blocked"
  | "internal_error"
  | "skipped"
>;

/** `detail` is a short word: an error code, or the phase that a timeout fell into. It never holds a secret. */
export type Failure = { readonly kind: "failed"; readonly class: FailureClass; readonly detail: string };

export type PhaseName = "dns" | "connect" | "tls" | "first_byte" | "transfer";

/** Names in lower case, in the order and number they came in. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

export type Answered = {
  readonly kind: "answered";
  readonly status: number;
  readonly headers: HeaderList;
  /** After content decoding. Empty for HEAD, 204 and 304, and for a redirect that is followed. */
  readonly body: Buffer;
};

/** What a request came to, with its cost. Times are of all hops together, bytes those of bodies as sent. */
export type Exchange = {
  readonly result: Answered | Failure;
  /** Of the last head that came whole, also when what followed was broken. */
  readonly status: number | null;
  readonly durationUs: DurationUs;
  readonly phasesUs: Phases;
  readonly bytesRead: number;
  /** The address of the last connection. */
  readonly address: string | null;
  readonly certificateExpiresAt: EpochMs | null;
};

/** Bytes and fields. */
export type Caps = {
  readonly headBytes: number;
  readonly headFields: number;
  readonly bodyBytes: number;
  readonly decodedBytes: number;
};

export const DEFAULT_CAPS: Caps = {
  headBytes: 16_384,
  headFields: 2_000,
  bodyBytes: 1_048_576,
  decodedBytes: 1_048_576,
};

export const BLOCKED: Failure = { kind: "failed", class: "blocked", detail: "address not allowed" };
