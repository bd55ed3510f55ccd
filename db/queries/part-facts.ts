import type { Db } from "#db/database.ts";
import type { RunFact } from "#lib/core/bucket.ts";
import { classOfCode } from "#lib/core/outcome.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { durationUs, epochMs } from "#lib/core/units.ts";

/** A part of a probe: a step of a journey or an entry of a health document. */
export type PartKey = { readonly probeNo: number; readonly key: string };

/** A part of a probe as one text, for use as a key of maps. */
export const partKeyText = ({ probeNo, key }: PartKey): string => `${probeNo}:${key}`;

/**
 * What runs scheduled within [from, until) saw of these parts, by `partKeyText`. One look-up in the key of `probe_parts` a
 * part, and one range of the primary key of `part_runs` a part and location.
 */
export const readPartFacts = async (
  db: Db,
  args: { parts: readonly PartKey[]; locationNos: readonly number[]; from: EpochMs; until: EpochMs },
): Promise<Map<string, RunFact[]>> => {
  const byPart = new Map<string, RunFact[]>();
  if (args.parts.length === 0 || args.locationNos.length === 0) return byPart;
  const rows = await db<
    { probe_no: number; key: string; location_no: number; at: number; class: number; duration_us: number }[]
  >`
    select k.probe_no, k.key, l.no as location_no, r.at, r.class, r.duration_us
      from jsonb_to_recordset(${JSON.stringify(
        args.parts.map((part) => ({ probe_no: part.probeNo, key: part.key })),
      )}::text::jsonb) as k (probe_no int, key text)
      join probe_parts p on p.probe_no = k.probe_no and p.key = k.key
     cross join unnest(${`{${args.locationNos.join(",")}}`}::text::int2[]) as l (no)
     cross join lateral (
       select (extract(epoch from scheduled_at) * 1000)::float8 as at, class, duration_us
         from part_runs
        where part_no = p.no and location_no = l.no
          and scheduled_at >= ${new Date(args.from)} and scheduled_at < ${new Date(args.until)}
       offset 0) as r`;
  for (const row of rows) {
    const text = partKeyText({ probeNo: row.probe_no, key: row.key });
    const fact: RunFact = {
      locationNo: row.location_no,
      scheduledAt: epochMs(row.at),
      class: classOfCode(row.class),
      durationUs: durationUs(row.duration_us),
    };
    const known = byPart.get(text);
    if (known === undefined) byPart.set(text, [fact]);
    else known.push(fact);
  }
  return byPart;
};
