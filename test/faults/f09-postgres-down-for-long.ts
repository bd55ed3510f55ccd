// F09: Postgres is down for an hour of runs, more than the spool may hold. The hour is told by the runs, not waited for.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import postgres from "postgres";
import { openDatabase } from "#db/database.ts";
import { startEmbedded } from "#db/embedded/index.ts";
import { migrate } from "#db/migrate.ts";
import { storeRuns } from "#lib/commands/agents/store-runs.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createIngestCache } from "#lib/commands/ingest-runs.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { loadConfig } from "#lib/config/load-config.ts";
import type { Run } from "#lib/core/outcome.ts";
import { nextSlotAt } from "#lib/core/schedule.ts";
import { durationMs, durationUs, epochMs } from "#lib/core/units.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { collectRoleMetrics } from "#lib/runtime/metrics.ts";
import type { Recorder } from "#probes/recorder.ts";
import { startRecorder } from "#probes/recorder.ts";
import { temporaryFolder } from "../support/instance.ts";
import { sampleRun } from "../support/sample-run.ts";
import { waitFor } from "../support/wait-for.ts";
import { checkBuckets, checkGaps, checkSliHours } from "./rig/checkers.ts";
import { closeAllMinutes } from "./rig/database.ts";
import { manyProbes } from "./rig/many-probes.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, seededRandom, withCleanup } from "./rig/scenario.ts";

const INTERVAL_MS = 1_000;
const HOUR_MS = 3_600_000;
/** Sleeps of the recorder are a hundredth as long. */
const SHORTENED = 100;
/** Of the cap: what is written before the oldest is folded, and the fold beside the file that it replaces. */
const ABOVE_CAP = 0.5;
const LEAST_ROWS_PER_SECOND = 5_000;
/** Of live objects; the runs of the hour would take about four times as much in the full form. */
const MOST_MEMORY_BYTES = 64 * 2 ** 20;
const TEN_SECONDS_OF_RUNS = 10;

const fromConfig = async (url: string, probes: number): Promise<void> => {
  const bytes = Buffer.from(manyProbes({ count: probes, url: "http://127.0.0.1:9/" }));
  const loaded = loadConfig({ bytes, env: {}, judgeUrl });
  if (!loaded.ok) throw new Error(`the configuration has faults: ${loaded.errors[0]?.message}`);
  await migrate({ url });
  const database = openDatabase({ url, applicationName: "nines-faults" });
  const secretBox = createSecretBox(Buffer.alloc(32, 1));
  const now = epochMs(Date.now() - HOUR_MS - 60_000);
  await database.transaction((tx) => applyConfig(tx, { config: loaded.config, now, secretBox }));
  await database.close();
};

const CLASSES = ["ok", "ok", "ok", "bad_status", "ok", "timeout", "ok", "ok"] as const;

/** The runs of all probes in one second of the hour, with outcomes that repeat for a seed. */
const runsOfSecond = (probes: number, fromMs: number, random: () => number): Run[] =>
  Array.from({ length: probes }, (_, index) => {
    const probeId = `probe-${index}`;
    const name = CLASSES[Math.floor(random() * CLASSES.length)] ?? "ok";
    return sampleRun({
      probeId,
      locationId: "here",
      scheduledAt: nextSlotAt(probeId, durationMs(INTERVAL_MS), epochMs(fromMs)),
      outcome: {
        class: name,
        detail: name === "ok" ? null : "HTTP 503 where 2xx was expected",
        httpStatus: name === "timeout" ? null : name === "ok" ? 200 : 503,
        durationUs: durationUs(5_000 + Math.floor(random() * 200_000)),
      },
    });
  });

/** Bytes of live objects. */
const liveBytes = (): number => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const sizeOf = async (folder: string): Promise<number> => {
  const names = await readdir(folder).catch(() => [] as string[]);
  const sizes = names.map((name) =>
    stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
};

const countOf = async (name: string): Promise<number> => {
  const metric = (await collectRoleMetrics()).find((one) => one.name === name);
  return metric?.values.reduce((sum, { value }) => sum + value, 0) ?? 0;
};

/** Records the hour while nothing can be stored. Returns what was recorded by class, and how large things became. */
const recordHour = async (args: {
  recorder: Recorder;
  probes: number;
  startMs: number;
  spoolDir: string;
  random: () => number;
}) => {
  const { recorder, probes, startMs, spoolDir, random } = args;
  const byClass = new Map<string, number>();
  const memoryBefore = liveBytes();
  let largestSpool = 0;
  for (let second = 0; second < HOUR_MS / INTERVAL_MS; second += 1) {
    for (const run of runsOfSecond(probes, startMs + second * INTERVAL_MS, random)) {
      byClass.set(run.outcome.class, (byClass.get(run.outcome.class) ?? 0) + 1);
      recorder.record(run);
    }
    if (second % TEN_SECONDS_OF_RUNS !== 0) continue;
    await pause(1);
    largestSpool = Math.max(largestSpool, await sizeOf(spoolDir));
  }
  return { byClass, largestSpool, memoryGrowth: liveBytes() - memoryBefore };
};

/** What is stored, beside what was recorded: the same number of each class. */
const compareClasses = async (sql: postgres.Sql, recorded: ReadonlyMap<string, number>): Promise<string[]> => {
  const rows = await sql<{ class: string; count: number }[]>`
    select c.class, count(*)::int as count from runs r join outcome_classes c on c.code = r.class group by 1`;
  const stored = new Map(rows.map((row) => [row.class, row.count]));
  return [...new Set([...stored.keys(), ...recorded.keys()])]
    .filter((name) => stored.get(name) !== recorded.get(name))
    .map((name) => `K1: ${recorded.get(name) ?? 0} runs were ${name}, ${stored.get(name) ?? 0} are stored`);
};

/** Runs the scenario: an hour of `probes` runs a second into a spool of `capBytes`; 60 and 16 MB in full. */
export const runF09 = (args: { probes: number; capBytes: number; seed: number }): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const { probes, capBytes, seed } = args;
    const folder = await temporaryFolder("f09");
    later(folder.remove);
    const dataDir = `${folder.path}/database`;
    const first = await startEmbedded({ dataDir, log: silentLogger });
    later(first.stop);
    await fromConfig(first.url, probes);
    const database = openDatabase({ url: first.url, applicationName: "nines-probe" });
    later(database.close);
    const cache = createIngestCache();
    const spoolDir = join(folder.path, "spool");
    const clock = {
      ...systemClock,
      sleep: (ms: number, signal: AbortSignal) => systemClock.sleep(ms / SHORTENED, signal),
    };
    let late = 0;
    const accept = async (runs: readonly Run[]): Promise<void> => {
      late += (await storeRuns(database, { runs, now: systemClock.now(), cache, log: silentLogger })).late;
    };
    const recorder = startRecorder({
      sink: { accept },
      clock,
      log: silentLogger,
      random: seededRandom(seed),
      spoolDir,
      spoolBytes: capBytes,
    });
    later(recorder.stop);
    const [foldedBefore, droppedBefore] = [
      await countOf("nines_runs_folded_total"),
      await countOf("nines_runs_dropped_total"),
    ];
    const startMs = Date.now() - HOUR_MS;
    // The engine has closed the hour before the runs come: all of them are late, and every minute is made again.
    await accept(runsOfSecond(probes, startMs - INTERVAL_MS, () => 0));
    await closeAllMinutes(first.url);
    await first.stop();

    const { byClass, largestSpool, memoryGrowth } = await recordHour({
      recorder,
      probes,
      startMs,
      spoolDir,
      random: seededRandom(seed),
    });
    byClass.set("ok", (byClass.get("ok") ?? 0) + probes);
    const total = -probes + [...byClass.values()].reduce((sum, count) => sum + count, 0);
    // While runs move from memory to the disk they are counted in both.
    const isAllKept = await waitFor("every run to be kept", () => recorder.kept() === total).catch(() => false);
    const keptAtReturn = recorder.kept();

    const second = await startEmbedded({ dataDir, log: silentLogger });
    later(second.stop);
    if (second.url !== first.url) throw new Error("the database came back at another address");
    await waitFor("the first runs to be stored", () => recorder.kept() < keptAtReturn, {
      deadlineMs: 30_000,
      everyMs: 5,
    });
    const from = performance.now();
    const left = recorder.kept();
    await waitFor("the backlog to be stored", () => recorder.kept() === 0, { deadlineMs: 120_000, everyMs: 5 });
    const flushMs = performance.now() - from;
    const lost = await recorder.stop();

    await closeAllMinutes(second.url);
    const sql = postgres(second.url, { max: 1, onnotice: () => undefined });
    later(() => sql.end({ timeout: 1 }));
    const gaps = await checkGaps(sql, { intervalMs: INTERVAL_MS, allowedIn: () => 0 });
    const findings = [...gaps.findings, ...(await checkBuckets(sql)), ...(await checkSliHours(sql))];
    const folded = (await countOf("nines_runs_folded_total")) - foldedBefore;
    const dropped = (await countOf("nines_runs_dropped_total")) - droppedBefore;
    const rate = Math.round((left / flushMs) * 1_000);
    const leftOnDisk = await sizeOf(spoolDir);
    return {
      figures: {
        seed,
        runs: total,
        capBytes,
        largestSpoolBytes: largestSpool,
        memoryGrowthBytes: memoryGrowth,
        folded,
        dropped,
        late,
        flushMs: Math.round(flushMs),
        rowsPerSecond: rate,
      },
      faults: [
        ...findings.slice(0, 10).map(({ checker, what }) => `${checker}: ${what}`),
        ...(await compareClasses(sql, byClass)),
        ...(isAllKept ? [] : [`${keptAtReturn} of ${total} runs were kept`]),
        ...(largestSpool <= capBytes * (1 + ABOVE_CAP) ? [] : [`the spool grew to ${largestSpool} bytes`]),
        ...(memoryGrowth <= MOST_MEMORY_BYTES ? [] : [`memory grew by ${memoryGrowth} bytes`]),
        ...(late === total ? [] : [`${late} of ${total} runs are flagged late`]),
        ...(folded > 0 ? [] : ["the cap was not reached: nothing was folded"]),
        ...(dropped + lost === 0 ? [] : [`${dropped + lost} runs were dropped`]),
        ...(rate >= LEAST_ROWS_PER_SECOND ? [] : [`the backlog was stored at ${rate} rows/s`]),
        ...(leftOnDisk === 0 ? [] : [`${leftOnDisk} bytes are left in the spool`]),
      ],
    };
  });
