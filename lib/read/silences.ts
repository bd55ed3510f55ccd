import type { Database } from "#db/database.ts";
import { readSilence, readSilences } from "#db/queries/silences.ts";
import type { SilenceResource } from "#lib/contracts/silences.ts";
import { silenceResource } from "#lib/contracts/silences.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import type { MemoryQuery, PageFor } from "./memory-list.ts";
import { listInMemory } from "./memory-list.ts";

/** Silences that are over are listed for this long. */
const LISTED_MS = 30 * DAY_MS;

/** One page of the silences of the last 30 days and of those to come, the newest first. */
export const listSilences = async <
  Query extends MemoryQuery & { readonly state?: SilenceResource["state"] | undefined },
>(
  database: Database,
  query: Query,
  now: EpochMs,
): Promise<PageFor<Query, SilenceResource>> => {
  const rows = await database.read((db) => readSilences(db, addMs(now, -LISTED_MS)));
  const all = rows.map((row) => silenceResource(row, now));
  return listInMemory(
    all.filter(({ state }) => query.state === undefined || state === query.state),
    query,
    {
      kind: "silences",
      textsOf: ({ id, author, comment }) => [id, author, comment],
      createdAtOf: ({ createdAt }) => createdAt,
    },
  );
};

/** @throws AppError NOT_FOUND */
export const getSilence = async (database: Database, id: string, now: EpochMs): Promise<SilenceResource> => {
  const row = await database.read((db) => readSilence(db, id));
  if (row === null) throw new AppError("NOT_FOUND", "there is no silence with this id");
  return silenceResource(row, now);
};
