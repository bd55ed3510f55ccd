import type { Database } from "#db/database.ts";
import { upsertSliHours } from "#db/queries/sli-hours.ts";
import { ingestRuns } from "#lib/commands/ingest-runs.ts";
import type { BurnRatePair, HttpProbeDefinition, SloDefinition } from "#lib/core/definitions.ts";
import type { OutcomeClass, Run } from "#lib/core/outcome.ts";
import { nextSlotAt } from "#lib/core/schedule.ts";
import { defaultPolicy } from "#lib/core/slo/policy.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import {
  addMs,
  DAY_MS,
  durationMs,
  durationUs,
  epochMs,
  HOUR_MS,
  MINUTE_MS,
  minuteOf,
  startOfMinute,
} from "#lib/core/units.ts";
import { createEvaluator } from "#lib/engine/evaluate.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { acquireLease } from "#lib/engine/lease.ts";
import { runRollupOnce } from "#lib/engine/rollup.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import type { FakeClock } from "#test/support/fake-clock.ts";

/** The first minute of every story: the start of an hour and a day. */
export const BASE = minuteOf(epochMs(Date.UTC(2026, 10, 2)));
export const minute = (count: number) => (BASE + count) as EpochMinute;
export const at = (minutes: number, ms = 0): EpochMs => addMs(startOfMinute(minute(0)), minutes * MINUTE_MS + ms);

export const INTERVAL_MS = durationMs(20_000);

export const probeDefinition = (overrides: Partial<HttpProbeDefinition> = {}): HttpProbeDefinition => ({
  type: "http",
  id: "home",
  url: "https://shop.example/",
  method: "GET",
  headers: {},
  body: null,
  auth: null,
  clientCertificate: null,
  http2: false,
  connection: "fresh",
  intervalMs: INTERVAL_MS,
  timeoutMs: durationMs(5_000),
  maxRedirects: 5,
  locations: ["fra"],
  assertions: [],
  ...overrides,
});

export const sloDefinition = (overrides: Partial<SloDefinition> = {}): SloDefinition => {
  const window = { kind: "rolling", durationMs: durationMs(30 * DAY_MS) } as const;
  return {
    id: "shop-availability",
    sli: { kind: "availability" },
    probes: ["home"],
    objective: "99.9",
    window,
    burnRateAlerts: defaultPolicy(window.durationMs, { intervalMs: INTERVAL_MS }),
    ...overrides,
  };
};

/** The workbook's pairs without guards, as case files ask for. */
export const unguardedPairs = (): BurnRatePair[] =>
  defaultPolicy(durationMs(30 * DAY_MS), { intervalMs: durationMs(0) });

/** A service with these probes and SLOs, in force since `activeFrom`. */
export const configure = async (
  database: Database,
  args: { locations?: string[]; probes?: HttpProbeDefinition[]; slos?: SloDefinition[]; activeFrom?: EpochMs } = {},
): Promise<void> => {
  const { locations = ["fra"], probes = [probeDefinition()], slos = [sloDefinition()], activeFrom = at(0) } = args;
  const from = new Date(activeFrom);
  await database.transaction(async (tx) => {
    await tx`insert into services (id, name, position) values ('shop', 'Shop', 0)`;
    for (const [index, id] of locations.entries()) {
      await tx`insert into locations (id, name, position) values (${id}, ${id}, ${index})`;
    }
    for (const probe of probes) {
      const text = JSON.stringify(probe);
      await tx`
        insert into probes (id, service_id, position, version, definition)
        values (${probe.id}, 'shop', 0, 1, ${text}::text::jsonb)`;
      await tx`
        insert into probe_versions (probe_no, version, definition, active_from)
        select no, 1, definition, ${from} from probes where id = ${probe.id}`;
    }
    for (const slo of slos) {
      const text = JSON.stringify(slo);
      await tx`insert into slos (id, service_id, position, version, definition) values (${slo.id}, 'shop', 0, 1, ${text}::text::jsonb)`;
      await tx`insert into slo_versions (slo_id, version, definition, active_from) values (${slo.id}, 1, ${text}::text::jsonb, ${from})`;
    }
    await bumpConfig(tx);
  });
};

const bumpConfig = async (tx: Parameters<Parameters<Database["transaction"]>[0]>[0]): Promise<void> => {
  await tx`insert into config_versions (sha256, document, applied_at) values (${"0".repeat(64)}, '{}', now())`;
};

/** Puts a new definition of an SLO in force. */
export const changeSlo = async (database: Database, slo: SloDefinition, activeFrom: EpochMs): Promise<void> => {
  const text = JSON.stringify(slo);
  const from = new Date(activeFrom);
  await database.transaction(async (tx) => {
    await tx`update slos set version = version + 1, definition = ${text}::text::jsonb where id = ${slo.id}`;
    await tx`update slo_versions set active_until = ${from} where slo_id = ${slo.id} and active_until is null`;
    await tx`insert into slo_versions (slo_id, version, definition, active_from)
             select id, version, definition, ${from} from slos where id = ${slo.id}`;
    await bumpConfig(tx);
  });
};

export const retireSlo = async (database: Database, sloId: string, now: EpochMs): Promise<void> => {
  await database.transaction(async (tx) => {
    await tx`update slos set retired_at = ${new Date(now)} where id = ${sloId}`;
    await bumpConfig(tx);
  });
};

export const lead = async (database: Database, holder = "engine-a"): Promise<Lease> => {
  const lease = await acquireLease(database, { name: "engine", holder, ttlMs: 600_000 });
  if (lease === null) throw new Error("the lease is taken");
  return lease;
};

/** Rollup and evaluation in step, as the engine role runs them. */
export const createSloLoop = (database: Database, clock: FakeClock) => {
  const evaluator = createEvaluator({ database, clock, log: silentLogger });
  return {
    runSloOnce: async (lease: Lease): Promise<{ hasMore: boolean }> => {
      const rolled = await runRollupOnce({ database, lease, now: clock.now(), log: silentLogger });
      const evaluated = await evaluator.runEvaluateOnce(lease, rolled);
      return { hasMore: rolled.hasMore || evaluated.hasMore };
    },
  };
};

/** Slots of a probe within [from, until) minutes. */
export const slots = (probe: HttpProbeDefinition, from: number, until: number): EpochMs[] => {
  const found: EpochMs[] = [];
  for (
    let slot = nextSlotAt(probe.id, probe.intervalMs, at(from));
    slot < at(until);
    slot = addMs(slot, probe.intervalMs)
  ) {
    found.push(slot);
  }
  return found;
};

export const run = (
  scheduledAt: EpochMs,
  outcomeClass: OutcomeClass,
  overrides: Partial<Run> & { ms?: number } = {},
): Run => {
  const { ms = 50, ...rest } = overrides;
  return {
    probeId: "home",
    locationId: "fra",
    scheduledAt,
    startedAt: scheduledAt,
    traceId: null,
    outcome: {
      class: outcomeClass,
      detail: null,
      durationUs: durationUs(ms * 1_000),
      phasesUs: { dns: null, connect: null, tls: null, firstByte: null, transfer: null },
      httpStatus: null,
      bytesRead: 0,
      address: null,
      certificateExpiresAt: null,
      failures: [],
    },
    ...rest,
  };
};

export const ingest = (database: Database, runs: Run[], now: EpochMs) => ingestRuns(database, { runs, now });

/** Ingests one run a slot within [from, until) minutes, all of one class. */
export const ingestSpan = async (
  database: Database,
  from: number,
  until: number,
  outcomeClass: OutcomeClass,
  probe: HttpProbeDefinition = probeDefinition(),
): Promise<void> => {
  const runs = probe.locations.flatMap((locationId) =>
    slots(probe, from, until).map((slot) => run(slot, outcomeClass, { probeId: probe.id, locationId })),
  );
  await ingest(database, runs, at(until));
};

/** Counts of minutes as `[good, total]`; undefined: no sample. Written as if a rollup had closed them up to `until`. */
export const feedMinutes = async (
  database: Database,
  args: { sloId: string; minutes: readonly (readonly [number, number] | undefined)[]; until: number },
): Promise<void> => {
  const { sloId, minutes, until } = args;
  const hours = Array.from({ length: Math.ceil(until / 60) }, (_, hour) => {
    const of = (pick: 0 | 1) =>
      Array.from({ length: 60 }, (_, index) =>
        hour * 60 + index < until ? (minutes[hour * 60 + index]?.[pick] ?? 0) : 0,
      );
    return {
      sloId,
      version: 1,
      hourAt: epochMs(at(0) + hour * HOUR_MS),
      good: of(0),
      total: of(1),
      expected: of(1).fill(0),
    };
  });
  await database.transaction(async (tx) => {
    await upsertSliHours(tx, hours);
    await tx`
      insert into rollup_progress (closed_until) values (${new Date(at(until))})
      on conflict (only_row) do update set closed_until = excluded.closed_until`;
  });
};

export type StoredAlert = {
  pair: string;
  number: number;
  state: string;
  hasData: boolean;
  /** Minutes after BASE that the last evaluated minute was. */
  fired: number;
  resolved: number | null;
  reason: string | null;
};

/** All alerts, by pair and number, with their minutes counted from BASE. */
export const readAlerts = async (database: Database): Promise<StoredAlert[]> => {
  const rows = await database.read(
    (db) => db<
      {
        pair: string;
        number: number;
        state: string;
        has_data: boolean;
        fired: Date;
        resolved: Date | null;
        reason: string | null;
      }[]
    >`
      select pair_id as pair, number, state, has_data, fired_at as fired, resolved_at as resolved, resolve_reason as reason
        from alerts order by pair_id, number`,
  );
  const minutesOf = (date: Date) => (date.getTime() - at(0)) / MINUTE_MS - 1;
  return rows.map(({ has_data, ...row }) => ({
    ...row,
    hasData: has_data,
    fired: minutesOf(row.fired),
    resolved: row.resolved === null ? null : minutesOf(row.resolved),
  }));
};

/** Events of alerts and the like; that a budget is spent is told beside them. */
export const readEvents = (database: Database) =>
  database.read((db) =>
    db<{ type: string; key: string; data: string; subject: string }[]>`
      select type, dedup_key as key, data::text as data, subject from events
       where type <> 'slo.budget_exhausted' order by position`.then((rows) => [...rows]),
  );
