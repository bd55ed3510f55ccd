// K2 and K3 from raw runs alone: SLIs, budgets, burn rates to 1e-9, and every transition of every alert. Shares no code with
// the product on purpose, and no SQL beyond reading rows: votes, slots, minutes, windows and alerts are worked out here.
// Knows what fault scenarios use: availability and latency SLOs over rolling windows, one definition each, announced maintenance.
import type postgres from "postgres";
import type { Finding } from "./checkers.ts";

type Definition = {
  sli: { kind: string; thresholdMs?: number };
  probes: string[];
  objective: string;
  window: { kind: string; durationMs: number };
  burnRateAlerts: {
    id: string;
    longMs: number;
    shortMs: number;
    factor: string;
    minBadLong: number;
    minBadShort: number;
  }[];
};
type Slo = { id: string; definition: Definition; from: number; through: number; reading: Reading };
type Reading = {
  budget: { bad: number; total: number; consumed: number | null; burnRate1h: number | null };
  pairs: PairReading[];
};
type PairReading = { pairId: string; long: { burnRate: number | null }; short: { burnRate: number | null } };
type Sums = { bad: number; total: number; expected: number };

const MINUTE = 60_000;
const GOOD = new Set(["ok", "slow"]);
const NO_REPORT = new Set(["blocked", "internal_error", "skipped"]);
const minuteOf = (ms: number): number => Math.floor(ms / MINUTE);

const voteOf = (name: string, us: number, { kind, thresholdMs = 0 }: Definition["sli"]): boolean | null => {
  if (kind === "latency") return GOOD.has(name) ? us <= thresholdMs * 1_000 : null;
  return NO_REPORT.has(name) ? null : GOOD.has(name);
};

/** Decided and expected slots of one probe, added to `minutes`. */
const addProbe = async (sql: postgres.Sql, slo: Slo, probeId: string, minutes: Map<number, Sums>): Promise<void> => {
  const [probe] = await sql<{ no: number; interval: number; locations: number }[]>`
    select no, (definition ->> 'intervalMs')::int as interval, jsonb_array_length(definition -> 'locations') as locations
      from probes where id = ${probeId}`;
  const runs = await sql<{ at: Date; class: string; us: number }[]>`
    select r.scheduled_at as at, c.class, r.duration_us as us from runs r join outcome_classes c on c.code = r.class
     where r.probe_no = ${probe?.no ?? 0} order by r.scheduled_at`;
  const first = runs[0]?.at.getTime();
  if (probe === undefined || first === undefined) return;
  const slots = new Map<number, { good: number; bad: number }>();
  for (const run of runs) {
    const slot = slots.get(run.at.getTime()) ?? { good: 0, bad: 0 };
    const vote = voteOf(run.class, run.us, slo.definition.sli);
    if (vote !== null) slot[vote ? "good" : "bad"] += 1;
    slots.set(run.at.getTime(), slot);
  }
  const at = (ms: number): Sums => {
    const sums = minutes.get(minuteOf(ms)) ?? { bad: 0, total: 0, expected: 0 };
    minutes.set(minuteOf(ms), sums);
    return sums;
  };
  for (let ms = first; minuteOf(ms) <= slo.through; ms += probe.interval) at(ms).expected += 1;
  for (const [ms, { good, bad }] of slots) {
    if (minuteOf(ms) > slo.through || good === bad || good + bad < Math.min(2, probe.locations)) continue;
    at(ms).total += 1;
    if (bad > good) at(ms).bad += 1;
  }
};

/** Drops the minutes that announced maintenance touches: nothing counts in them, and nothing is expected. */
const dropMaintenance = async (sql: postgres.Sql, slo: Slo, minutes: Map<number, Sums>): Promise<void> => {
  const spans = await sql<{ starts: Date; ends: Date }[]>`
    select e.starts_at as starts, e.ends_at as ends from exclusions e join slos s on s.id = ${slo.id}
     where e.kind = 'announced' and e.revoked_at is null
       and (e.slo_id = s.id or e.service_id = s.service_id or e.probe_id = any(${slo.definition.probes}))`;
  for (const { starts, ends } of spans)
    for (let minute = minuteOf(starts.getTime()); minute * MINUTE < ends.getTime(); minute += 1) minutes.delete(minute);
};

/** Running sums, so that any window is a difference. */
const windowsOf = (minutes: Map<number, Sums>, slo: Slo): ((at: number, length: number) => Sums) => {
  const first = Math.min(slo.from, ...minutes.keys());
  const running: Sums[] = [{ bad: 0, total: 0, expected: 0 }];
  for (let minute = first; minute <= slo.through; minute += 1) {
    const [last, one] = [running.at(-1) as Sums, minutes.get(minute) ?? { bad: 0, total: 0, expected: 0 }];
    running.push({ bad: last.bad + one.bad, total: last.total + one.total, expected: last.expected + one.expected });
  }
  const upTo = (minute: number): Sums => running[Math.max(0, Math.min(minute - first + 1, running.length - 1))] as Sums;
  return (at, length) => {
    const [b, a] = [upTo(at), upTo(at - length)];
    return { bad: b.bad - a.bad, total: b.total - a.total, expected: b.expected - a.expected };
  };
};

/** bad / of > factor * (100 - objective) / 100 in whole numbers: decimals are scaled until nothing is left behind the point. */
const isAbove = (bad: number, of: number, factor: string, objective: string): boolean => {
  const [top = "1", bottom = "1"] = factor.split("/");
  const scaled = (text: string): bigint =>
    BigInt(text.replace(/^(-?\d+)\.?(\d*)$/, (_, whole: string, rest: string) => whole + rest.padEnd(12, "0")));
  const budget = 100n * 10n ** 12n - scaled(objective);
  return of > 0 && BigInt(bad) * 100n * scaled(bottom) * 10n ** 12n > BigInt(of) * scaled(top) * budget;
};

const near = (a: number | null, b: number | null): boolean =>
  a === null || b === null ? a === b : Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));

const checkReading = (slo: Slo, windowAt: (at: number, length: number) => Sums): Finding[] => {
  const share = 1 - Number(slo.definition.objective) / 100;
  const rate = ({ bad, total }: Sums): number | null => (total === 0 ? null : bad / total / share);
  const due = windowAt(slo.through, Math.ceil(slo.definition.window.durationMs / MINUTE));
  const { budget, pairs } = slo.reading;
  const figures: [string, number | null, number | null][] = [
    ["bad", budget.bad, due.bad],
    ["total", budget.total, due.total],
    ["budget spent", budget.consumed, rate(due)],
    ["burn rate of 1 h", budget.burnRate1h, rate(windowAt(slo.through, 60))],
    ...slo.definition.burnRateAlerts.flatMap((pair): [string, number | null, number | null][] => {
      const stored = pairs.find(({ pairId }) => pairId === pair.id);
      const at = (ms: number) => rate(windowAt(slo.through, Math.ceil(ms / MINUTE)));
      return [
        [`${pair.id} long`, stored?.long.burnRate ?? null, at(pair.longMs)],
        [`${pair.id} short`, stored?.short.burnRate ?? null, at(pair.shortMs)],
      ];
    }),
  ];
  return figures
    .filter(([, stored, recomputed]) => !near(stored, recomputed))
    .map(([name, stored, recomputed]) => ({
      checker: "K2",
      what: `${slo.id}: ${name} is ${stored}, raw runs say ${recomputed}`,
    }));
};

/** Walks each pair from minute to minute: fires when it holds for sure, ends when it does not and the short window is known. */
const checkTransitions = async (sql: postgres.Sql, slo: Slo, windowAt: (at: number, length: number) => Sums) => {
  const findings: Finding[] = [];
  for (const { id, longMs, shortMs, factor, minBadLong, minBadShort } of slo.definition.burnRateAlerts) {
    const due: string[] = [];
    let isFiring = false;
    for (let minute = slo.from; minute <= slo.through; minute += 1) {
      const [long, short] = [
        windowAt(minute, Math.ceil(longMs / MINUTE)),
        windowAt(minute, Math.ceil(shortMs / MINUTE)),
      ];
      const isKnown = ({ total, expected }: Sums): boolean => total * 10 >= expected * 9;
      const holds = (ofLong: number, ofShort: number): boolean =>
        long.bad >= minBadLong &&
        short.bad >= minBadShort &&
        isAbove(long.bad, ofLong, factor, slo.definition.objective) &&
        isAbove(short.bad, ofShort, factor, slo.definition.objective);
      const sure = (sums: Sums): number => (isKnown(sums) ? sums.total : sums.expected);
      const fires: boolean = !isFiring && holds(sure(long), sure(short));
      const ends: boolean = isFiring && !holds(long.total, short.total) && isKnown(short);
      if (fires || ends) due.push(`${fires ? "fired" : "resolved"} ${new Date((minute + 1) * MINUTE).toISOString()}`);
      if (fires || ends) isFiring = fires;
    }
    const stored = await sql<{ fired: Date; resolved: Date | null }[]>`
      select fired_at as fired, resolved_at as resolved from alerts where slo_id = ${slo.id} and pair_id = ${id} order by number`;
    const seen = stored.flatMap(({ fired, resolved }) => [
      `fired ${fired.toISOString()}`,
      ...(resolved === null ? [] : [`resolved ${resolved.toISOString()}`]),
    ]);
    if (seen.join() !== due.join()) {
      findings.push({
        checker: "K3",
        what: `${slo.id} ${id}: stored are ${seen.join(", ") || "none"}; raw runs say ${due.join(", ") || "none"}`,
      });
    }
  }
  return findings;
};

/** K2 and K3 over every SLO in force. Alerts of an SLO whose runs came late were judged without them, so only K2 is looked at. */
export const checkByOracle = async (sql: postgres.Sql): Promise<Finding[]> => {
  const rows = await sql<
    { id: string; definition: string; from: Date; through: Date; reading: string; late: boolean }[]
  >`
    select s.id, s.definition::text as definition, v.active_from as from, r.through_minute as through, r.reading::text as reading,
           exists (select from runs t join probes p on p.no = t.probe_no where t.is_late and s.definition -> 'probes' ? p.id) as late
      from slos s join slo_versions v on v.slo_id = s.id and v.version = s.version
      join slo_readings r on r.slo_id = s.id and r.version = s.version
     where s.retired_at is null and s.definition -> 'sli' ->> 'kind' in ('availability', 'latency')
       and s.definition -> 'window' ->> 'kind' = 'rolling'`;
  const findings: Finding[] = [];
  for (const row of rows) {
    const [definition, reading] = [JSON.parse(row.definition) as Definition, JSON.parse(row.reading) as Reading];
    const slo: Slo = {
      id: row.id,
      definition,
      reading,
      from: minuteOf(row.from.getTime()),
      through: minuteOf(row.through.getTime()),
    };
    const minutes = new Map<number, Sums>();
    for (const probeId of definition.probes) await addProbe(sql, slo, probeId, minutes);
    await dropMaintenance(sql, slo, minutes);
    const windowAt = windowsOf(minutes, slo);
    findings.push(...checkReading(slo, windowAt));
    if (!row.late) findings.push(...(await checkTransitions(sql, slo, windowAt)));
  }
  return findings;
};
