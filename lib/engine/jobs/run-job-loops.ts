import { deleteOldJobs } from "#db/queries/jobs.ts";
import { deleteFullBuckets } from "#db/queries/rate-limits.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { addMs, DAY_MS, MINUTE_MS } from "#lib/core/units.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";
import { sendCallbackOnce } from "./job-callbacks.ts";
import type { JobDeps } from "./run-jobs.ts";
import { runJobOnce } from "./run-jobs.ts";

const LOOK_EVERY_MS = 1_000;
const CLEAN_EVERY_MS = 10 * MINUTE_MS;
const JOBS_KEPT_MS = 30 * DAY_MS;
/** Jobs at a time: measuring and alerting go first. */
const WORKERS = 2;
const BATCH = 1_000;
/** The slowest bucket is full again by then. */
const BUCKETS_KEPT_SECONDS = 3_600;

/** Runs jobs, tells of their end, and forgets what is over, until the signal aborts. */
export const runJobLoops = async (deps: JobDeps & { readonly secretBox: SecretBox }): Promise<void> => {
  const { database, clock, log, signal } = deps;
  const loop = (what: string, intervalMs: number, work: () => Promise<void>): Promise<void> =>
    runLoop({ intervalMs, work, onError: (error) => log.warn({ error }, `${what}; trying again`), clock, signal });
  const untilNone = (once: () => Promise<boolean>) => async (): Promise<void> => {
    while (!signal.aborted && (await once())) {
      // The next one is taken at once.
    }
  };
  const clean = async (): Promise<void> => {
    const now = clock.now();
    await database.transaction((tx) => deleteOldJobs(tx, { now, before: addMs(now, -JOBS_KEPT_MS), limit: BATCH }));
    await database.transaction((tx) => deleteFullBuckets(tx, { olderThanSeconds: BUCKETS_KEPT_SECONDS }));
  };
  const workers = Array.from({ length: WORKERS }, () =>
    loop(
      "jobs could not be taken",
      LOOK_EVERY_MS,
      untilNone(() => runJobOnce(deps)),
    ),
  );
  const callbacks = loop(
    "nobody could be told of jobs",
    LOOK_EVERY_MS,
    untilNone(() => sendCallbackOnce(deps)),
  );
  await Promise.all([...workers, callbacks, loop("old jobs could not be forgotten", CLEAN_EVERY_MS, clean)]);
};
