import { Worker } from "node:worker_threads";
import type { Judgement } from "#lib/core/assertions.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import type { Judge, JudgeJob } from "./judge.ts";
import { isCostly, judgeHere } from "./judge.ts";
import type { JudgeReply, JudgeRequest } from "./messages.ts";

export type JudgePoolArgs = {
  readonly clock: Pick<Clock, "sleep">;
  readonly log: Logger;
  /** How many threads judge at once. One judges about a hundred answers of 500 kB a second. */
  readonly threads?: number;
  /** A judgement that takes longer ends its thread. */
  readonly judgeWithinMs?: number;
};

export type JudgePool = {
  /** Small answers are judged at once and here, large ones in a thread, in order of arrival. */
  readonly judge: Judge;
  /** Ends the threads; judgements that are under way fail. May be called twice. */
  readonly stop: () => Promise<void>;
};

type Task = {
  readonly id: number;
  readonly job: JudgeJob;
  readonly settle: (result: Judgement | Error) => void;
};

type Seat = { worker: Worker | null; task: Task | null };

type Pool = Required<JudgePoolArgs> & {
  readonly seats: readonly Seat[];
  readonly waiting: Task[];
  isStopped: boolean;
};

const ENTRY = new URL("./judge-worker.ts", import.meta.url);

/** The job with a body of its own, which is handed over without another copy. */
const send = (worker: Worker, { id, job }: Task): void => {
  const body = new Uint8Array(job.body);
  worker.postMessage({ id, job: { ...job, body } } satisfies JudgeRequest, [body.buffer]);
};

const finish = (pool: Pool, seat: Seat, result: Judgement | Error): void => {
  const { task } = seat;
  seat.task = null;
  task?.settle(result);
  dispatch(pool);
};

/** Ends the thread of a seat; the next task gets a new one. */
const vacate = (pool: Pool, seat: Seat, worker: Worker, why: Error): void => {
  if (seat.worker !== worker) return;
  seat.worker = null;
  void worker.terminate();
  if (!pool.isStopped) pool.log.error({ code: "INTERNAL", error: why }, "a thread that judges answers ended");
  finish(pool, seat, why);
};

const employ = (pool: Pool, seat: Seat): Worker => {
  const worker = new Worker(ENTRY);
  worker.unref();
  worker.on("message", (reply: JudgeReply) => {
    if (reply.id === seat.task?.id) finish(pool, seat, "fault" in reply ? new Error(reply.fault) : reply.judgement);
  });
  worker.on("error", (error) => vacate(pool, seat, worker, error instanceof Error ? error : new Error(String(error))));
  worker.on("exit", (code) => vacate(pool, seat, worker, new Error(`the thread ended with ${code}`)));
  return worker;
};

/** A user's patterns and paths run in linear time; this is for what nobody thought of. */
const watch = async (pool: Pool, seat: Seat, worker: Worker, done: AbortSignal): Promise<void> => {
  await pool.clock.sleep(pool.judgeWithinMs, done).catch(() => undefined);
  if (!done.aborted) vacate(pool, seat, worker, new Error(`judging took over ${pool.judgeWithinMs} ms`));
};

const begin = (pool: Pool, seat: Seat, task: Task): void => {
  const done = new AbortController();
  seat.task = {
    ...task,
    settle: (result) => {
      done.abort();
      task.settle(result);
    },
  };
  seat.worker ??= employ(pool, seat);
  send(seat.worker, task);
  void watch(pool, seat, seat.worker, done.signal);
};

const dispatch = (pool: Pool): void => {
  for (const seat of pool.seats) {
    if (seat.task !== null) continue;
    const next = pool.waiting.shift();
    if (next === undefined) return;
    begin(pool, seat, next);
  }
};

const enter = (pool: Pool, id: number, job: JudgeJob, signal: AbortSignal): Promise<Judgement> =>
  new Promise((resolve, reject) => {
    const onAbort = (): void => task.settle(signal.reason as Error);
    const task: Task = {
      id,
      job,
      settle: (result) => {
        signal.removeEventListener("abort", onAbort);
        const place = pool.waiting.indexOf(task);
        if (place !== -1) pool.waiting.splice(place, 1);
        if (result instanceof Error) reject(result);
        else resolve(result);
      },
    };
    signal.addEventListener("abort", onAbort, { once: true });
    pool.waiting.push(task);
    dispatch(pool);
  });

const stop = async (pool: Pool): Promise<void> => {
  pool.isStopped = true;
  const why = new Error("the judges are stopped");
  for (const task of [...pool.waiting]) task.settle(why);
  await Promise.all(
    pool.seats.map(async (seat) => {
      const { worker } = seat;
      seat.worker = null;
      seat.task?.settle(why);
      seat.task = null;
      await worker?.terminate();
    }),
  );
};

/**
 * Judges answers without holding up the schedule: what is large and asserted on goes to a thread, which starts when the
 * first such answer comes. A thread that ends is replaced; only the answer that it had is not judged.
 */
export const createJudgePool = (args: JudgePoolArgs): JudgePool => {
  const limits = { threads: 1, judgeWithinMs: 30_000, ...args };
  const seats = Array.from({ length: limits.threads }, (): Seat => ({ worker: null, task: null }));
  const pool: Pool = { ...limits, seats, waiting: [], isStopped: false };
  let nextId = 1;
  return {
    judge: async (job, signal) => {
      if (pool.isStopped || !isCostly(job)) return judgeHere(job);
      signal.throwIfAborted();
      return enter(pool, nextId++, job, signal);
    },
    stop: () => stop(pool),
  };
};
