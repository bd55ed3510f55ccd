import type { ProbeDefinition } from "#lib/core/definitions.ts";
import type { Run, Vote } from "#lib/core/outcome.ts";
import { voteOfClass } from "#lib/core/outcome.ts";
import type { Try } from "#lib/core/tries.ts";
import { isTriedAgain } from "#lib/core/tries.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { counter } from "#lib/runtime/metrics.ts";
import type { Gate } from "./gate.ts";

/** A slot whose first try is over and recorded. */
export type TriedSlot = {
  /** Of its probe at its location. */
  readonly key: string;
  /** Of the gate. */
  readonly host: string;
  readonly definition: ProbeDefinition;
  readonly first: Run;
  /** Runs the probe once more at the same slot. */
  readonly attempt: (signal: AbortSignal) => Promise<Run>;
};

export type RechecksArgs = {
  readonly log: Logger;
  readonly gate: Gate;
  readonly recordTry: (attempt: Try) => void;
  /** From now until the next slot of a probe starts; null when there is none. */
  readonly untilNextMs: (key: string) => number | null;
  readonly isStopping: () => boolean;
};

export type Rechecks = {
  /**
   * Tries a slot again as `isTriedAgain` says, as long as there is room. Resolves when its last try is over and never
   * rejects; null when there is nothing to try.
   */
  readonly follow: (slot: TriedSlot) => Promise<void> | null;
  /** Cuts off the re-check of a probe. False when none is going. */
  readonly cut: (key: string) => boolean;
  /** Cuts off all of them; journeys, which may have to put something back, only when they are named. */
  readonly cutAll: (which: "but journeys" | "journeys too") => void;
  /** Forgets how probes voted that are none of these. */
  readonly keepOnly: (keys: ReadonlySet<string>) => void;
};

type Going = { readonly cut: AbortController; readonly isJourney: boolean };

/**
 * Re-checks after a change of vote: at once, at the same slot, beside the beat. They take spare places only and give them
 * up when a beat needs one; what was cut off is not kept.
 */
export const createRechecks = (args: RechecksArgs): Rechecks => {
  const { log, gate, recordTry, untilNextMs, isStopping } = args;
  const triesTotal = counter({ name: "nines_tries_total", help: "Re-checks of slots by class.", labels: ["class"] });
  const lastVotes = new Map<string, Vote>();
  const going = new Map<string, Going>();

  /** What it saw; null when there was no room for it, it was cut off, or it failed by a fault of ours. */
  const tryOnce = async ({ key, host, definition, attempt }: TriedSlot, number: number): Promise<Run | null> => {
    const cut = new AbortController();
    const isJourney = definition.type === "journey";
    const leave = gate.enterSpare(host, isJourney ? null : () => cut.abort());
    if (leave === null) return null;
    going.set(key, { cut, isJourney });
    try {
      const run = await attempt(cut.signal);
      if (cut.signal.aborted) return null;
      triesTotal.inc({ class: run.outcome.class });
      recordTry({ number, run });
      return run;
    } catch (error) {
      log.error({ code: "INTERNAL", error, probeId: definition.id }, "a re-check failed by a fault of ours");
      return null;
    } finally {
      going.delete(key);
      leave();
    }
  };

  const tryAgain = async (slot: TriedSlot, before: Vote): Promise<void> => {
    const { key, definition, first } = slot;
    const votes = [voteOfClass(first.outcome.class)];
    while (!isStopping() && isTriedAgain({ definition, before, votes, untilNextMs: untilNextMs(key) ?? 0 })) {
      const run = await tryOnce(slot, votes.length + 1);
      if (run === null) return;
      votes.push(voteOfClass(run.outcome.class));
    }
  };

  const follow = (slot: TriedSlot): Promise<void> | null => {
    const vote = voteOfClass(slot.first.outcome.class);
    const before = lastVotes.get(slot.key) ?? "none";
    if (vote === "none" || vote === before) return null;
    lastVotes.set(slot.key, vote);
    return before === "none" ? null : tryAgain(slot, before);
  };

  return {
    follow,
    cut: (key) => {
      going.get(key)?.cut.abort();
      return going.has(key);
    },
    cutAll: (which) => {
      for (const { cut, isJourney } of going.values()) if (!isJourney || which === "journeys too") cut.abort();
    },
    keepOnly: (keys) => {
      for (const key of lastVotes.keys()) if (!keys.has(key)) lastVotes.delete(key);
    },
  };
};
