import type { ProbeDefinition } from "./definitions.ts";
import { referenceIdOf } from "./location/reference-probe.ts";
import type { Run, Vote } from "./outcome.ts";

/** Tries of a slot: the first, which votes, and at most two that explain it. */
export const MOST_TRIES = 3;
/** A run ends at most this long after its deadline. */
const OVERRUN_MS = 500;

/** A further execution at the slot of a run, made to explain it. It is no run: nothing is counted from it. */
export type Try = {
  /** 2 to MOST_TRIES; the run itself is the first try. */
  readonly number: number;
  /** What it saw, in the form of a run of the same slot; without parts. */
  readonly run: Run;
};

/** What a prober hands on. */
export type Recorded = Run | Try;

/** Whether what was recorded is a try of a run and not the run. */
export const isTry = (recorded: Recorded): recorded is Try => "number" in recorded;

/** Runs and tries apart, each in its order. Tries are rare: without any the runs are the very list that was given. */
export const takeApart = (
  all: readonly Recorded[],
): { readonly runs: readonly Run[]; readonly tries: readonly Try[] } => {
  const tries = all.filter(isTry);
  if (tries.length === 0) return { runs: all as readonly Run[], tries };
  return { runs: all.filter((one): one is Run => !isTry(one)), tries };
};

/**
 * Whether a slot is tried once more: its first try voted otherwise than the slot before, no later try has agreed with it,
 * and there is time for another one before the next slot. `before` is the vote of the last slot that voted (`none`: not
 * known), `votes` are those of this slot's tries, the first one first. Votes of `none` say nothing about the target, so they
 * neither begin nor go on with re-checks. Heartbeats are pushed, and reference checks have no votes that anybody reads.
 */
export const isTriedAgain = (args: {
  definition: Pick<ProbeDefinition, "id" | "type" | "timeoutMs">;
  before: Vote;
  votes: readonly Vote[];
  /** From now until the start of this probe's next slot at this location. */
  untilNextMs: number;
}): boolean => {
  const { definition, before, votes, untilNextMs } = args;
  const [first = "none", ...later] = votes;
  if (definition.type === "heartbeat" || referenceIdOf(definition.id) !== null) return false;
  if (first === "none" || before === "none" || first === before) return false;
  if (votes.length >= MOST_TRIES || later.some((vote) => vote === first || vote === "none")) return false;
  return untilNextMs >= definition.timeoutMs + OVERRUN_MS;
};
