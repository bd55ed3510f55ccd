import type { Db } from "#db/database.ts";
import type { PolledRange } from "#lib/core/promql/plan-poll.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { epochMs, minuteOf, startOfMinute } from "#lib/core/units.ts";

/** `ok`: the newest question was answered. `failing`: it was not, and `lastError` says why. */
export type SourceState = "ok" | "failing";

export type PromqlProgress = {
  readonly sloId: string;
  readonly version: number;
  readonly polled: PolledRange | null;
  readonly state: SourceState;
  readonly since: EpochMs;
  /** One line without addresses and secrets; with `ok` a remark on the newest answer, or null. */
  readonly lastError: string | null;
};

type Row = {
  slo_id: string;
  version: number;
  polled_from: Date | null;
  polled_until: Date | null;
  state: SourceState;
  since: Date;
  last_error: string | null;
};

const LONGEST_ERROR = 500;

const minuteText = (minute: EpochMinute): string => new Date(startOfMinute(minute)).toISOString();
const minuteAt = (at: Date): EpochMinute => minuteOf(epochMs(at.getTime()));

/** How far each PromQL SLO was read, and how its source is doing. Null: all of them; one short row each. */
export const readPromqlProgress = async (db: Db, sloIds: readonly string[] | null): Promise<PromqlProgress[]> => {
  const wanted = sloIds === null ? null : [...sloIds];
  const rows = await db<Row[]>`
    select slo_id, version, polled_from, polled_until, state, since, last_error
      from promql_progress where ${wanted === null} or slo_id = any(${wanted ?? []}::text[])`;
  return rows.map((row) => ({
    sloId: row.slo_id,
    version: row.version,
    polled:
      row.polled_from === null || row.polled_until === null
        ? null
        : { from: minuteAt(row.polled_from), until: minuteAt(row.polled_until) },
    state: row.state,
    since: epochMs(row.since.getTime()),
    lastError: row.last_error,
  }));
};

/** Replaces what is known of one SLO's source. Primary key. */
export const upsertPromqlProgress = async (db: Db, progress: PromqlProgress): Promise<void> => {
  const { sloId, version, polled, state, since, lastError } = progress;
  await db`
    insert into promql_progress (slo_id, version, polled_from, polled_until, state, since, last_error)
    values (${sloId}, ${version}, ${polled === null ? null : minuteText(polled.from)}::timestamptz,
            ${polled === null ? null : minuteText(polled.until)}::timestamptz, ${state}, ${new Date(since)},
            ${lastError === null ? null : lastError.slice(0, LONGEST_ERROR)})
    on conflict (slo_id) do update
       set version = excluded.version, polled_from = excluded.polled_from, polled_until = excluded.polled_until,
           state = excluded.state, since = excluded.since, last_error = excluded.last_error, updated_at = now()`;
};
