import type { FromRole, RoleName, RoleSettings } from "#lib/cli/roles/role.ts";
import { createInstanceMetrics } from "#lib/cli/start/instance-metrics.ts";
import type { RoleProcess } from "#lib/cli/start/role-process.ts";
import { superviseRole } from "#lib/cli/start/role-process.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";

/** All of a stop happens within this; what remains after a slow role is shared by the others. */
const STOP_BUDGET_MS = 9_000;
const LEAST_STOP_MS = 500;

export type Supervisor = {
  /** Starts one role and waits until it is ready; the port is where the web role listens. */
  readonly start: (role: RoleName) => Promise<{ port: number | null }>;
  readonly reload: () => void;
  /** Tells every role about a new database address by starting it again. */
  readonly moveDatabase: (databaseUrl: string) => void;
  readonly pids: () => Readonly<Partial<Record<RoleName, number>>>;
  /** Stops in the reverse order of start. May be called twice. */
  readonly stop: () => Promise<void>;
};

type Args = { readonly common: Omit<RoleSettings, "role">; readonly log: Logger; readonly clock: Clock };

/** The processes of one instance. */
export const createSupervisor = ({ common, log, clock }: Args): Supervisor => {
  const roles = new Map<RoleName, RoleProcess>();
  const ended = new AbortController();
  const metrics = createInstanceMetrics(clock, ended.signal);
  let settings = common;
  let stopping: Promise<void> | null = null;

  const onMessage = (role: RoleName) => (message: FromRole) => {
    if (message.kind === "metrics") metrics.accept(message.id, message.metrics);
    if (message.kind === "all_metrics_wanted") {
      const { format = "text" } = message;
      void metrics
        .collect(roles, format)
        .then((text) => roles.get(role)?.send({ kind: "all_metrics", id: message.id, text }));
    }
  };

  const stopAll = async (): Promise<void> => {
    const startedAt = clock.monotonicMs();
    for (const [name, process] of [...roles].reverse()) {
      const leftMs = STOP_BUDGET_MS - (clock.monotonicMs() - startedAt);
      await process.stop(Math.max(LEAST_STOP_MS, leftMs));
      log.debug({ role: name }, "stopped");
    }
    ended.abort();
  };

  return {
    start: (role) => {
      const process = superviseRole({ settings: { ...settings, role }, log, clock, onMessage: onMessage(role) });
      roles.set(role, process);
      return process.ready;
    },
    reload: () => roles.get("engine")?.send({ kind: "reload" }),
    moveDatabase: (databaseUrl) => {
      settings = { ...settings, databaseUrl };
      for (const [role, process] of roles) {
        process.update({ ...settings, role });
        process.send({ kind: "stop" });
      }
    },
    pids: () => Object.fromEntries([...roles].map(([role, process]) => [role, process.pid()])),
    stop: () => (stopping ??= stopAll()),
  };
};
