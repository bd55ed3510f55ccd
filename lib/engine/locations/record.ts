import type { Database, Tx } from "#db/database.ts";
import { markMinutes } from "#db/queries/buckets.ts";
import type { LocationRow } from "#db/queries/config.ts";
import type { StoredSpan } from "#db/queries/eyesight.ts";
import { deleteBlindSpans, markSpanTold, upsertBlindSpans } from "#db/queries/eyesight.ts";
import { lockClosedUntil } from "#db/queries/rollup-progress.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import { instantText } from "#lib/contracts/api.ts";
import type { ProberResource } from "#lib/contracts/events.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { addMs, minuteOf } from "#lib/core/units.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import type { Lease } from "../lease.ts";
import { assertLease } from "../lease.ts";
import type { Judgement } from "./types.ts";

type Args = {
  readonly database: Database;
  readonly lease: Lease;
  readonly log: Logger;
  readonly now: EpochMs;
  readonly locations: readonly LocationRow[];
};

type Span = Pick<StoredSpan, "locationNo" | "cause" | "detail" | "since" | "until">;

/** Slots that count otherwise now: their closed minutes are rolled up again. */
const markTouched = async (tx: Tx, { locationNo, touched }: Judgement, closedUntil: EpochMinute | null) => {
  if (closedUntil === null) return;
  for (const { since, until } of touched) {
    const last = until === null ? closedUntil : minuteOf(addMs(until, -1)) + 1;
    await markMinutes(tx, { locationNo, from: minuteOf(since), until: Math.min(last, closedUntil) as EpochMinute });
  }
};

const resourceOf = (span: Span, until: EpochMs | null, locations: readonly LocationRow[]): ProberResource => {
  const location = locations.find(({ no }) => no === span.locationNo);
  const id = location?.id ?? String(span.locationNo);
  return {
    locationId: id,
    locationName: location?.name ?? id,
    state: until === null ? "blind" : "recovered",
    cause: span.cause,
    detail: span.detail,
    since: instantText(span.since),
    until: until === null ? null : instantText(until),
  };
};

const tell = async (tx: Tx, args: Args, span: Span, until: EpochMs | null): Promise<void> => {
  const data = resourceOf(span, until, args.locations);
  const type = until === null ? "prober.blind" : "prober.recovered";
  await recordEvent(tx, {
    type,
    subject: data.locationId,
    dedupKey: `${type}:${data.locationId}:${span.cause}:${span.since}`,
    data,
    occurredAt: until ?? span.since,
    notify: null,
    now: args.now,
  });
  args.log.warn({ location: data.locationId, cause: span.cause, detail: span.detail }, `event ${type}`);
};

/** Spans of which `prober.blind` told and that are over now, with their end. */
const endedOf = ({ judgements, spans }: Facts, now: EpochMs): { span: StoredSpan; until: EpochMs }[] =>
  judgements.flatMap(({ locationNo, cause, removed, written }) =>
    spans
      .filter((span) => span.locationNo === locationNo && span.cause === cause && span.toldAt !== null)
      .flatMap((span) => {
        const next = written.find(({ since }) => since === span.since);
        const until = removed.includes(span.since) ? now : (next?.until ?? null);
        return until === null || span.until !== null ? [] : [{ span, until }];
      }),
  );

/** Spans that go on and are sure enough to tell on-call. Those of reference checks need a second look. */
const dueOf = ({ judgements, spans, confirmed }: Facts): Span[] => {
  const isChanged = (span: StoredSpan): boolean =>
    judgements.some(({ locationNo, cause }) => locationNo === span.locationNo && cause === span.cause);
  const untold = spans.filter((span) => span.until === null && span.toldAt === null && !isChanged(span));
  const begun = judgements.flatMap(({ locationNo, cause, detail, written }) =>
    written
      .filter(({ until }) => until === null)
      .map(({ since }): Span => ({ locationNo, cause, detail, since, until: null })),
  );
  return [...untold, ...begun].filter(({ locationNo, cause }) => cause !== "reference" || confirmed.has(locationNo));
};

type Facts = {
  readonly judgements: readonly Judgement[];
  readonly spans: readonly StoredSpan[];
  /** Locations whose reference checks failed more than once in a row. */
  readonly confirmed: ReadonlySet<number>;
};

/**
 * Stores what was judged in one transaction under the lease: spans, marks of closed minutes whose slots count otherwise
 * now, and the events `prober.blind` and `prober.recovered`. True when anything was written.
 */
export const recordJudgements = async (args: Args, facts: Facts): Promise<boolean> => {
  const due = dueOf(facts);
  if (facts.judgements.length === 0 && due.length === 0) return false;
  await args.database.transaction(async (tx) => {
    await assertLease(tx, args.lease);
    // Held until the commit: a minute is closed either before, and marked here, or after, and sees the spans.
    const closedUntil = await lockClosedUntil(tx);
    for (const judgement of facts.judgements) {
      await deleteBlindSpans(tx, judgement, judgement.removed);
      await upsertBlindSpans(tx, judgement, { spans: judgement.written, detail: judgement.detail });
      await markTouched(tx, judgement, closedUntil);
    }
    for (const { span, until } of endedOf(facts, args.now)) await tell(tx, args, span, until);
    for (const span of due) {
      await tell(tx, args, span, null);
      await markSpanTold(tx, { ...span, now: args.now });
    }
  });
  return true;
};
