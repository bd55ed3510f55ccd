import type { Database } from "#db/database.ts";
import { openMeasuredDatabase } from "#lib/cli/roles/measured-database.ts";
import type { RoleContext, StartRole } from "#lib/cli/roles/role.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { openSecretBox } from "#lib/commands/secret-key.ts";
import { processEnvironment } from "#lib/config/env.ts";
import { loadConfig } from "#lib/config/load-config.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { createThresholdJudge } from "#lib/engine/alerts/judge-thresholds.ts";
import { settleAlerts } from "#lib/engine/alerts/settle-alerts.ts";
import { createRoundNotes } from "#lib/engine/evaluate/round-notes.ts";
import { createEvaluator } from "#lib/engine/evaluate.ts";
import { runMaintenances } from "#lib/engine/incidents/run-maintenances.ts";
import { createHeartbeatJudge } from "#lib/engine/judge-heartbeats.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { assertLease, runAsLeader } from "#lib/engine/lease.ts";
import { createPromqlPoller } from "#lib/engine/promql/poll-promql.ts";
import { createPublisher } from "#lib/engine/publish.ts";
import { runRetainOnce } from "#lib/engine/retain.ts";
import { runRollupOnce } from "#lib/engine/rollup.ts";
import { runSideLoops } from "#lib/engine/run-side-loops.ts";
import type { ConfigWatcher } from "#lib/engine/watch-config.ts";
import { createConfigWatcher } from "#lib/engine/watch-config.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";

const TICK_MS = 1_000;
const RETAIN_EVERY_MS = 600_000;

type Leading = {
  readonly context: RoleContext;
  readonly database: Database;
  readonly lease: Lease;
  readonly signal: AbortSignal;
  /** Minutes that another system counted and the evaluator has not seen yet. */
  readonly polled: EpochMinute[];
};

const watchConfig = ({ context, database, lease, signal }: Leading, secretBox: SecretBox): ConfigWatcher => {
  const { settings, clock, log } = context;
  return createConfigWatcher({
    path: settings.configPath,
    load: (bytes) => loadConfig({ bytes, env: processEnvironment(), judgeUrl }),
    apply: (config) =>
      database.transaction(
        async (tx) => {
          await assertLease(tx, lease);
          return applyConfig(tx, { config, now: clock.now(), secretBox });
        },
        { deadlineMs: 10_000 },
      ),
    clock,
    log,
    signal,
  });
};

/** Closes minutes and evaluates them in the same round, so that an alert fires as soon as its minute is known. */
const runMinutes = ({ context, database, lease, signal, polled }: Leading): Promise<void> => {
  const { clock, log } = context;
  const evaluator = createEvaluator({ database, clock, log });
  const noteRound = createRoundNotes(clock);
  const round = async (): Promise<void> => {
    let hasMore = true;
    while (hasMore && !signal.aborted) {
      const startedMs = clock.monotonicMs();
      const rolled = await runRollupOnce({ database, lease, now: clock.now(), log });
      if (rolled.isReopened) evaluator.forget();
      const evaluated = await evaluator.runEvaluateOnce(lease, {
        rerolled: rolled.rerolled,
        polled: polled.splice(0),
      });
      noteRound(startedMs, evaluated);
      hasMore = rolled.hasMore || evaluated.hasMore;
    }
  };
  const onError = (error: unknown): void => {
    evaluator.forget();
    log.warn({ error }, "minutes could not be closed or evaluated; trying again");
  };
  return runLoop({ intervalMs: TICK_MS, work: round, onError, clock, signal });
};

const runHeartbeats = ({ context, database, lease, signal }: Leading): Promise<void> => {
  const { clock, log } = context;
  const judge = createHeartbeatJudge({ database, clock, log });
  const round = async (): Promise<void> => {
    let hasMore = true;
    while (hasMore && !signal.aborted) ({ hasMore } = await judge.runOnce(lease));
  };
  const onError = (error: unknown): void => log.warn({ error }, "heartbeats could not be judged; trying again");
  return runLoop({ intervalMs: TICK_MS, work: round, onError, clock, signal });
};

/** Counts what Prometheus-compatible servers know, and hands the minutes to the evaluator. */
const runPromql = (leading: Leading, secretBox: SecretBox): Promise<void> => {
  const { context, database, lease, signal, polled } = leading;
  const { clock, log } = context;
  const poller = createPromqlPoller({ database, secretBox, clock, log, random: Math.random });
  const round = async (): Promise<void> => {
    let hasMore = true;
    while (hasMore && !signal.aborted) {
      const result = await poller.runOnce(lease, signal);
      polled.push(...result.changed);
      hasMore = result.hasMore;
    }
  };
  const onError = (error: unknown): void => log.warn({ error }, "PromQL sources could not be read; trying again");
  return runLoop({ intervalMs: TICK_MS, work: round, onError, clock, signal });
};

/** Alerts on figures as they are; then who is told of what fires, as silences, dependencies and acknowledgements change. */
const runAlerting = ({ context, database, lease, signal }: Leading, secretBox: SecretBox): Promise<void> => {
  const { clock, log } = context;
  const thresholds = createThresholdJudge({ database, secretBox, clock, log, random: Math.random });
  const settle = async (): Promise<void> => void (await settleAlerts({ database, lease, now: clock.now() }));
  const judge = async (): Promise<void> => void (await thresholds.runOnce(lease, signal));
  const failed =
    (what: string) =>
    (error: unknown): void =>
      log.warn({ error }, `${what}; trying again`);
  const common = { intervalMs: TICK_MS, clock, signal };
  // Apart, because a threshold may wait for another system.
  const loops = [
    runLoop({ ...common, work: judge, onError: failed("threshold alerts could not be judged") }),
    runLoop({ ...common, work: settle, onError: failed("firing alerts could not be settled") }),
  ];
  return Promise.all(loops).then(() => undefined);
};

const runPublishing = ({ context, database, lease, signal }: Leading): Promise<void> => {
  const { clock, log, settings } = context;
  const publisher = createPublisher({ database, clock, log, isDemo: settings.isDemo });
  return runLoop({
    intervalMs: TICK_MS,
    work: async () => void (await publisher.runPublishOnce(lease)),
    onError: (error) => log.warn({ error }, "the page's snapshot could not be published; trying again"),
    clock,
    signal,
  });
};

const runRetaining = ({ context, database, lease, signal }: Leading): Promise<void> => {
  const { clock, log } = context;
  return runLoop({
    intervalMs: RETAIN_EVERY_MS,
    work: async () => void (await runRetainOnce({ database, lease, now: clock.now(), log })),
    onError: (error) => log.warn({ error }, "a round of housekeeping failed; trying again"),
    clock,
    signal,
  });
};

/** Leads the engine's loops while it holds the lease: configuration, minutes, snapshot, housekeeping. */
export const startRole: StartRole = async (context) => {
  const { settings, clock, log } = context;
  const database = openMeasuredDatabase({ url: settings.databaseUrl, applicationName: "nines-engine" }, clock);
  const secretBox = openSecretBox(settings);
  const stopping = new AbortController();
  let watcher: ConfigWatcher | null = null;
  const leading = runAsLeader({
    database,
    name: "engine",
    holder: `${settings.instanceId}/engine`,
    clock,
    log,
    signal: stopping.signal,
    lead: async (lease, signal) => {
      const own: Leading = { context, database, lease, signal, polled: [] };
      watcher = watchConfig(own, secretBox);
      await Promise.all([
        watcher.done,
        runMinutes(own),
        runHeartbeats(own),
        runPromql(own, secretBox),
        runAlerting(own, secretBox),
        runPublishing(own),
        runRetaining(own),
        runMaintenances({ database, lease, clock, log, signal }),
        runSideLoops({ database, lease, secretBox, deps: { clock, log, random: Math.random }, signal }),
      ]);
    },
  });
  return {
    reload: () => watcher?.reload(),
    stop: async () => {
      stopping.abort();
      await leading;
      await database.close();
    },
  };
};
