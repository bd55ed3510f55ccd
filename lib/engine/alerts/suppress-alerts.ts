import type { Db, Tx } from "#db/database.ts";
import { readLiveSilences } from "#db/queries/silences.ts";
import type { FiringRow } from "#db/queries/suppression.ts";
import { readDependencies, readFiring, writeSuppression } from "#db/queries/suppression.ts";
import { releaseEvent } from "#lib/commands/record-event.ts";
import type { Suppression } from "#lib/core/alerting/suppression.ts";
import { isSameSuppression, isSuppressed, suppressionOf } from "#lib/core/alerting/suppression.ts";
import type { EpochMs } from "#lib/core/units.ts";

/** Names what happened to an episode, the same on every instance and in every replay. */
export const eventKey = (
  episode: { readonly sloId: string | null; readonly pairId: string; readonly number: number },
  what: "firing" | "resolved",
): string => `alert:${episode.sloId ?? "threshold"}:${episode.pairId}:${episode.number}:${what}`;

type Judged = { readonly row: FiringRow; readonly next: Suppression };

/**
 * Who is told of each firing alert at `at`. A silence that is in force at `at` or `now` counts: minutes are judged some
 * seconds after their end, and what was silenced meanwhile is not told of.
 */
export const judgeSuppression = async (
  db: Db,
  args: { at: EpochMs; now: EpochMs; lock?: boolean },
): Promise<Judged[]> => {
  const { at, now, lock = false } = args;
  const firing = await readFiring(db, { lock });
  if (firing.length === 0) return [];
  const [from, to] = at < now ? [at, now] : [now, at];
  const silences = await readLiveSilences(db, { from, to });
  const dependsOn = await readDependencies(db);
  return firing.map((row) => {
    const then = suppressionOf(row, { firing, silences, dependsOn, at });
    if (at === now) return { row, next: then };
    const { silencedBy } = suppressionOf(row, { firing, silences, dependsOn, at: now });
    return { row, next: { ...then, silencedBy: [...new Set([...then.silencedBy, ...silencedBy])].sort() } };
  });
};

/** Whether an alert's suppression is another than it was. */
export const isChanged = ({ row, next }: Judged): boolean => !isSameSuppression(row, next);

/**
 * Brings what alerts say about who is told of them in line with silences, dependencies and pages. Returns the alerts that
 * nobody is told of, and those that were kept back and are free now: their events are due.
 */
export const refreshSuppression = async (
  tx: Tx,
  instants: { at: EpochMs; now: EpochMs },
): Promise<{ suppressed: ReadonlySet<string>; freed: readonly FiringRow[] }> => {
  const judged = await judgeSuppression(tx, { ...instants, lock: true });
  for (const one of judged) if (isChanged(one)) await writeSuppression(tx, one.row.id, one.next);
  const held = judged.filter(({ next }) => isSuppressed(next));
  const free = judged.filter(({ row, next }) => isSuppressed(row) && !isSuppressed(next));
  return { suppressed: new Set(held.map(({ row }) => row.id)), freed: free.map(({ row }) => row) };
};

/** Delivers the firing events of alerts that were kept back. Those that were told of before stay as they are. */
export const releaseAlerts = async (tx: Tx, freed: readonly FiringRow[], now: EpochMs): Promise<void> => {
  for (const row of freed) {
    const dedupKey = eventKey(row, "firing");
    await releaseEvent(tx, { dedupKey, type: "alert.firing", notify: row.notify, now });
  }
};
