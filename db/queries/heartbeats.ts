import type { Db } from "#db/database.ts";
import type { HeartbeatProbeDefinition } from "#lib/core/definitions.ts";
import type { HearingSpan } from "#lib/core/heartbeat/hearing.ts";
import type { Ping, PingKind } from "#lib/core/heartbeat/ping.ts";
import type { DurationUs, EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import { HIDDEN } from "#lib/core/without-secrets.ts";

/** Of a message only this much is read back where runs are made. */
const SHORT_MESSAGE = 1_000;
/** So many pings before an instant tell all that the past leaves behind. */
const PINGS_BEFORE = 20;

export type PingRow = {
  readonly probeNo: number;
  readonly at: EpochMs;
  readonly kind: PingKind;
  readonly via: "kuma" | "gatus" | "healthchecks";
  readonly exitCode: number | null;
  readonly durationUs: DurationUs | null;
  /** A UUID. */
  readonly runId: string | null;
  readonly remote: string | null;
  readonly message: string | null;
};

/** Stores pings; each call stores them anew. */
export const insertPings = async (db: Db, pings: readonly PingRow[]): Promise<void> => {
  const rows = pings.map(({ at, ...rest }) => ({ ...rest, at: new Date(at).toISOString() }));
  await db`
    insert into heartbeats (at, duration_us, probe_no, exit_code, kind, via, run_id, remote, message)
    select at, "durationUs", "probeNo", "exitCode", kind, via, "runId", remote, message
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
        as r (at timestamptz, "durationUs" bigint, "probeNo" int, "exitCode" smallint, kind text, via text,
              "runId" uuid, remote inet, message text)`;
};

export type HeartbeatToken = { readonly probeNo: number; readonly probeId: string; readonly tokenSha256: string };

/** What the secret part of each heartbeat's address is found by; of rows in clear, as older releases write them, too. */
export const readHeartbeatTokens = async (db: Db): Promise<HeartbeatToken[]> => [
  ...(await db<HeartbeatToken[]>`
    select no as "probeNo", id as "probeId", t.sha256 as "tokenSha256"
      from probes
     cross join lateral (
       select case when definition ->> 'token' = ${HIDDEN} then token_sha256
                   else encode(sha256(convert_to(definition ->> 'token', 'UTF8')), 'hex') end as sha256) t
     where definition ->> 'type' = 'heartbeat' and retired_at is null and t.sha256 is not null`),
];

/** A heartbeat in force at its location. */
export type HeartbeatRow = {
  readonly probeNo: number;
  readonly locationNo: number;
  readonly definition: HeartbeatProbeDefinition;
  /** When this version came into force. */
  readonly activeFrom: EpochMs;
  /** All slots before it have their run; null before the first round. */
  readonly judgedUntil: EpochMs | null;
};

/** Heartbeats in force, by number. Cheap: read once a second. */
export const readHeartbeats = async (db: Db): Promise<HeartbeatRow[]> => {
  const rows = await db<
    { no: number; location_no: number; definition: string; active_from: Date; judged_until: Date | null }[]
  >`
    select p.no, l.no as location_no, p.definition::text as definition, v.active_from, h.judged_until
      from probes p
      join probe_versions v on v.probe_no = p.no and v.version = p.version
      join locations l on p.definition -> 'locations' ? l.id
      left join heartbeat_progress h on h.probe_no = p.no and h.location_no = l.no
     where p.definition ->> 'type' = 'heartbeat' and p.retired_at is null
     order by p.no, l.no`;
  return rows.map((row) => ({
    probeNo: row.no,
    locationNo: row.location_no,
    definition: JSON.parse(row.definition) as HeartbeatProbeDefinition,
    activeFrom: epochMs(row.active_from.getTime()),
    judgedUntil: row.judged_until === null ? null : epochMs(row.judged_until.getTime()),
  }));
};

export type PingRange = { readonly probeNo: number; readonly from: EpochMs; readonly until: EpochMs };

/** By probe number: the pings of each range, and those before it that still matter. Ranges of the primary key. */
export const readPings = async (db: Db, ranges: readonly PingRange[]): Promise<Map<number, Ping[]>> => {
  const wanted = ranges.map(({ probeNo, from, until }) => ({
    probe_no: probeNo,
    from_at: new Date(from).toISOString(),
    until_at: new Date(until).toISOString(),
  }));
  const rows = await db<
    {
      probe_no: number;
      at: Date;
      seq: bigint;
      kind: PingKind;
      exit_code: number | null;
      duration_us: bigint | null;
      run_id: string | null;
      words: string | null;
    }[]
  >`
    select h.probe_no, h.at, h.seq, h.kind, h.exit_code, h.duration_us, h.run_id,
           left(h.message, ${SHORT_MESSAGE}::int) as words
      from jsonb_to_recordset(${JSON.stringify(wanted)}::text::jsonb)
             as w (probe_no int, from_at timestamptz, until_at timestamptz)
     cross join lateral (
       (select b.* from heartbeats b
         where b.probe_no = w.probe_no and b.at < w.from_at and b.kind in ('ok', 'fail')
         order by b.at desc, b.seq desc limit 1)
       union
       (select b.* from heartbeats b
         where b.probe_no = w.probe_no and b.at < w.from_at and b.kind <> 'log'
         order by b.at desc, b.seq desc limit ${PINGS_BEFORE}::int)
       union
       (select b.* from heartbeats b
         where b.probe_no = w.probe_no and b.at >= w.from_at and b.at < w.until_at and b.kind <> 'log')
     ) h`;
  const byProbe = new Map<number, Ping[]>(ranges.map(({ probeNo }) => [probeNo, []]));
  for (const row of rows) {
    byProbe.get(row.probe_no)?.push({
      at: epochMs(row.at.getTime()),
      seq: row.seq,
      kind: row.kind,
      exitCode: row.exit_code,
      durationUs: row.duration_us === null ? null : (Number(row.duration_us) as DurationUs),
      runId: row.run_id,
      message: row.words,
    });
  }
  return byProbe;
};

/** Notes how far slots are judged; never back. */
export const setJudgedUntil = async (
  db: Db,
  rows: readonly { probeNo: number; locationNo: number; judgedUntil: EpochMs }[],
): Promise<void> => {
  const values = rows.map(({ judgedUntil, ...rest }) => ({ ...rest, at: new Date(judgedUntil).toISOString() }));
  await db`
    insert into heartbeat_progress as h (probe_no, location_no, judged_until)
    select "probeNo", "locationNo", at
      from jsonb_to_recordset(${JSON.stringify(values)}::text::jsonb)
        as r ("probeNo" int, "locationNo" smallint, at timestamptz)
     order by 1, 2
    on conflict (probe_no, location_no) do update
       set judged_until = greatest(h.judged_until, excluded.judged_until), updated_at = now()`;
};

/** Begins a span of hearing, and gives the number by which it is prolonged. */
export const beginHearing = async (db: Db, now: EpochMs): Promise<bigint> => {
  const at = new Date(now);
  const rows = await db<{ id: string }[]>`
    insert into hearing_spans (began_at, heard_until) values (${at}, ${at}) returning id::text as id`;
  return BigInt(rows[0]?.id ?? 0);
};

/** Prolongs a span of hearing. False when it is gone. */
export const prolongHearing = async (db: Db, args: { id: bigint; now: EpochMs }): Promise<boolean> => {
  const rows = await db`
    update hearing_spans set heard_until = greatest(heard_until, ${new Date(args.now)})
     where id = ${args.id.toString()}::bigint returning 1`;
  return rows.length === 1;
};

/** Spans of hearing that reach beyond an instant. */
export const readHearing = async (db: Db, args: { heardAfter: EpochMs }): Promise<HearingSpan[]> => {
  const rows = await db<{ began_at: Date; heard_until: Date }[]>`
    select began_at, heard_until from hearing_spans
     where heard_until >= ${new Date(args.heardAfter)} order by began_at`;
  return rows.map((row) => ({ since: epochMs(row.began_at.getTime()), until: epochMs(row.heard_until.getTime()) }));
};

/**
 * Deletes pings that no run can need any more: judged, and not among the newest `keep` of their probe. Returns how many
 * of at most `limit` went.
 */
export const deleteOldPings = async (db: Db, args: { keep: number; limit: number }): Promise<number> =>
  (
    await db`
      delete from heartbeats where (probe_no, at, seq) in (
        select h.probe_no, h.at, h.seq
          from probes p
         cross join lateral (
           select b.at from heartbeats b where b.probe_no = p.no order by b.at desc, b.seq desc
           offset ${args.keep}::int limit 1) newest
          join heartbeats h on h.probe_no = p.no and h.at <= newest.at
         where p.retired_at is not null
            or h.at < (select min(g.judged_until) from heartbeat_progress g where g.probe_no = p.no)
         limit ${args.limit}::int)`
  ).count;

/** Deletes spans of hearing that nothing asks about any more. */
export const deleteHearingBefore = async (db: Db, args: { before: EpochMs; limit: number }): Promise<number> =>
  (
    await db`
      delete from hearing_spans where id in (
        select id from hearing_spans where heard_until < ${new Date(args.before)} order by id limit ${args.limit}::int)`
  ).count;
