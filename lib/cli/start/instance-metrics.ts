import type { RoleName } from "#lib/cli/roles/role.ts";
import type { RoleProcess } from "#lib/cli/start/role-process.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { MetricsFormat, RoleMetrics } from "#lib/runtime/metrics.ts";
import { serializeMerged } from "#lib/runtime/metrics.ts";

/** A role that does not answer by then (it may be stopped or busy) is left out of the answer. */
const ANSWER_DEADLINE_MS = 1_000;

export type InstanceMetrics = {
  /** Asks every role and merges what came in time. */
  readonly collect: (roles: ReadonlyMap<RoleName, RoleProcess>, format: MetricsFormat) => Promise<string>;
  readonly accept: (id: number, metrics: unknown) => void;
};

/** The metrics of all processes of one instance, asked for over their channels. */
export const createInstanceMetrics = (clock: Clock, signal: AbortSignal): InstanceMetrics => {
  const waiting = new Map<number, (metrics: RoleMetrics) => void>();
  let nextId = 1;

  const ask = async (process: RoleProcess): Promise<RoleMetrics | null> => {
    const id = nextId++;
    const answer = new Promise<RoleMetrics>((resolve) => waiting.set(id, resolve));
    process.send({ kind: "metrics_wanted", id });
    const deadline = new AbortController();
    const late = clock.sleep(ANSWER_DEADLINE_MS, AbortSignal.any([signal, deadline.signal])).then(
      () => null,
      () => null,
    );
    const metrics = await Promise.race([answer, late]);
    deadline.abort();
    waiting.delete(id);
    return metrics;
  };

  return {
    collect: async (roles, format) => {
      const answers = await Promise.all([...roles.values()].map(ask));
      return (
        await serializeMerged(
          answers.filter((metrics) => metrics !== null),
          format,
        )
      ).body;
    },
    // The other end is our own process of the same release, so the form of the data is given.
    accept: (id, metrics) => waiting.get(id)?.(metrics as RoleMetrics),
  };
};
