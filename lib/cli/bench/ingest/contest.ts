import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "#db/database.ts";
import { createBareTable, insertBare } from "#db/queries/bench.ts";
import { createIngestCache, ingestRuns } from "#lib/commands/ingest-runs.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Run } from "#lib/core/outcome.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, MINUTE_MS } from "#lib/core/units.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { runRollupOnce } from "#lib/engine/rollup.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { startRecorder } from "#probes/recorder.ts";
import { createBacklog } from "#probes/spool/backlog.ts";
import { endedChildrenCpuUs, treeCpuUs } from "../process-cpu.ts";
import { copyByPsql } from "../psql-copy.ts";
import { benchRows, benchRuns, copyText } from "./rows.ts";

export type Ground = {
  readonly database: Database;
  readonly url: string;
  readonly postgresPid: number;
  readonly lease: Lease;
  readonly psql: string | null;
};

/** Per run. `postgresUs` is null where the system does not tell. */
export type Figures = { readonly nodeUs: number; readonly postgresUs: number | null; readonly perSecond: number };
export type Round = {
  readonly ingest: Figures;
  readonly rollup: Figures;
  readonly flush: Figures;
  readonly unnest: Figures;
  readonly copy: Figures | null;
};

const BATCH = 1_000;
const FLUSH_WITHIN_MS = 60_000;
const RECORDER = { clock: systemClock, log: silentLogger, random: () => 0.5 };

/** A process that ended shows in the time of its parent a moment later. */
const REAPED_AFTER_MS = 50;

const measure = async (ground: Ground, runs: number, work: () => Promise<void>): Promise<Figures> => {
  const postgresBefore = treeCpuUs(ground.postgresPid);
  const childrenBefore = endedChildrenCpuUs();
  const before = process.cpuUsage();
  const startedMs = performance.now();
  await work();
  const seconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage(before);
  const clientUs = user + system + endedChildrenCpuUs() - childrenBefore;
  await systemClock.sleep(REAPED_AFTER_MS, new AbortController().signal);
  const postgresAfter = treeCpuUs(ground.postgresPid);
  const postgresUs = postgresBefore === null || postgresAfter === null ? null : (postgresAfter - postgresBefore) / runs;
  return { nodeUs: clientUs / runs, postgresUs, perSecond: runs / seconds };
};

const inBatches = async <T>(all: readonly T[], store: (batch: readonly T[]) => Promise<void>): Promise<void> => {
  for (let from = 0; from < all.length; from += BATCH) await store(all.slice(from, from + BATCH));
};

/** Closes every minute of the runs, as the engine does. */
const rollUp = async ({ database, lease }: Ground, now: EpochMs): Promise<void> => {
  for (;;) if (!(await runRollupOnce({ database, lease, now, log: silentLogger })).hasMore) return;
};

/** What a recorder does after an outage: everything waits on disk when it starts. */
const flush = async (ground: Ground, from: EpochMs, count: number): Promise<Figures> => {
  const folder = await mkdtemp(join(tmpdir(), "nines-bench-"));
  try {
    const runs = benchRuns(from, count);
    const backlog = createBacklog({ dir: folder, log: silentLogger });
    await backlog.open();
    await inBatches(runs, backlog.append);
    await backlog.close();
    const now = addMs(runs.at(-1)?.scheduledAt ?? from, MINUTE_MS);
    const cache = createIngestCache();
    let stored = 0;
    const allStored = new AbortController();
    const accept = async (batch: readonly Run[]): Promise<void> => {
      stored += (await ingestRuns(ground.database, { runs: batch, now, cache })).inserted;
      if (stored >= count) allStored.abort();
    };
    return await measure(ground, count, async () => {
      const recorder = startRecorder({ ...RECORDER, sink: { accept }, spoolDir: folder });
      await systemClock.sleep(FLUSH_WITHIN_MS, allStored.signal).catch(() => undefined);
      if ((await recorder.stop()) > 0 || stored < count)
        throw new AppError("INTERNAL", "the backlog was not stored within a minute");
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const copy = async (ground: Ground, text: string, count: number): Promise<Figures | null> => {
  const { psql, url, database } = ground;
  if (psql === null) return null;
  const folder = await mkdtemp(join(tmpdir(), "nines-bench-"));
  try {
    const path = join(folder, "runs.tsv");
    await writeFile(path, `${text}\n`);
    await database.transaction(createBareTable);
    return await measure(ground, count, () => copyByPsql(psql, { url, path }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** One turn of each, on runs of its own: `count` of them from `from` on, and as many right behind for the backlog. */
export const runRound = async (
  ground: Ground,
  { from, count }: { from: EpochMs; count: number },
): Promise<Round & { until: EpochMs }> => {
  const { database } = ground;
  const runs = benchRuns(from, count);
  const until = addMs(from, Math.ceil((runs.at(-1)?.scheduledAt ?? from) / MINUTE_MS) * MINUTE_MS - from);
  const cache = createIngestCache();
  const ingest = await measure(ground, count, () =>
    inBatches(runs, async (batch) => void (await ingestRuns(database, { runs: batch, now: until, cache }))),
  );
  const rollup = await measure(ground, count, () => rollUp(ground, addMs(until, MINUTE_MS)));
  const rows = await benchRows(database, runs);
  await database.transaction(createBareTable);
  const unnest = await measure(ground, count, () =>
    inBatches(rows, (batch) => database.transaction((tx) => insertBare(tx, batch, until))),
  );
  const copied = await copy(ground, copyText(rows, until), count);
  const flushed = await flush(ground, until, count);
  const end = addMs(until, until - from);
  await rollUp(ground, addMs(end, MINUTE_MS));
  return { ingest, rollup, flush: flushed, unnest, copy: copied, until: end };
};
