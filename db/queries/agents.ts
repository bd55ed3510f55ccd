import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

/** A registered key as the server needs it to judge a token. */
export type AgentKey = {
  readonly kid: string;
  readonly locationNo: number;
  readonly locationId: string;
  readonly locationName: string;
  readonly isLocationRetired: boolean;
  /** JSON text of a public JWK. */
  readonly jwk: string;
  readonly lastSeenAt: EpochMs | null;
  readonly isRevoked: boolean;
};

const instantOrNull = (at: Date | null): EpochMs | null => (at === null ? null : epochMs(at.getTime()));

/** One key by its name, revoked or not; null when it was never registered. Primary key of `agent_keys`. */
export const readAgentKey = async (db: Db, kid: string): Promise<AgentKey | null> => {
  const rows = await db<
    {
      kid: string;
      no: number;
      id: string;
      name: string;
      jwk: string;
      is_retired: boolean;
      last_seen_at: Date | null;
      is_revoked: boolean;
    }[]
  >`
    select k.kid, l.no, l.id, l.name, k.jwk::text as jwk, l.retired_at is not null as is_retired, k.last_seen_at,
           k.revoked_at is not null as is_revoked
      from agent_keys k join locations l on l.no = k.location_no
     where k.kid = ${kid}`;
  const row = rows[0];
  if (row === undefined) return null;
  return {
    kid: row.kid,
    locationNo: row.no,
    locationId: row.id,
    locationName: row.name,
    isLocationRetired: row.is_retired,
    jwk: row.jwk,
    lastSeenAt: instantOrNull(row.last_seen_at),
    isRevoked: row.is_revoked,
  };
};

/** Registers a key. False when there is one of this name already. */
export const insertAgentKey = async (
  db: Db,
  key: { kid: string; locationNo: number; jwk: string },
): Promise<boolean> => {
  const rows = await db`
    insert into agent_keys (kid, location_no, jwk) values (${key.kid}, ${key.locationNo}, ${key.jwk}::text::jsonb)
    on conflict (kid) do nothing
    returning 1`;
  return rows.length === 1;
};

/** Revokes a key for good. False when there is none of this name that is not revoked. */
export const revokeAgentKey = async (db: Db, args: { kid: string; now: EpochMs }): Promise<boolean> => {
  const rows = await db`
    update agent_keys set revoked_at = ${new Date(args.now)}, updated_at = now()
     where kid = ${args.kid} and revoked_at is null
    returning 1`;
  return rows.length === 1;
};

/** Notes that an agent was heard of, and by how much its clock differs where it said so. */
export const touchAgentKey = async (
  db: Db,
  args: { kid: string; now: EpochMs; clockOffsetMs: number | null },
): Promise<void> => {
  await db`
    update agent_keys
       set last_seen_at = greatest(last_seen_at, ${new Date(args.now)}),
           clock_offset_ms = coalesce(${args.clockOffsetMs}::int4, clock_offset_ms), updated_at = now()
     where kid = ${args.kid}`;
};

export type AgentKeyRow = {
  readonly kid: string;
  readonly locationId: string;
  readonly createdAt: EpochMs;
  readonly lastSeenAt: EpochMs | null;
  readonly revokedAt: EpochMs | null;
  readonly clockOffsetMs: number | null;
};

/** All keys, those in force first. A few rows a location. */
export const readAgentKeys = async (db: Db): Promise<AgentKeyRow[]> => {
  const rows = await db<
    {
      kid: string;
      id: string;
      created_at: Date;
      last_seen_at: Date | null;
      revoked_at: Date | null;
      clock_offset_ms: number | null;
    }[]
  >`
    select k.kid, l.id, k.created_at, k.last_seen_at, k.revoked_at, k.clock_offset_ms
      from agent_keys k join locations l on l.no = k.location_no
     order by k.revoked_at is not null, l.id, k.created_at, k.kid`;
  return rows.map((row) => ({
    kid: row.kid,
    locationId: row.id,
    createdAt: epochMs(row.created_at.getTime()),
    lastSeenAt: instantOrNull(row.last_seen_at),
    revokedAt: instantOrNull(row.revoked_at),
    clockOffsetMs: row.clock_offset_ms,
  }));
};

export type AgentLocation = {
  readonly locationNo: number;
  readonly locationId: string;
  /** When its agent was last heard of; before the first time, when its first key in force was registered. */
  readonly heardAt: EpochMs;
};

/** Locations that are run by an agent: those with a key in force. All others are run by the probe role. */
export const readAgentLocations = async (db: Db): Promise<AgentLocation[]> => {
  const rows = await db<{ no: number; id: string; heard_at: Date }[]>`
    select l.no, l.id, coalesce(max(k.last_seen_at), min(k.created_at)) as heard_at
      from agent_keys k join locations l on l.no = k.location_no
     where k.revoked_at is null group by l.no, l.id order by l.no`;
  return rows.map((row) => ({
    locationNo: row.no,
    locationId: row.id,
    heardAt: epochMs(row.heard_at.getTime()),
  }));
};
