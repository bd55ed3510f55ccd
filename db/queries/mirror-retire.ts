import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";

// What left the file is retired, never deleted: runs, alerts and incidents point at it.

type Retire = (db: Db, ids: readonly string[], now: EpochMs) => Promise<void>;

/** Takes locations out of use; their runs stay. */
export const retireLocations: Retire = async (db, ids, now) => {
  await db`update locations set retired_at = ${new Date(now)}, updated_at = now() where id = any(${[...ids]}::text[])`;
};

/** Takes services out of use and forgets their sealed secrets. */
export const retireServices: Retire = async (db, ids, now) => {
  await db`update services set retired_at = ${new Date(now)}, secrets_ciphertext = null, updated_at = now()
            where id = any(${[...ids]}::text[])`;
};

/** From `now` on no run of these probes is expected, and no secret of theirs is needed. */
export const retireProbes: Retire = async (db, ids, now) => {
  const at = new Date(now);
  await db`
    update probes set retired_at = ${at}, secrets_ciphertext = null, token_sha256 = null, updated_at = now()
     where id = any(${[...ids]}::text[])`;
  await db`
    update probe_versions as v set active_until = greatest(v.active_from, ${at}::timestamptz)
      from probes p
     where p.no = v.probe_no and p.id = any(${[...ids]}::text[]) and v.active_until is null`;
};

/** Takes SLOs out of use, ends their versions and forgets their sealed secrets. */
export const retireSlos: Retire = async (db, ids, now) => {
  const at = new Date(now);
  await db`update slos set retired_at = ${at}, secrets_ciphertext = null, updated_at = now()
            where id = any(${[...ids]}::text[])`;
  await db`
    update slo_versions set active_until = greatest(active_from, ${at}::timestamptz)
     where slo_id = any(${[...ids]}::text[]) and active_until is null`;
};

/** An endpoint that is gone gets nothing more: what waits for it is canceled. */
export const retireEndpoints: Retire = async (db, ids, now) => {
  const at = new Date(now);
  await db`update endpoints set retired_at = ${at}, updated_at = now() where id = any(${[...ids]}::text[])`;
  await db`
    update deliveries
       set state = 'canceled', finished_at = ${at}, leased_until = null, lease_token = null, updated_at = now(),
           last_error = 'the endpoint was removed from the configuration'
     where endpoint_id = any(${[...ids]}::text[]) and state = 'pending'`;
};
