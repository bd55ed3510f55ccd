import type { Outcome, RunPart } from "#lib/core/outcome.ts";
import type { AllowList } from "#lib/egress/allow-list.ts";
import type { KeptConnections } from "#lib/egress/kept-connections.ts";
import type { Resolver } from "#lib/egress/resolve-target.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Judge } from "#probes/judging/judge.ts";

export type CheckDeps = {
  readonly clock: Pick<Clock, "now" | "monotonicMs">;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly userAgent: string;
  /** Aborts at shutdown: the run is `skipped` then and says nothing about the target. */
  readonly signal: AbortSignal;
  /** What may be reached although it is not globally reachable (`egress.allow`). */
  readonly allow: AllowList;
  /** How names become addresses; the operating system's resolver when left out. */
  readonly resolver?: Resolver;
  /** Connections kept between runs, for probes that ask for it; without them every connection is fresh. */
  readonly connections?: KeptConnections;
  /** PEM of the authority to trust instead of the public ones. */
  readonly caPem?: string | null;
  /** Judges answers of HTTP; in this thread when left out. */
  readonly judge?: Judge;
};

/** A step of a journey, or an entry of a health document: judged by itself, with a history of its own. */
export type CheckPart = {
  /** Stable over runs and unique within its probe: the id of the step, or the name of the entry. At most 200 characters. */
  readonly key: string;
  readonly name: string;
  readonly outcome: Outcome;
};

/** What is kept of a part beside its run. */
export const runPartOf = ({ key, name, outcome }: CheckPart): RunPart => {
  const { class: className, detail, durationUs, httpStatus, failures } = outcome;
  return { key, name, class: className, detail, durationUs, httpStatus, failures };
};

export type CheckResult = {
  readonly outcome: Outcome;
  /** 32 lower-case hex digits that the target saw in `traceparent`; null when nothing was sent. */
  readonly traceId: string | null;
  /** In their order; absent for checks that have no parts. */
  readonly parts?: readonly CheckPart[];
};

/**
 * One run of a probe. Never rejects and never throws for what the target did: a broken target is an outcome. It ends
 * within 500 ms after its deadline (`timeoutMs`) or its signal, and leaves no socket, timer or listener behind. What a
 * target sends back of the definition's secrets is taken out afterwards (`hide-secrets.ts`). Each type has one: `probes/checks/<type>.ts` exports
 * `check<Type>: Check<…Definition>`, and `probes/checks/index.ts` is the table of all of them.
 */
export type Check<Definition> = (definition: Definition, deps: CheckDeps) => Promise<CheckResult>;
