import type { Db } from "#db/database.ts";
import type { PairKey } from "#db/queries/buckets.ts";
import { readRunFacts } from "#db/queries/buckets.ts";
import type { PartKey } from "#db/queries/part-facts.ts";
import { readPartFacts } from "#db/queries/part-facts.ts";
import type { MinuteSpan, RunFact, RunMeasure } from "#lib/core/bucket.ts";
import type { SloDefinition } from "#lib/core/definitions.ts";
import { startOfMinute } from "#lib/core/units.ts";
import type { Histories } from "../probe-histories.ts";

/** What slots are counted from: raw runs by probe number, and what they saw of parts, by `partKeyText`. */
export type SlotFacts = {
  readonly runs: ReadonlyMap<number, readonly RunFact[]>;
  readonly parts: ReadonlyMap<string, readonly RunFact[]>;
};

/** With what RED needs of the runs. */
export type MeasuredFacts = {
  readonly runs: ReadonlyMap<number, readonly RunMeasure[]>;
  readonly parts: SlotFacts["parts"];
};

/** The parts that these SLOs count. */
const partsOf = (definitions: readonly SloDefinition[], histories: Histories): PartKey[] => {
  const parts = new Map<string, PartKey>();
  for (const { sli, probes } of definitions) {
    if (sli.kind !== "component") continue;
    for (const probeId of probes) {
      const probeNo = histories.byId.get(probeId)?.probeNo;
      if (probeNo !== undefined) parts.set(`${probeNo}:${sli.part}`, { probeNo, key: sli.part });
    }
  }
  return [...parts.values()];
};

/** Reads the raw runs of pairs of probe and location in a span of minutes, and the parts that these SLOs count. */
export const readSlotFacts = async (
  db: Db,
  args: {
    readonly definitions: readonly SloDefinition[];
    readonly histories: Histories;
    readonly pairs: readonly PairKey[];
    readonly span: MinuteSpan;
  },
): Promise<MeasuredFacts> => {
  const { definitions, histories, pairs, span } = args;
  const bounds = { from: startOfMinute(span.from), until: startOfMinute(span.until) };
  const runs = await readRunFacts(db, { pairs, ...bounds });
  const locationNos = [...new Set(pairs.map((pair) => pair.locationNo))];
  const parts = await readPartFacts(db, { parts: partsOf(definitions, histories), locationNos, ...bounds });
  return { runs, parts };
};
