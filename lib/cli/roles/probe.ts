import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Database } from "#db/database.ts";
import { readConfigDocument } from "#db/queries/config.ts";
import { readLeaseHolder } from "#db/queries/leases.ts";
import { openMeasuredDatabase } from "#lib/cli/roles/measured-database.ts";
import type { StartRole } from "#lib/cli/roles/role.ts";
import type { Opening } from "#lib/commands/agents/location-work.ts";
import { readLocalWork, readWorkMark } from "#lib/commands/agents/location-work.ts";
import { storeRuns } from "#lib/commands/agents/store-runs.ts";
import { createIngestCache } from "#lib/commands/ingest-runs.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { openSecretBox } from "#lib/commands/secret-key.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { runAsLeader } from "#lib/engine/lease.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";
import { createJudgePool } from "#probes/judging/judge-pool.ts";
import { startRecorder } from "#probes/recorder.ts";
import { createProbeRunner } from "#probes/run-probe.ts";
import type { ScheduledProbe } from "#probes/scheduler.ts";
import { startScheduler } from "#probes/scheduler.ts";
import { userAgentOf } from "#probes/user-agent.ts";

const POLL_MS = 1_000;

type Work = {
  readonly mark: string;
  readonly probes: readonly ScheduledProbe[];
  readonly allow: readonly string[];
  /** When the configuration was put in force. */
  readonly since?: EpochMs;
};

/** What is to be probed, when it differs from what is known. */
const readWork = (database: Database, knownMark: string, opening: Opening): Promise<Work | null> =>
  database.read(async (db) => {
    const mark = await readWorkMark(db);
    if (mark === knownMark) return null;
    const [probes, document] = [await readLocalWork(db, opening), await readConfigDocument(db)];
    return {
      mark,
      probes,
      ...(document === null ? { allow: [] } : { allow: document.egress.allow, since: document.updatedAt }),
    };
  });

const LEASE = "probe";
const NO_WORK: Work = { mark: "", probes: [], allow: [] };

/** What this process probes: taken up while it leads, dropped when another instance is seen to lead. */
const createAssignment = (
  { database, log, secretBox }: { database: Database; log: Logger; secretBox: SecretBox },
  onChange: (work: Work) => void,
) => {
  const onClosed = (probeId: string): void =>
    log.error({ code: "SECRET_KEY_INVALID", probeId }, "a probe is not run: its secrets cannot be opened");
  let work = NO_WORK;
  const take = (next: Work): void => {
    work = next;
    onChange(next);
  };
  return {
    current: () => work,
    refresh: async (): Promise<void> => {
      const next = await readWork(database, work.mark, { secretBox, onClosed });
      if (next !== null) take(next);
    },
    standAside: async (holder: string): Promise<void> => {
      const leader = await database.read((db) => readLeaseHolder(db, LEASE));
      if (leader === null || leader === holder || work.probes.length === 0) return;
      log.info({ leader }, "another instance probes now");
      take(NO_WORK);
    },
  };
};

/**
 * Runs the probes of every location that no agent is registered for, and records what they see. One instance at a time
 * does so: the lease keeps others from measuring twice what is recorded once. While the database is away the probes that are known go on,
 * since nobody can have taken over; they end when another instance is seen to hold the lease. A run that two instances
 * made is stored once.
 */
export const startRole: StartRole = async ({ settings, clock, log }) => {
  const database = openMeasuredDatabase({ url: settings.databaseUrl, applicationName: "nines-probe" }, clock);
  const cache = createIngestCache();
  const recorder = startRecorder({
    sink: {
      accept: async (runs, tries) => void (await storeRuns(database, { runs, tries, now: clock.now(), cache, log })),
    },
    clock,
    log,
    random: Math.random,
    spoolDir: join(settings.dataDir, "spool", "local"),
  });
  const secretBox = openSecretBox(settings);
  const assignment = createAssignment({ database, log, secretBox }, ({ probes, since }) =>
    scheduler.update(probes, since),
  );
  const allow = () => assignment.current().allow;
  const judges = createJudgePool({ clock, log });
  const run = createProbeRunner({ clock, randomBytes, userAgent: userAgentOf(null), allow, judge: judges.judge });
  const scheduler = startScheduler({ clock, log, run, record: recorder.record, recordTry: recorder.record });
  const stopping = new AbortController();
  const { signal } = stopping;
  // The same after a restart of this process, so that it goes on at once instead of waiting for its own lease to end.
  const holder = `${settings.instanceId}/probe`;
  const everySecond = (work: () => Promise<void>, until: AbortSignal) =>
    runLoop({
      intervalMs: POLL_MS,
      work,
      onError: (error) => log.debug({ error }, "the probes could not be read; those that are known go on"),
      clock,
      signal: until,
    });
  const standingAside = everySecond(() => assignment.standAside(holder), signal);
  const lead = (_lease: unknown, until: AbortSignal): Promise<void> => everySecond(assignment.refresh, until);
  const leading = runAsLeader({ database, name: LEASE, holder, clock, log, signal, lead });
  return {
    stop: async () => {
      await scheduler.stop();
      await judges.stop();
      stopping.abort();
      await Promise.all([leading, standingAside]);
      await recorder.stop();
      await database.close();
    },
  };
};
