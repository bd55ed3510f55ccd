import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import type { Db } from "../database.ts";

// Times during which an error budget was spent: one open at most an SLO.

/** Since when each budget that is spent has been. Unique index on open ones. */
export const readOpenExhaustions = async (db: Db): Promise<ReadonlyMap<string, EpochMs>> => {
  const rows = await db<{ sloId: string; exhaustedAt: Date }[]>`
    select slo_id as "sloId", exhausted_at as "exhaustedAt" from budget_exhaustions where recovered_at is null`;
  return new Map(rows.map(({ sloId, exhaustedAt }) => [sloId, epochMs(exhaustedAt.getTime())]));
};

/** Begins a time without budget. Returns its number, or null when one is open already. */
export const openExhaustion = async (
  db: Db,
  { sloId, exhaustedAt }: { sloId: string; exhaustedAt: EpochMs },
): Promise<number | null> => {
  const rows = await db<{ number: number }[]>`
    insert into budget_exhaustions (slo_id, number, exhausted_at)
    select ${sloId}, coalesce(max(number), 0) + 1, ${new Date(exhaustedAt)}::timestamptz
      from budget_exhaustions where slo_id = ${sloId}
    on conflict do nothing
    returning number`;
  return rows[0]?.number ?? null;
};

/** Ends the open times of these SLOs. */
export const closeExhaustions = async (
  db: Db,
  { sloIds, recoveredAt }: { sloIds: readonly string[]; recoveredAt: EpochMs },
): Promise<void> => {
  await db`
    update budget_exhaustions set recovered_at = ${new Date(recoveredAt)}, updated_at = now()
     where slo_id = any(${[...sloIds]}::text[]) and recovered_at is null`;
};
