// K1–K6 of the fault scenarios, from raw rows. Shares no code with the product on purpose: what it checks, it computes itself.
import { createHmac } from "node:crypto";
import { readdir } from "node:fs/promises";
import type postgres from "postgres";
import type { Received } from "./receiver.ts";
import type { DownSpan } from "./scripted-target.ts";

export type Finding = { readonly checker: "K1" | "K2" | "K3" | "K4" | "K5" | "K6"; readonly what: string };

/**
 * K1: between the first and the last closed minute every probe has one bucket a minute, and it says what the raw runs say.
 * `sinceMs`: where older days were dropped, what to begin with.
 */
export const checkBuckets = async (sql: postgres.Sql, sinceMs = 0): Promise<Finding[]> => {
  const rows = await sql<{ what: string }[]>`
    with span as (
      select b.probe_no, b.location_no, min(b.minute) as first, max(b.minute) as last from buckets b
       where b.minute >= ${new Date(sinceMs)} group by 1, 2),
    minutes as (
      select s.probe_no, s.location_no, m as minute from span s, generate_series(s.first, s.last, interval '1 minute') m),
    raw as (
      select r.probe_no, r.location_no, date_trunc('minute', r.scheduled_at) as minute, count(*) as total,
             count(*) filter (where c.vote = 'good') as good, count(*) filter (where c.vote = 'bad') as bad
        from runs r join outcome_classes c on c.code = r.class group by 1, 2, 3)
    select format('probe %s at %s, %s: bucket %s/%s/%s, raw %s/%s/%s, expected %s', m.probe_no, m.location_no, m.minute,
                  b.good, b.bad, b.total, coalesce(r.good, 0), coalesce(r.bad, 0), coalesce(r.total, 0), b.expected) as what
      from minutes m
      left join buckets b using (probe_no, location_no, minute)
      left join raw r using (probe_no, location_no, minute)
     where b.total is null or b.total <> coalesce(r.total, 0) or b.good <> coalesce(r.good, 0) or b.bad <> coalesce(r.bad, 0)
        or b.total > b.expected`;
  return rows.map(({ what }) => ({ checker: "K1", what }));
};

/** K1: scheduled instants that have no run, between the first and the last run of each probe. `allowed` is how many may be missing. */
export const checkMissingRuns = async (sql: postgres.Sql, intervalMs: number, allowed: number): Promise<Finding[]> => {
  const [row] = await sql<{ missing: string }[]>`
    with spans as (
      select probe_no, location_no, min(scheduled_at) as first, max(scheduled_at) as last, count(*) as runs from runs group by 1, 2)
    select coalesce(sum(round(extract(epoch from last - first) * 1000 / ${intervalMs}) + 1 - runs), 0)::text as missing from spans`;
  const missing = Number(row?.missing ?? 0);
  return missing > allowed ? [{ checker: "K1", what: `${missing} scheduled runs are missing, ${allowed} may be` }] : [];
};

/**
 * K1: instants without a run, between the first and the last run of each probe, are no more than `allowedIn` says for the
 * time between the two runs around them. What is allowed is no data all the same: the minute still expects those runs.
 */
export const checkGaps = async (
  sql: postgres.Sql,
  { intervalMs, allowedIn }: { intervalMs: number; allowedIn: (fromMs: number, untilMs: number) => number },
): Promise<{ findings: Finding[]; missing: number; longest: number }> => {
  const gaps = await sql<{ probe: string; before: Date; after: Date; missed: number }[]>`
    select p.id as probe, s.before, s.after, s.missed
      from (select probe_no, scheduled_at as after, lag(scheduled_at) over one as before,
                   round(extract(epoch from scheduled_at - lag(scheduled_at) over one) * 1000 / ${intervalMs})::int - 1 as missed
              from runs window one as (partition by probe_no, location_no order by scheduled_at)) s
      join probes p on p.no = s.probe_no where s.missed > 0`;
  const findings = gaps
    .filter(({ before, after, missed }) => missed > allowedIn(before.getTime(), after.getTime()))
    .map(({ probe, before, missed }) => ({
      checker: "K1" as const,
      what: `${probe} misses ${missed} runs after ${before.toISOString()}`,
    }));
  const unexpected = await sql<{ what: string }[]>`
    select format('probe %s expects %s runs in %s', b.probe_no, b.expected, b.minute) as what
      from buckets b join (select probe_no, min(minute) as first, max(minute) as last from buckets group by 1) span using (probe_no)
     where b.minute > span.first and b.minute < span.last and b.expected <> ${60_000 / intervalMs}`;
  return {
    findings: [...findings, ...unexpected.map(({ what }) => ({ checker: "K1" as const, what }))],
    missing: gaps.reduce((sum, { missed }) => sum + missed, 0),
    longest: Math.max(0, ...gaps.map(({ missed }) => missed)),
  };
};

/** K1: every run was made: none was skipped, none failed by a fault of ours. */
export const checkSkipped = async (sql: postgres.Sql): Promise<Finding[]> => {
  const rows = await sql<{ what: string }[]>`
    select format('%s runs are %s (%s)', count(*), c.class, r.detail) as what
      from runs r join outcome_classes c on c.code = r.class
     where c.class in ('skipped', 'internal_error') group by c.class, r.detail`;
  return rows.map(({ what }) => ({ checker: "K1", what }));
};

/** K3 of a target that was never down: nothing alerted. */
export const checkNoAlerts = async (sql: postgres.Sql): Promise<Finding[]> => {
  const rows = await sql<{ what: string }[]>`select format('%s %s alerted', slo_id, pair_id) as what from alerts`;
  return rows.map(({ what }) => ({ checker: "K3", what }));
};

/**
 * K2: good and total of each SLO's packed hours equal the slots of the raw runs, decided by the majority of locations
 * (availability). `sinceMs` as for the buckets.
 */
export const checkSliHours = async (sql: postgres.Sql, sinceMs = 0): Promise<Finding[]> => {
  const rows = await sql<{ what: string }[]>`
    with packed as (
      select h.slo_id, h.hour + (i - 1) * interval '1 minute' as minute, (coalesce(h.good, h.total))[i] as good, h.total[i] as total
        from sli_hours h, generate_series(1, 60) i where h.total[i] > 0),
    slots as (
      select s.id as slo_id, r.probe_no, r.scheduled_at, least(2, max(jsonb_array_length(p.definition -> 'locations'))) as needed,
             count(*) filter (where c.vote = 'good') as good, count(*) filter (where c.vote = 'bad') as bad
        from slos s join probes p on s.definition -> 'probes' ? p.id join runs r on r.probe_no = p.no
        join outcome_classes c on c.code = r.class
       where c.vote <> 'none' and s.definition -> 'sli' ->> 'kind' = 'availability'
         and r.scheduled_at < (select closed_until from rollup_progress)
       group by 1, 2, 3),
    raw as (
      select slo_id, date_trunc('minute', scheduled_at) as minute, count(*) filter (where good > bad) as good, count(*) as total
        from slots where good <> bad and good + bad >= needed group by 1, 2)
    select format('%s %s: packed %s/%s, raw %s/%s', coalesce(p.slo_id, r.slo_id), coalesce(p.minute, r.minute), p.good, p.total, r.good, r.total) as what
      from packed p full join raw r using (slo_id, minute)
      join slos s on s.id = coalesce(p.slo_id, r.slo_id) and s.definition -> 'sli' ->> 'kind' = 'availability'
     where (p.good is distinct from r.good or p.total is distinct from r.total)
       and coalesce(p.minute, r.minute) >= ${new Date(sinceMs)}`;
  return rows.map(({ what }) => ({ checker: "K2", what }));
};

const isSignedWith = (received: Received, secret: string): boolean => {
  const id = received.headers["webhook-id"] ?? "";
  const timestamp = received.headers["webhook-timestamp"] ?? "";
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.${received.body}`).digest("base64");
  return (received.headers["webhook-signature"] ?? "").split(" ").includes(`v1,${expected}`);
};

/** K3: episodes alternate without holes, and the receiver has each event of the database, and no other, correctly signed. */
export const checkAlerts = async (
  sql: postgres.Sql,
  received: readonly Received[],
  secret: string,
): Promise<Finding[]> => {
  const findings: Finding[] = [];
  const holes = await sql<{ what: string }[]>`
    select format('%s %s has %s episodes, the last is number %s', slo_id, pair_id, count(*), max(number)) as what
      from alerts group by slo_id, pair_id having count(*) <> max(number)`;
  findings.push(...holes.map(({ what }) => ({ checker: "K3" as const, what })));
  const due = await sql<
    { id: string }[]
  >`select e.id from events e join deliveries d on d.event_id = e.id where d.state <> 'canceled'`;
  const seen = new Set(received.map((request) => request.headers["webhook-id"]));
  for (const { id } of due)
    if (!seen.has(id)) findings.push({ checker: "K3", what: `event ${id} never reached the receiver` });
  const known = new Set(due.map(({ id }) => id));
  for (const id of seen)
    if (id === undefined || !known.has(id))
      findings.push({ checker: "K3", what: `the receiver got ${id}, which the database does not know` });
  for (const request of received)
    if (!isSignedWith(request, secret))
      findings.push({ checker: "K3", what: `the signature of ${request.headers["webhook-id"]} is wrong` });
  return findings;
};

/** K4: no run is bad that began and ended while the target was up. `probeId`: of one probe, where each has a target. */
export const checkInnocence = async (
  sql: postgres.Sql,
  downSpans: readonly DownSpan[],
  probeId: string | null = null,
): Promise<Finding[]> => {
  const bad = await sql<
    { scheduled_at: Date; started_at: Date; class: string; detail: string | null; duration_us: number }[]
  >`
    select scheduled_at, started_at, class, detail, duration_us from run_details
     where vote = 'bad' and (${probeId}::text is null or probe_id = ${probeId})`;
  const touchesDown = (fromMs: number, untilMs: number): boolean =>
    downSpans.some((span) => fromMs < span.untilMs && untilMs >= span.fromMs);
  return bad
    .filter((run) => !touchesDown(run.started_at.getTime() - 5, run.started_at.getTime() + run.duration_us / 1_000 + 5))
    .map((run) => ({
      checker: "K4",
      what: `${run.scheduled_at.toISOString()} is ${run.class} (${run.detail}) while the target was up`,
    }));
};

/** K6: sessions of the database are back to at most `before` and none is idle in a transaction. */
export const checkSessions = async (sql: postgres.Sql, before: number): Promise<Finding[]> => {
  const [row] = await sql<{ sessions: number; idle: number }[]>`
    select count(*)::int as sessions, (count(*) filter (where state like 'idle in transaction%' and state_change < now() - interval '5 seconds'))::int as idle
      from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;
  const findings: Finding[] = [];
  if (row !== undefined && row.sessions > before)
    findings.push({ checker: "K6", what: `${row.sessions} sessions are open, there were ${before}` });
  if (row !== undefined && row.idle > 0)
    findings.push({ checker: "K6", what: `${row.idle} sessions are idle in a transaction` });
  return findings;
};

/** K6: a process is back to about as many open files as it had; Linux only. `slack` is for what it opened for good. */
export const checkOpenFiles = async (
  pid: number,
  { before, slack, withinMs = 30_000 }: { before: number; slack: number; withinMs?: number },
): Promise<Finding[]> => {
  const until = performance.now() + withinMs;
  let now = await countOpenFiles(pid);
  while (now > before + slack && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    now = await countOpenFiles(pid);
  }
  return now > before + slack ? [{ checker: "K6", what: `${now} files are open, there were ${before}` }] : [];
};

/** Open files and sockets of a process. */
export const countOpenFiles = async (pid: number): Promise<number> => (await readdir(`/proc/${pid}/fd`)).length;

/** Sessions of the database beside our own. */
export const countSessions = async (sql: postgres.Sql): Promise<number> => {
  const [row] = await sql<{ sessions: number }[]>`
    select count(*)::int as sessions from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;
  return row?.sessions ?? 0;
};
