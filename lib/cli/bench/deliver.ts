import { cpus } from "node:os";
import type { Database } from "#db/database.ts";
import { openDatabase } from "#db/database.ts";
import { startTemporary } from "#db/embedded/temporary.ts";
import { migrate } from "#db/migrate.ts";
import {
  analyzeDeliveries,
  countUnfinished,
  insertBenchDeliveries,
  insertOldDeliveries,
} from "#db/queries/bench-deliver.ts";
import { claimDeliveries } from "#db/queries/deliveries.ts";
import { notifyDeliveries } from "#db/queries/events.ts";
import type { CommandContext, ExitCode } from "#lib/cli/command.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import { AppError } from "#lib/core/errors.ts";
import { DAY_MS, epochMs } from "#lib/core/units.ts";
import { postJson } from "#lib/egress/post.ts";
import { runDeliver } from "#lib/engine/deliver/loop.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { countOption } from "./count-option.ts";
import type { BenchReceiver } from "./deliver/ground.ts";
import { applyEndpoints, startReceiver } from "./deliver/ground.ts";

/** Real durability: an event that was delivered stands in the log after a power cut. */
const DURABLE = { fsync: "on", synchronous_commit: "on", max_wal_size: "2GB", shared_buffers: "128MB" };
const CONCURRENCY = 8;
const OLD_ROWS = 1_000_000;
const OLD_BATCH = 100_000;
const QUEUED = 10_000;
const GOAL_CLAIM_MS = 10;
const GOAL_P99_MS = 1_000;
/** A turn that takes longer than this is given up. */
const PATIENCE_MS = 120_000;
const POLL_MS = 20;

const DATA = JSON.stringify({ id: "inc_1", name: "Checkout is slow", status: "investigating", text: "x".repeat(600) });

const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? 0;
const median = (values: readonly number[]): number => quantile(values, 0.5);
const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

type Ground = { readonly database: Database; readonly receiver: BenchReceiver; readonly signal: AbortSignal };

const untilDone = async ({ database, signal }: Ground): Promise<void> => {
  const startedMs = systemClock.monotonicMs();
  while ((await database.read(countUnfinished)) > 0) {
    if (systemClock.monotonicMs() - startedMs > PATIENCE_MS) throw new AppError("INTERNAL", "deliveries do not end");
    await systemClock.sleep(POLL_MS, signal);
  }
};

/** Deliveries a second from the commit of the batch to the last receipt: signed, logged, durable. */
const ourTurn = async (ground: Ground, prefix: string, count: number): Promise<number> => {
  const now = systemClock.now();
  await ground.receiver.take();
  await ground.database.transaction(
    async (tx) => {
      await insertBenchDeliveries(tx, { prefix, count, endpointId: "healthy", data: DATA, now });
      // As `recordEvent` does: the wait for the next poll is not throughput.
      await notifyDeliveries(tx);
    },
    { deadlineMs: 60_000 },
  );
  const startedAt = performance.timeOrigin + performance.now();
  await untilDone(ground);
  const receipts = await ground.receiver.take();
  if (new Set(receipts.map(({ id }) => id)).size !== count) throw new AppError("INTERNAL", "events did not arrive");
  return (count * 1_000) / (Math.max(...receipts.map(({ at }) => at)) - startedAt);
};

/** The same posts by the same client with as many at once: no queue, no signature, no log. */
const bareTurn = async ({ receiver, signal }: Ground, count: number): Promise<number> => {
  let next = 0;
  const startedMs = performance.now();
  const post = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await postJson({
        url: receiver.url,
        headers: { "webhook-id": `bare${next}` },
        body: DATA,
        timeoutMs: 5_000,
        allow: ["127.0.0.1/32"],
        maxResponseBytes: 16_384,
        signal,
        clock: systemClock,
      });
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, post));
  return (count * 1_000) / (performance.now() - startedMs);
};

/** Milliseconds from the commit of one event to its receipt, on a system with nothing else to do. */
const measureLatencies = async (ground: Ground, count: number): Promise<number[]> => {
  await ground.receiver.take();
  const committed = new Map<string, number>();
  for (let index = 0; index < count && !ground.signal.aborted; index += 1) {
    const now = systemClock.now();
    const recorded = await ground.database.transaction((tx) =>
      recordEvent(tx, {
        type: "incident.opened",
        subject: "shop",
        dedupKey: `latency ${index}`,
        data: { index },
        occurredAt: now,
        notify: ["healthy"],
        now,
      }),
    );
    if (recorded !== null) committed.set(recorded.eventId, performance.timeOrigin + performance.now());
    // Uneven gaps, so that no beat of the poll is met by chance.
    await systemClock.sleep(30 + ((index * 37) % 90), ground.signal);
  }
  await untilDone(ground);
  const receipts = await ground.receiver.take();
  return receipts.flatMap(({ id, at }) => {
    const from = committed.get(id);
    return from === undefined ? [] : [Math.max(0, at - from)];
  });
};

/** Milliseconds of one claim while ten thousand deliveries wait among a million that are done. */
const measureClaims = async ({ database }: Ground): Promise<number[]> => {
  const now = systemClock.now();
  for (let from = 0; from < OLD_ROWS; from += OLD_BATCH) {
    const old = { from, count: OLD_BATCH, endpointId: "slow", at: epochMs(now - DAY_MS) };
    await database.transaction((tx) => insertOldDeliveries(tx, old), { deadlineMs: 120_000 });
  }
  const queued = { prefix: "queued", count: QUEUED, endpointId: "slow", data: DATA, now };
  await database.transaction((tx) => insertBenchDeliveries(tx, queued), { deadlineMs: 60_000 });
  await database.transaction(analyzeDeliveries, { deadlineMs: 120_000 });
  const took: number[] = [];
  for (let index = 0; index < 100; index += 1) {
    const startedMs = performance.now();
    await database.transaction((tx) =>
      claimDeliveries(tx, {
        now: systemClock.now(),
        leaseToken: `bench ${index}`,
        leaseMarginMs: 10_000,
        limit: 128,
        places: new Map(),
        busy: new Map(),
        leftBehind: false,
      }),
    );
    took.push(performance.now() - startedMs);
  }
  return took;
};

const measure = async (ground: Ground, args: { rounds: number; count: number }) => {
  const turns: { ours: number; bare: number }[] = [];
  // Turn 0 warms both sides up and is not counted.
  for (let index = 0; index <= args.rounds; index += 1) {
    const ours = await ourTurn(ground, `turn${index}_`, args.count);
    const bare = await bareTurn(ground, args.count);
    if (index > 0) turns.push({ ours, bare });
  }
  const latencies = await measureLatencies(ground, 200);
  return { turns, latencies };
};

type Measured = Awaited<ReturnType<typeof measure>> & { readonly claims: readonly number[] };

const summaryOf = ({ turns, latencies, claims }: Measured) => {
  const p99Ms = round(quantile(latencies, 0.99));
  const claimMs = round(median(claims), 2);
  return {
    perSecond: Math.round(median(turns.map(({ ours }) => ours))),
    barePerSecond: Math.round(median(turns.map(({ bare }) => bare))),
    ratio: round(median(turns.map(({ ours, bare }) => ours / bare)), 2),
    commitToReceipt: { p50Ms: round(median(latencies)), p99Ms, goalMs: GOAL_P99_MS, isMet: p99Ms <= GOAL_P99_MS },
    claim: { medianMs: claimMs, oldRows: OLD_ROWS, goalMs: GOAL_CLAIM_MS, isMet: claimMs <= GOAL_CLAIM_MS },
  };
};

const linesOf = (summary: ReturnType<typeof summaryOf>): string => {
  const { commitToReceipt, claim } = summary;
  const said = (isMet: boolean): string => (isMet ? "met" : "missed");
  return [
    `deliveries a second, signed, logged, durable, ${CONCURRENCY} at once: ${summary.perSecond}`,
    `bare posts of the same client, ${CONCURRENCY} at once: ${summary.barePerSecond}; ratio ${summary.ratio}`,
    `commit to receipt when idle: p50 ${commitToReceipt.p50Ms} ms, p99 ${commitToReceipt.p99Ms} ms, goal ${commitToReceipt.goalMs}: ${said(commitToReceipt.isMet)}`,
    `one claim with ${QUEUED} waiting among ${claim.oldRows} done: ${claim.medianMs} ms, goal ${claim.goalMs}: ${said(claim.isMet)}`,
    "",
  ].join("\n");
};

/**
 * Measures the outbox with a real dispatcher, a real PostgreSQL with fsync and a real receiver: how many deliveries a
 * second beside bare posts in turns, how long from commit to receipt, and what a claim costs in a large table.
 */
export const runDeliverBench = async (context: CommandContext): Promise<ExitCode> => {
  const { values } = readOptions(context.args, {
    options: { rounds: { type: "string" }, count: { type: "string" }, json: { type: "boolean" } },
  });
  const [rounds, count] = [
    countOption("rounds", values.rounds, { fallback: 5, most: 100_000 }),
    countOption("count", values.count, { fallback: 2_000, most: 100_000 }),
  ];
  const { server, stop } = await startTemporary({ settings: DURABLE });
  const database = openDatabase({ url: server.url, applicationName: "nines-bench" });
  const receiver = await startReceiver();
  const stopping = new AbortController();
  const signal = AbortSignal.any([stopping.signal, context.signal]);
  try {
    await migrate({ url: server.url });
    const secretBox = await applyEndpoints(database, receiver.url);
    const worker = { database, secretBox, clock: systemClock, log: silentLogger, random: Math.random };
    const done = runDeliver({ ...worker, signal });
    const ground = { database, receiver, signal: context.signal };
    const measured = await measure(ground, { rounds, count });
    stopping.abort();
    await done;
    const summary = summaryOf({ ...measured, claims: await measureClaims(ground) });
    const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version };
    const head = `machine: ${machine.cpu} x ${machine.cores}, node ${machine.node}; ${rounds} rounds of ${count} deliveries\n`;
    context.stdout.write(
      values.json === true
        ? `${JSON.stringify({ bench: "deliver", machine, rounds, count, ...summary })}\n`
        : `${head}${linesOf(summary)}`,
    );
    return summary.claim.isMet && summary.commitToReceipt.isMet ? 0 : 1;
  } finally {
    stopping.abort();
    receiver.stop();
    await database.close();
    await stop();
  }
};
