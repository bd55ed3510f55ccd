import type { Database } from "#db/database.ts";
import { readOldestRun } from "#db/queries/raw-runs.ts";
import type { SliHour } from "#db/queries/sli-hours.ts";
import type { MinuteSpan, SlotRule } from "#lib/core/bucket.ts";
import type { SloDefinition } from "#lib/core/definitions.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { minuteOf, startOfMinute } from "#lib/core/units.ts";
import { loadHistories } from "../probe-histories.ts";
import { countSlots } from "./count-slots.ts";
import { readSlotFacts } from "./slot-facts.ts";
import type { HourDrafts } from "./slot-hours.ts";
import { writeMinutes } from "./slot-hours.ts";

/** Memory and time of one read are bounded by so many minutes of one SLO's probes. */
const CHUNK_MINUTES = 360;
const CHUNK_DEADLINE_MS = 30_000;

type RecountedSlo = { readonly id: string; readonly version: number; readonly definition: SloDefinition };

/**
 * The minutes [from, until) of an SLO counted anew from raw runs into `drafts`, as the rollup counts them, or under
 * another rule of the votes. One chunk at a time; hours that are not in `drafts` begin with nothing.
 */
export const recountSlots = async (
  database: Database,
  args: { slo: RecountedSlo; span: MinuteSpan; rule?: SlotRule; drafts: HourDrafts },
): Promise<void> => {
  const { slo, span, rule, drafts } = args;
  const key = { sloId: slo.id, version: slo.version };
  for (let from = span.from; from < span.until; from = (from + CHUNK_MINUTES) as EpochMinute) {
    const chunk = { from, until: Math.min(from + CHUNK_MINUTES, span.until) as EpochMinute };
    const { histories, facts } = await database.read(
      async (db) => {
        const all = await loadHistories(db, chunk);
        const nos = new Set(slo.definition.probes.flatMap((id) => all.byId.get(id)?.probeNo ?? []));
        const pairs = all.pairs.filter((pair) => nos.has(pair.probeNo));
        const ask = { definitions: [slo.definition], histories: all, pairs, span: chunk };
        return { histories: all, facts: await readSlotFacts(db, ask) };
      },
      { deadlineMs: CHUNK_DEADLINE_MS },
    );
    const slots = countSlots({
      definition: slo.definition,
      histories,
      facts,
      span: chunk,
      ...(rule === undefined ? {} : { rule }),
    });
    writeMinutes(drafts, key, chunk, slots);
  }
};

/**
 * All hours of [from, until) counted anew under a rule, from the oldest raw run on; where raw runs are gone nothing can be
 * counted under another rule. Returns the hours, oldest first, and where they begin (null: there are no raw runs).
 */
export const recountHours = async (
  database: Database,
  args: { slo: RecountedSlo; from: EpochMs; until: EpochMs; rule: SlotRule },
): Promise<{ hours: SliHour[]; from: EpochMs | null }> => {
  const { slo, rule } = args;
  const oldest = await database.read((db) => readOldestRun(db));
  if (oldest === null || oldest >= args.until) return { hours: [], from: null };
  const from = minuteOf(Math.max(oldest, args.from) as EpochMs);
  const drafts: HourDrafts = new Map();
  await recountSlots(database, { slo, span: { from, until: minuteOf(args.until) }, rule, drafts });
  return { hours: [...drafts.values()].sort((a, b) => a.hourAt - b.hourAt), from: startOfMinute(from) };
};
