import { randomBytes } from "node:crypto";
import { readSnapshot } from "#db/queries/snapshots.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createIngestCache, ingestRuns } from "#lib/commands/ingest-runs.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import type { Snapshot, SnapshotService } from "#lib/contracts/snapshot.ts";
import type { Config } from "#lib/core/definitions.ts";
import type { OutcomeClass } from "#lib/core/outcome.ts";
import { nextSlotAt } from "#lib/core/schedule.ts";
import type { DurationMs, EpochMs } from "#lib/core/units.ts";
import { addMs, durationMs, durationUs, epochMs, SECOND_MS } from "#lib/core/units.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { acquireLease } from "#lib/engine/lease.ts";
import type { Publisher } from "#lib/engine/publish.ts";
import { createPublisher } from "#lib/engine/publish.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { sampleRun } from "#test/support/sample-run.ts";
import { testDatabase } from "#test/support/test-database.ts";

export const START = epochMs(Date.UTC(2026, 10, 21, 12, 0, 0));

/** A configured database, a clock that stands still, a publisher that leads, and probes that report what they are told. */
export const publishWorld = async (config: Config) => {
  const db = await testDatabase();
  const clock = createFakeClock(START);
  const secretBox = createSecretBox(randomBytes(32));
  const cache = createIngestCache();
  const apply = (next: Config) =>
    db.database.transaction((tx) => applyConfig(tx, { config: next, now: clock.now(), secretBox }));
  await apply(config);

  const lead = async (holder: string): Promise<Lease> => {
    const lease = await acquireLease(db.database, { name: "engine", holder, ttlMs: 600_000 });
    if (lease === null) throw new Error("the lease is taken");
    return lease;
  };
  const lease = await lead("one");
  const newPublisher = (): Publisher =>
    createPublisher({ database: db.database, clock, log: silentLogger, isDemo: false });
  const publisher = newPublisher();

  const snapshot = async (): Promise<Snapshot> => {
    const found = await db.database.read((sql) => readSnapshot(sql, 0));
    if (found === null) throw new Error("no snapshot was published");
    return found;
  };

  return {
    ...db,
    clock,
    apply,
    lead,
    lease,
    newPublisher,
    publisher,
    snapshot,
    /** Stores one run of a probe at a slot. */
    report: (args: {
      readonly at: EpochMs;
      readonly class: OutcomeClass;
      readonly probeId?: string;
      readonly locationId?: string;
      readonly durationMs?: number;
    }) =>
      ingestRuns(db.database, {
        runs: [
          sampleRun({
            scheduledAt: args.at,
            probeId: args.probeId ?? "shop-home",
            locationId: args.locationId ?? "fra",
            outcome: { class: args.class, durationUs: durationUs((args.durationMs ?? 20) * 1_000) },
          }),
        ],
        now: clock.now(),
        cache,
      }),
    /** Moves the clock to the next slot of the probe. */
    toNextSlot: async (probeId = "shop-home", intervalMs: DurationMs = durationMs(10_000)): Promise<EpochMs> => {
      const at = nextSlotAt(probeId, intervalMs, addMs(clock.now(), 1));
      await clock.advance(at - clock.now());
      return at;
    },
    publish: async (by: Publisher = publisher, as: Lease = lease): Promise<Snapshot | null> => by.runPublishOnce(as),
    service: async (id = "shop"): Promise<SnapshotService> => {
      const found = (await snapshot()).services.find((one) => one.id === id);
      if (found === undefined) throw new Error(`no service ${id}`);
      return found;
    },
    states: (): Promise<{ service: string; seconds: number; measured: string; published: string }[]> =>
      db.database.read(async (sql) => [
        ...(await sql<{ service: string; seconds: number; measured: string; published: string }[]>`
          select service_id as service, extract(epoch from since - ${new Date(START)}::timestamptz)::float8 as seconds, measured, published
            from service_states order by since, service_id`),
      ]),
    events: (): Promise<{ type: string; subject: string; data: unknown }[]> =>
      db.database.read(async (sql) => {
        const rows = await sql<{ type: string; subject: string; data: string }[]>`
          select type, subject, data::text as data from events order by position`;
        return rows.map((row) => ({ ...row, data: JSON.parse(row.data) as unknown }));
      }),
    seconds: (): number => (clock.now() - START) / SECOND_MS,
  };
};
export type PublishWorld = Awaited<ReturnType<typeof publishWorld>>;
