import type { Db } from "#db/database.ts";
import type { Breaker } from "#lib/core/calls/breaker.ts";
import type { EpochMs } from "#lib/core/units.ts";

/** An endpoint whose deliveries are held back by a breaker or a rate. */
export type GatedEndpoint = {
  readonly id: string;
  readonly maxInFlight: number;
  readonly breaker: Breaker | null;
  readonly maxPerSecond: number | null;
  readonly rateTokens: number | null;
  readonly rateAt: EpochMs | null;
};

/**
 * Locks the endpoints whose breaker is not closed or whose rate is limited. Those that somebody else holds are left out:
 * they get nothing this time. Never waits, so that it cannot wait in a circle with whoever records an event.
 */
export const lockGates = async (db: Db): Promise<GatedEndpoint[]> => {
  const rows = await db<(Omit<GatedEndpoint, "rateAt"> & { rateAt: Date | null })[]>`
    select id, max_in_flight as "maxInFlight", breaker, max_per_second as "maxPerSecond", rate_tokens as "rateTokens",
           rate_at as "rateAt"
      from endpoints
     where (admits_at is not null or max_per_second is not null) and retired_at is null
       and (state = 'active' or pending_url_ciphertext is not null)
       for no key update skip locked`;
  return rows.map(({ rateAt, ...row }) => ({ ...row, rateAt: rateAt === null ? null : (rateAt.getTime() as EpochMs) }));
};

export type GateAfter = {
  readonly id: string;
  readonly breaker: Breaker | null;
  readonly admitsAt: EpochMs | null;
  readonly tokens: number | null;
};

/** Writes what the gates of some endpoints look like after a claim. Call `lockGates` before. */
export const writeGates = async (db: Db, gates: readonly GateAfter[], now: EpochMs): Promise<void> => {
  const rows = gates.map(({ id, breaker, admitsAt, tokens }) => ({
    id,
    breaker,
    admits_at: admitsAt === null ? null : new Date(admitsAt).toISOString(),
    rate_tokens: tokens,
  }));
  await db`
    update endpoints e
       set breaker = r.breaker, admits_at = r.admits_at, rate_tokens = r.rate_tokens,
           rate_at = case when r.rate_tokens is null then null else ${new Date(now)}::timestamptz end
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
        as r (id text, breaker jsonb, admits_at timestamptz, rate_tokens double precision)
     where e.id = r.id`;
};

/** What is known about the health of an endpoint. */
export type EndpointHealth = { readonly breaker: Breaker | null; readonly failingSince: EpochMs | null };

/** Locks one endpoint and reads its health. Null when it is gone. */
export const lockHealth = async (db: Db, id: string): Promise<EndpointHealth | null> => {
  const rows = await db<{ breaker: Breaker | null; failingSince: Date | null }[]>`
    select breaker, failing_since as "failingSince" from endpoints where id = ${id} for no key update`;
  const row = rows[0];
  if (row === undefined) return null;
  return {
    breaker: row.breaker,
    failingSince: row.failingSince === null ? null : (row.failingSince.getTime() as EpochMs),
  };
};

/** Writes the health of an endpoint after an attempt. Call `lockHealth` before. */
export const writeHealth = async (
  db: Db,
  args: { id: string; breaker: Breaker | null; admitsAt: EpochMs | null; isSuccess: boolean; now: EpochMs },
): Promise<void> => {
  const at = new Date(args.now);
  const admitsAt = args.admitsAt === null ? null : new Date(args.admitsAt);
  const breaker = args.breaker === null ? null : JSON.stringify(args.breaker);
  await db`
    update endpoints
       set breaker = ${breaker}::text::jsonb, admits_at = ${admitsAt},
           failing_since = case when ${args.isSuccess} then null else coalesce(failing_since, ${at}::timestamptz) end,
           failing_warned_at = case when ${args.isSuccess} then null else failing_warned_at end
     where id = ${args.id}`;
};

/** Whether a success has anything to change. */
export const isTroubled = async (db: Db, id: string): Promise<boolean> => {
  const rows = await db`
    select 1 from endpoints where id = ${id} and (breaker is not null or failing_since is not null)`;
  return rows.length > 0;
};
