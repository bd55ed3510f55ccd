import { cpus } from "node:os";
import { openDatabase } from "#db/database.ts";
import { startTemporary } from "#db/embedded/temporary.ts";
import { migrate } from "#db/migrate.ts";
import type { TableSize } from "#db/queries/bench.ts";
import { readTableSize } from "#db/queries/bench.ts";
import type { CommandContext, ExitCode } from "#lib/cli/command.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { AppError } from "#lib/core/errors.ts";
import { DAY_MS, epochMs } from "#lib/core/units.ts";
import { acquireLease } from "#lib/engine/lease.ts";
import { runRetainOnce } from "#lib/engine/retain.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { countOption } from "./count-option.ts";
import type { Figures, Ground, Round } from "./ingest/contest.ts";
import { runRound } from "./ingest/contest.ts";
import { applyBenchConfig } from "./ingest/rows.ts";
import { findPsql } from "./psql-copy.ts";

const FIRST_DAY = epochMs(Date.UTC(2026, 10, 2));
const GOAL_US = 20;
const GOAL_FLUSH_PER_SECOND = 40_000;
const GOAL_RUN_BYTES = 160;
/** Real durability: what is measured must survive a power cut. */
const DURABLE = {
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  max_wal_size: "2GB",
  shared_buffers: "128MB",
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

const medianOf = (all: readonly (Figures | null)[]): Figures | null => {
  const some = all.filter((one) => one !== null);
  if (some.length === 0) return null;
  const known = some.flatMap(({ postgresUs }) => (postgresUs === null ? [] : [postgresUs]));
  return {
    nodeUs: round(median(some.map(({ nodeUs }) => nodeUs))),
    postgresUs: known.length === 0 ? null : round(median(known)),
    perSecond: Math.round(median(some.map(({ perSecond }) => perSecond))),
  };
};

const sumUs = (figures: Figures | null): number => (figures === null ? 0 : figures.nodeUs + (figures.postgresUs ?? 0));

const summaryOf = (rounds: readonly Round[], sizes: readonly TableSize[]) => {
  const pick = (name: keyof Round): Figures | null => medianOf(rounds.map((one) => one[name]));
  const figures = {
    ingest: pick("ingest"),
    rollup: pick("rollup"),
    flush: pick("flush"),
    unnest: pick("unnest"),
    copy: pick("copy"),
  };
  const whole = (one: Round): number => sumUs(one.ingest) + sumUs(one.rollup);
  const ratio = (name: "unnest" | "copy"): number | null => {
    const ratios = rounds.flatMap((one) => (one[name] === null ? [] : [whole(one) / sumUs(one[name])]));
    return ratios.length === 0 ? null : round(median(ratios), 2);
  };
  const wholeUs = round(median(rounds.map(whole)));
  const bytesPerRow = sizes.map(({ table, rows, heap, indexes }) => ({
    table,
    rows,
    heapBytes: round(heap / Math.max(rows, 1)),
    indexBytes: round(indexes / Math.max(rows, 1)),
  }));
  const runs = bytesPerRow.find(({ table }) => table === "runs");
  const runBytes = round((runs?.heapBytes ?? 0) + (runs?.indexBytes ?? 0));
  return {
    ...figures,
    wholePathUs: wholeUs,
    ratioToUnnest: ratio("unnest"),
    ratioToCopy: ratio("copy"),
    bytesPerRow,
    goals: {
      wholePath: { goalUs: GOAL_US, isMet: wholeUs <= GOAL_US },
      flush: { goalPerSecond: GOAL_FLUSH_PER_SECOND, isMet: (figures.flush?.perSecond ?? 0) >= GOAL_FLUSH_PER_SECOND },
      runBytes: { goalBytes: GOAL_RUN_BYTES, bytes: runBytes, isMet: runBytes <= GOAL_RUN_BYTES },
    },
  };
};
type Summary = ReturnType<typeof summaryOf>;

const tableOf = (summary: Summary): string => {
  const { goals } = summary;
  const line = (name: string, figures: Figures | null): string =>
    figures === null
      ? `| ${name} | - | - | - |`
      : `| ${name} | ${figures.nodeUs} | ${figures.postgresUs ?? "?"} | ${figures.perSecond.toLocaleString("en")} |`;
  const said = (isMet: boolean): string => (isMet ? "met" : "missed");
  return [
    "| way | Node us a run | PostgreSQL us a run | runs/s |",
    "|---|---|---|---|",
    line("ingest (encode, insert, key, mark)", summary.ingest),
    line("rollup (minutes, hours, SLO minutes)", summary.rollup),
    line("backlog from disk (decode and ingest)", summary.flush),
    line("bare unnest, no key", summary.unnest),
    line("psql \\copy, no key", summary.copy),
    "",
    `whole path ${summary.wholePathUs} us a run, goal ${goals.wholePath.goalUs}: ${said(goals.wholePath.isMet)}; ${summary.ratioToUnnest ?? "?"} x bare unnest, ${summary.ratioToCopy ?? "?"} x psql \\copy`,
    `backlog goal ${goals.flush.goalPerSecond.toLocaleString("en")} runs/s: ${said(goals.flush.isMet)}`,
    `bytes a run with its key ${goals.runBytes.bytes}, goal ${goals.runBytes.goalBytes}: ${said(goals.runBytes.isMet)}`,
    ...summary.bytesPerRow.map(
      ({ table, rows, heapBytes, indexBytes }) =>
        `${table}: ${rows} rows of ${heapBytes} + ${indexBytes} bytes (table + indexes)`,
    ),
    "",
  ].join("\n");
};

const runRounds = async (
  ground: Ground,
  args: { rounds: number; runs: number; signal: AbortSignal },
): Promise<Round[]> => {
  const measured: Round[] = [];
  let from = FIRST_DAY;
  await applyBenchConfig(ground.database, from);
  // Round 0 warms everything up and is not counted.
  for (let index = 0; index <= args.rounds && !args.signal.aborted; index += 1) {
    const { until, ...one } = await runRound(ground, { from, count: args.runs });
    from = until;
    if (until > FIRST_DAY + 30 * DAY_MS) throw new AppError("USAGE", "so many runs are more than a month");
    if (index > 0) measured.push(one);
  }
  return measured;
};

/** As they are two days later, when housekeeping has packed the keys. */
const sizesOf = async ({ database, lease }: Ground): Promise<TableSize[]> => {
  await runRetainOnce({ database, lease, now: epochMs(FIRST_DAY + 32 * DAY_MS), log: silentLogger });
  return database.read(
    async (db) => {
      const sizes: TableSize[] = [];
      for (const table of ["runs", "buckets", "buckets_hourly", "sli_hours"])
        sizes.push(await readTableSize(db, table));
      return sizes;
    },
    { deadlineMs: 60_000 },
  );
};

/**
 * Measures what a run costs from the recorder to its minute, hour and SLO in a real PostgreSQL with fsync, beside a bare
 * insert and psql's \copy of the same rows, in turns; how fast a backlog on disk is stored; and how large rows are.
 */
export const runIngestBench = async (context: CommandContext): Promise<ExitCode> => {
  const { values } = readOptions(context.args, {
    options: { rounds: { type: "string" }, runs: { type: "string" }, json: { type: "boolean" } },
  });
  const rounds = countOption("rounds", values.rounds, { fallback: 5 });
  const runs = countOption("runs", values.runs, { fallback: 40_000 });
  const { server, stop } = await startTemporary({ settings: DURABLE });
  const database = openDatabase({ url: server.url, applicationName: "nines-bench" });
  try {
    await migrate({ url: server.url });
    const lease = await acquireLease(database, { name: "engine", holder: "bench", ttlMs: 3_600_000 });
    if (lease === null) throw new AppError("INTERNAL", "a new database has a leader already");
    const ground = { database, url: server.url, postgresPid: server.pid, lease, psql: findPsql() };
    const measured = await runRounds(ground, { rounds, runs, signal: context.signal });
    const summary = summaryOf(measured, await sizesOf(ground));
    const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version };
    if (values.json === true)
      context.stdout.write(`${JSON.stringify({ bench: "ingest", machine, rounds, runs, ...summary })}\n`);
    else
      context.stdout.write(
        `machine: ${machine.cpu} x ${machine.cores}, node ${machine.node}; ${rounds} rounds of ${runs} runs\n${tableOf(summary)}`,
      );
    return Object.values(summary.goals).every(({ isMet }) => isMet) ? 0 : 1;
  } finally {
    await database.close();
    await stop();
  }
};
