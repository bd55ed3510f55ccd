import { isIP } from "node:net";
import type { PartRow } from "#db/queries/parts.ts";
import type { RunRow } from "#db/queries/runs.ts";
import type { AssertionFailure, Run } from "#lib/core/outcome.ts";
import { codeOfClass, MAX_RUN_PARTS } from "#lib/core/outcome.ts";
import type { DurationUs, EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

/** Longest `detail`, and longest text inside an assertion failure, in UTF-16 units. */
const LONGEST_DETAIL = 1_000;
/** Longest key and name of a part, in UTF-16 units. */
const LONGEST_KEY = 200;
const MOST_FAILURES = 20;
const LARGEST_INTEGER = 2 ** 31 - 1;
const LARGEST_SMALLINT = 2 ** 15 - 1;
const EARLIEST_MS = 0;
/** The last millisecond of the year 9999: later instants have a form that Postgres does not read. */
const LATEST_MS = 253_402_300_799_999;

const TRACE_ID = /^[0-9a-f]{32}$/;
// Postgres text holds no NUL, and neither its text nor its JSON holds half a character.
const NUL = "\u0000";
const HALF_CHARACTER = /\p{Surrogate}/gu;

/** A text that Postgres stores: without NUL, without half characters, at most `longest` UTF-16 units. */
export const storableText = (text: string, longest = LONGEST_DETAIL): string =>
  text.slice(0, longest).replaceAll(NUL, "").replace(HALF_CHARACTER, "\ufffd");

const integer = (value: number): number =>
  Number.isFinite(value) ? Math.min(Math.max(Math.round(value), 0), LARGEST_INTEGER) : 0;

const phase = (value: DurationUs | null): number | null => (value === null ? null : integer(value));

const instant = (value: number): EpochMs => epochMs(Math.min(Math.max(Math.floor(value), EARLIEST_MS), LATEST_MS));

const instantOrNull = (value: number | null): EpochMs | null =>
  value === null || !Number.isFinite(value) ? null : instant(value);

/** When a run started, as a delay after its slot where that fits two bytes, which is nearly always so. */
const startOf = (run: Run): Pick<RunRow, "startDelayMs" | "startedAt"> => {
  const scheduledAt = instant(run.scheduledAt);
  const startedAt = instantOrNull(run.startedAt) ?? scheduledAt;
  const delayMs = startedAt - scheduledAt;
  if (delayMs >= 0 && delayMs <= LARGEST_SMALLINT) return { startDelayMs: delayMs, startedAt: null };
  return { startDelayMs: null, startedAt };
};

/** An address without its IPv6 zone; null when it is none. */
const addressOf = (text: string | null): string | null => {
  const address = text?.replace(/%.*$/, "") ?? "";
  return isIP(address) === 0 ? null : address;
};

const storableFailures = (failures: readonly AssertionFailure[]): readonly AssertionFailure[] =>
  failures.slice(0, MOST_FAILURES).map(({ assertion, expected, seen }) => ({
    assertion: storableText(assertion),
    expected: storableText(expected),
    seen: storableText(seen),
  }));

const failuresOf = (failures: readonly AssertionFailure[]): string | null =>
  failures.length === 0 ? null : JSON.stringify(storableFailures(failures));

/** A run as a row whose values all fit their columns: what cannot be stored exactly is capped or left out, never an error. */
export const runRowOf = (run: Run, numbers: { probeNo: number; locationNo: number }): RunRow => {
  const { outcome } = run;
  return {
    scheduledAt: instant(run.scheduledAt),
    ...startOf(run),
    certificateExpiresAt: instantOrNull(outcome.certificateExpiresAt),
    probeNo: numbers.probeNo,
    locationNo: numbers.locationNo,
    durationUs: integer(outcome.durationUs),
    dnsUs: phase(outcome.phasesUs.dns),
    connectUs: phase(outcome.phasesUs.connect),
    tlsUs: phase(outcome.phasesUs.tls),
    firstByteUs: phase(outcome.phasesUs.firstByte),
    transferUs: phase(outcome.phasesUs.transfer),
    bytesRead: integer(outcome.bytesRead),
    classCode: codeOfClass(outcome.class),
    httpStatus: outcome.httpStatus === null ? null : Math.min(integer(outcome.httpStatus), 999),
    traceId: run.traceId !== null && TRACE_ID.test(run.traceId) ? run.traceId : null,
    address: addressOf(outcome.address),
    detail: outcome.detail === null ? null : storableText(outcome.detail),
    failures: failuresOf(outcome.failures),
  };
};

/** The parts of a run as rows, each key once. */
export const partRowsOf = (
  { scheduledAt, parts = [] }: Run,
  numbers: { probeNo: number; locationNo: number },
): readonly PartRow[] => {
  const rows = new Map<string, PartRow>();
  for (const part of parts.slice(0, MAX_RUN_PARTS)) {
    const key = storableText(part.key, LONGEST_KEY);
    if (key === "" || rows.has(key)) continue;
    rows.set(key, {
      ...numbers,
      key,
      scheduledAt: instant(scheduledAt),
      name: storableText(part.name, LONGEST_KEY),
      durationUs: integer(part.durationUs),
      classCode: codeOfClass(part.class),
      httpStatus: part.httpStatus === null ? null : Math.min(integer(part.httpStatus), 999),
      detail: part.detail === null ? null : storableText(part.detail),
      failures: part.failures.length === 0 ? null : storableFailures(part.failures),
    });
  }
  return [...rows.values()];
};
