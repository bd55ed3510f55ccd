import type { ProbeDefinition } from "#lib/core/definitions.ts";
import type { OutcomeClass, Vote } from "#lib/core/outcome.ts";
import type { MeasuredServiceState, PublicServiceState } from "#lib/core/status/severity.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import type { Db } from "../database.ts";

// What dashboards of probes and services read besides the lists of `/v1`: each is a few rows by a primary key.

/** A probe in force as it is run, secrets still sealed, and what the file lets it reach. Unique key of `probes`. */
export const readProbeToRun = async (
  db: Db,
  probeId: string,
): Promise<{ definition: ProbeDefinition; secretsCiphertext: string | null; allow: readonly string[] } | null> => {
  const rows = await db<{ definition: string; secrets_ciphertext: string | null; allow: string | null }[]>`
    select p.definition::text as definition, p.secrets_ciphertext,
           (select (document->'egress'->'allow')::text from config_versions order by version desc limit 1) as allow
      from probes p where p.id = ${probeId} and p.retired_at is null`;
  const row = rows[0];
  if (row === undefined) return null;
  return {
    definition: JSON.parse(row.definition) as ProbeDefinition,
    secretsCiphertext: row.secrets_ciphertext,
    allow: row.allow === null ? [] : (JSON.parse(row.allow) as string[]),
  };
};

/** The newest run of a probe at one location. */
export type LatestRun = {
  readonly probeId: string;
  readonly locationId: string;
  readonly at: EpochMs;
  readonly class: OutcomeClass;
  readonly vote: Vote;
};

/** The newest run of each probe of a service at each location: one row by the primary key of `runs` for each. */
export const readLatestRuns = async (db: Db, serviceId: string): Promise<LatestRun[]> => {
  const rows = await db<{ probe_id: string; location_id: string; at: Date; class: OutcomeClass; vote: Vote }[]>`
    select p.id as probe_id, l.id as location_id, r.scheduled_at as at, c.class, c.vote
      from probes p
      join first_runs f on f.probe_no = p.no
      join locations l on l.no = f.location_no
     cross join lateral (
       select scheduled_at, class from runs
        where probe_no = p.no and location_no = f.location_no order by scheduled_at desc limit 1) r
      join outcome_classes c on c.code = r.class
     where p.service_id = ${serviceId} and p.retired_at is null
     order by p.position, p.id, l.position, l.id`;
  return rows.map((row) => ({
    probeId: row.probe_id,
    locationId: row.location_id,
    at: epochMs(row.at.getTime()),
    class: row.class,
    vote: row.vote,
  }));
};

/** What one run saw of a part. */
export type PartMark = {
  readonly key: string;
  readonly at: EpochMs;
  readonly class: OutcomeClass;
  readonly vote: Vote;
};

/** What the newest runs saw of each part of a probe, from all its locations, oldest first: ranges of the key of `part_runs`. */
export const readPartMarks = async (
  db: Db,
  { probeId, limit }: { probeId: string; limit: number },
): Promise<PartMark[]> => {
  const rows = await db<{ key: string; at: Date; class: OutcomeClass; vote: Vote }[]>`
    select part.key, m.scheduled_at as at, c.class, c.vote
      from probes p
      join probe_parts part on part.probe_no = p.no
     cross join lateral (
       select r.scheduled_at, r.class from first_runs f
        cross join lateral (
          select scheduled_at, class from part_runs
           where part_no = part.no and location_no = f.location_no order by scheduled_at desc limit ${limit}::int) r
        where f.probe_no = p.no order by r.scheduled_at desc limit ${limit}::int) m
      join outcome_classes c on c.code = m.class
     where p.id = ${probeId}
     order by part.key collate "C", m.scheduled_at, m.class`;
  return rows.map(({ at, ...rest }) => ({ ...rest, at: epochMs(at.getTime()) }));
};

/** A state of a service from an instant until the next row. */
export type StateChange = {
  readonly since: EpochMs;
  readonly measured: MeasuredServiceState;
  readonly published: PublicServiceState;
};

/** The states of a service since `from` and the one that held then, the newest first, at most `limit`. Primary key. */
export const readStateChanges = async (
  db: Db,
  { serviceId, from, limit }: { serviceId: string; from: EpochMs; limit: number },
): Promise<StateChange[]> => {
  const at = new Date(from);
  const rows = await db<{ since: Date; measured: MeasuredServiceState; published: PublicServiceState }[]>`
    (select since, measured, published from service_states
      where service_id = ${serviceId} and since >= ${at}::timestamptz order by since desc limit ${limit}::int)
    union all
    (select since, measured, published from service_states
      where service_id = ${serviceId} and since < ${at}::timestamptz order by since desc limit 1)
    order by since desc`;
  return rows.map(({ since, ...rest }) => ({ ...rest, since: epochMs(since.getTime()) }));
};
