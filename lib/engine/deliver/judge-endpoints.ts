import type { Database } from "#db/database.ts";
import { lockEndpoints } from "#db/queries/deliveries.ts";
import type { FailingEndpoint } from "#db/queries/endpoint-health.ts";
import { markWarned, readFailingEndpoints } from "#db/queries/endpoint-health.ts";
import { disableAndTell, tellFailing } from "#lib/commands/endpoints/tell-endpoint.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";

/** An endpoint that took nothing for this long is disabled; its owner is told a day before. */
const DISABLED_AFTER_MS = 5 * DAY_MS;
const WARNED_AFTER_MS = 4 * DAY_MS;

/** Disables endpoints that only failed for five days, and warns of those that did for four. Returns how many of each. */
export const judgeEndpoints = async (
  database: Database,
  now: EpochMs,
): Promise<{ disabled: number; warned: number }> => {
  const isLong = ({ failingSince }: FailingEndpoint): boolean => addMs(failingSince, DISABLED_AFTER_MS) <= now;
  const since = addMs(now, -WARNED_AFTER_MS);
  const suspects = await database.read((db) => readFailingEndpoints(db, since));
  if (!suspects.some((endpoint) => !endpoint.isWarned || isLong(endpoint))) return { disabled: 0, warned: 0 };
  return database.transaction(async (tx) => {
    await lockEndpoints(tx);
    const failing = await readFailingEndpoints(tx, since);
    const warned = failing.filter(({ isWarned }) => !isWarned);
    for (const endpoint of warned) await tellFailing(tx, endpoint, now);
    await markWarned(
      tx,
      warned.map(({ id }) => id),
      now,
    );
    // Whoever was warned just now has a day from now on.
    const ended = failing.filter((endpoint) => endpoint.isWarned && isLong(endpoint));
    for (const { id } of ended) await disableAndTell(tx, { id, reason: "every attempt failed for five days", now });
    return { disabled: ended.length, warned: warned.length };
  });
};
