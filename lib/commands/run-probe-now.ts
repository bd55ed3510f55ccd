import type { Database } from "#db/database.ts";
import { insertAudit } from "#db/queries/audit.ts";
import { readProbeToRun } from "#db/queries/probe-dashboards.ts";
import type { ProbeDefinition } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Outcome, RunPart } from "#lib/core/outcome.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { openProbe } from "./sealed-probe.ts";
import type { SecretBox } from "./secret-box.ts";

/** A probe with its secrets, and what it may reach beside what is globally reachable. */
export type ProbeToRun = { readonly definition: ProbeDefinition; readonly allow: readonly string[] };

/** What one run saw, that nothing counts. */
export type ProbeTrial = {
  readonly outcome: Outcome;
  readonly traceId: string | null;
  readonly parts: readonly RunPart[];
};

/**
 * Runs a probe once, through the address policy and with the checks of the probe role; ends within 10.5 s.
 * @throws AppError CONFLICT while the same probe is being run so; NOT_READY while too many are
 */
export type RunProbeNow = (probe: ProbeToRun) => Promise<ProbeTrial>;

/**
 * Runs a probe in force once from this installation. The run is stored nowhere and counts for nothing; that it was asked
 * for stands in the audit log. No transaction is open while the target answers.
 * @throws AppError NOT_FOUND; CONFLICT for a heartbeat, which nobody can ask; what `run` throws
 */
export const runProbeNow = async (
  { database, secretBox, run }: { database: Database; secretBox: SecretBox; run: RunProbeNow },
  { probeId, actor, now }: { probeId: string; actor: string; now: EpochMs },
): Promise<ProbeTrial> => {
  const stored = await database.read((db) => readProbeToRun(db, probeId));
  if (stored === null) throw new AppError("NOT_FOUND", "there is no probe with this id");
  if (stored.definition.type === "heartbeat")
    throw new AppError("CONFLICT", "a heartbeat is pushed to us: there is nothing to run");
  const definition = openProbe(secretBox, stored);
  if (definition === null) throw new AppError("CONFLICT", "the secrets of this probe cannot be opened here");
  const trial = await run({ definition, allow: stored.allow });
  await database.transaction((tx) =>
    insertAudit(tx, {
      at: now,
      actor,
      action: "probe.run_now",
      subject: probeId,
      before: null,
      after: { class: trial.outcome.class, traceId: trial.traceId },
    }),
  );
  return trial;
};
