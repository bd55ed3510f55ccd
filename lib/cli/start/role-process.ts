import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FromRole, RoleSettings, ToRole } from "#lib/cli/roles/role.ts";
import { execArgvOf } from "#lib/cli/roles/role.ts";
import type { AnswerWatch } from "#lib/cli/start/watch-answers.ts";
import { watchAnswers } from "#lib/cli/start/watch-answers.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";

const ENTRY = fileURLToPath(new URL("../roles/main.ts", import.meta.url));
const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 30_000;
/** A process that lived this long starts with the first delay again. */
const HEALTHY_MS = 60_000;

/** How long to wait before a restart: 100 ms after no failure, 200 ms after the first, doubling to 30 s. */
export const restartDelayMs = (failures: number): number =>
  Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));

/** How a process of a role came to its end. */
export type RoleEnd = {
  readonly livedMs: number;
  readonly wasReady: boolean;
  /** What ended it, or null when it ended by itself. */
  readonly signal: NodeJS.Signals | null;
};

/** Sent from outside; SIGABRT, SIGSEGV and the like are faults of the process itself. */
const OUTSIDE_SIGNALS: ReadonlySet<NodeJS.Signals> = new Set(["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"]);

/**
 * The number of failures in a row after one more end. A process that worked and was killed by a person or the system
 * did not fail by itself: it is started again without back-off, however often that happens.
 */
export const failuresAfter = (failures: number, { livedMs, wasReady, signal }: RoleEnd): number => {
  const wasKilled = wasReady && signal !== null && OUTSIDE_SIGNALS.has(signal);
  if (wasKilled) return 0;
  return livedMs > HEALTHY_MS ? 1 : failures + 1;
};

export type RoleProcess = {
  /** Settles at the first `ready`; rejects when the role says that it cannot start at all. */
  readonly ready: Promise<{ port: number | null }>;
  readonly pid: () => number | undefined;
  readonly send: (message: ToRole) => void;
  /** Changes what the next start of the process gets. */
  readonly update: (settings: RoleSettings) => void;
  /** Asks it to stop, kills it at the deadline. */
  readonly stop: (deadlineMs: number) => Promise<void>;
};

export type RoleProcessArgs = {
  readonly settings: RoleSettings;
  readonly log: Logger;
  readonly clock: Clock;
  readonly onMessage: (message: FromRole) => void;
};

/**
 * Roles log to standard error; what Next prints to standard output is for its developers. `detached`: Ctrl-C must reach
 * the supervisor only, which stops the roles in order.
 */
const forkRole = ({ role, isProduction }: RoleSettings): ChildProcess =>
  fork(ENTRY, [], {
    detached: true,
    execArgv: [...process.execArgv, ...execArgvOf(role)],
    stdio: ["ignore", isProduction ? "ignore" : "inherit", "inherit", "ipc"],
    serialization: "advanced",
  });

const stopChild = async (child: ChildProcess, deadlineMs: number): Promise<void> => {
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  if (child.connected) child.send({ kind: "stop" } satisfies ToRole);
  const killer = setTimeout(() => child.kill("SIGKILL"), deadlineMs);
  await ended;
  clearTimeout(killer);
};

/** Ends a process that is there and does not answer any more; its end is then what starts it again. */
const watchAnswersOf = (
  child: ChildProcess,
  { settings, log, clock }: Pick<RoleProcessArgs, "settings" | "log" | "clock">,
): AnswerWatch => {
  const ended = new AbortController();
  child.once("exit", () => ended.abort());
  return watchAnswers({
    ask: () => {
      if (child.connected) child.send({ kind: "ping" } satisfies ToRole);
    },
    onHung: () => {
      log.error(
        { code: "ROLE_HUNG", role: settings.role, pid: child.pid },
        "a process of the service hangs; it is ended",
      );
      child.kill("SIGKILL");
    },
    clock,
    signal: ended.signal,
  });
};

/** Keeps one role running: a process that ends unasked, or hangs, is started again, with back-off, until `stop`. */
export const superviseRole = ({ settings: initial, log, clock, onMessage }: RoleProcessArgs): RoleProcess => {
  let settings = initial;
  let child: ChildProcess | null = null;
  let failures = 0;
  const stopping = new AbortController();
  const first = Promise.withResolvers<{ port: number | null }>();
  // Nobody may be waiting any more when a role fails late.
  first.promise.catch(() => undefined);

  const launch = (): void => {
    const startedAt = clock.monotonicMs();
    const started = forkRole(settings);
    let wasReady = false;
    child = started;
    const watch = watchAnswersOf(started, { settings, log, clock });
    started.on("message", (message: FromRole) => {
      watch.heard();
      if (message.kind === "pong") return;
      if (message.kind === "ready") {
        wasReady = true;
        log.info({ role: settings.role, pid: started.pid }, "a process of the service is ready");
        if (message.port !== null) settings = { ...settings, port: message.port };
        first.resolve({ port: message.port });
      }
      if (message.kind === "failed") log.error({ role: settings.role, code: message.code }, message.detail);
      onMessage(message);
    });
    started.on("error", (error) =>
      log.error({ role: settings.role, error }, "a process of the service could not be started"),
    );
    started.on("exit", (code, signal) => {
      child = null;
      if (stopping.signal.aborted) return;
      failures = failuresAfter(failures, { livedMs: clock.monotonicMs() - startedAt, wasReady, signal });
      const delayMs = restartDelayMs(failures);
      log.error(
        { code: "ROLE_CRASHED", role: settings.role, exitCode: code, signal, restartInMs: delayMs },
        "a process of the service ended unexpectedly",
      );
      void clock.sleep(delayMs, stopping.signal).then(launch, () => undefined);
    });
    started.send({ kind: "settings", settings } satisfies ToRole);
  };
  launch();

  return {
    ready: first.promise,
    pid: () => child?.pid,
    send: (message) => {
      if (child?.connected === true) child.send(message);
    },
    update: (next) => {
      settings = next;
    },
    stop: async (deadlineMs) => {
      stopping.abort();
      if (child !== null && child.exitCode === null) await stopChild(child, deadlineMs);
    },
  };
};
