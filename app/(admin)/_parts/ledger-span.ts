import type { SloWindow } from "#lib/core/definitions.ts";
import { calendarSpanAt, nominalLength } from "#lib/core/slo/window.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs } from "#lib/core/units.ts";
import type { SearchParams } from "./view.ts";

/** A time that the ledger can be about. `key` is `spent=` of the address; null: the SLO's own window. */
export type LedgerSpan = { readonly key: string | null; readonly from?: EpochMs; readonly to?: EpochMs };

const MONTHS_BACK = 2;

const monthAt = (at: EpochMs, timeZone: string): { key: string; from: EpochMs; to: EpochMs } => {
  const window: SloWindow = { kind: "calendar", period: "month", timeZone, durationMs: nominalLength("month") };
  const { startsAt, endsAt } = calendarSpanAt(window, at);
  const key = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit" }).format(startsAt);
  return { key: key.slice(0, 7), from: startsAt, to: endsAt };
};

/** The own window, and this month and the two before it on the clock of `timeZone`. */
export const ledgerSpans = (at: EpochMs, timeZone: string): readonly LedgerSpan[] => {
  const months = [monthAt(at, timeZone)];
  for (let back = 0; back < MONTHS_BACK; back += 1) {
    const oldest = months.at(-1);
    if (oldest !== undefined) months.push(monthAt(addMs(oldest.from, -1), timeZone));
  }
  return [{ key: null }, ...months];
};

/** The span that an address asks for; the own window when it asks for none that there is. */
export const ledgerSpanOf = (search: SearchParams, spans: readonly LedgerSpan[]): LedgerSpan =>
  spans.find(({ key }) => key !== null && key === search.spent) ?? { key: null };
