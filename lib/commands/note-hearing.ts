import type { Database } from "#db/database.ts";
import { beginHearing, prolongHearing } from "#db/queries/heartbeats.ts";
import type { Clock } from "#lib/runtime/clock.ts";

/** After a longer silence pings may have been refused: hearing begins anew. */
const LONGEST_HOLE_MS = 3_000;

export type HearingNotes = {
  /** Notes that pings can be received and stored now. Call it every second. @throws errors of the database. */
  readonly note: () => Promise<void>;
};

/** Keeps the record of when this process could hear, by which a missing beat is told from a lost one. */
export const createHearingNotes = ({ database, clock }: { database: Database; clock: Clock }): HearingNotes => {
  let id: bigint | null = null;
  let notedMs = 0;
  return {
    note: async () => {
      const now = clock.now();
      const askedMs = clock.monotonicMs();
      const known = id;
      const isWhole = known !== null && askedMs - notedMs <= LONGEST_HOLE_MS;
      await database.transaction(async (tx) => {
        if (isWhole && (await prolongHearing(tx, { id: known, now }))) return;
        id = await beginHearing(tx, now);
      });
      notedMs = askedMs;
    },
  };
};
