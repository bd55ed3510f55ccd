import type { Database, Db } from "#db/database.ts";
import type { PairKey } from "#db/queries/buckets.ts";
import { readRunFacts } from "#db/queries/buckets.ts";
import type { StoredBucket } from "#db/queries/verify.ts";
import { readNames, readStoredBuckets, readWaitingMinutes } from "#db/queries/verify.ts";
import { canonicalJson } from "#lib/commands/canonical-json.ts";
import type { Bucket, MinuteSpan } from "#lib/core/bucket.ts";
import { bucketsOf } from "#lib/core/bucket.ts";
import { encodeHistogram } from "#lib/core/histogram.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import { startOfMinute } from "#lib/core/units.ts";
import { loadHistories } from "../probe-histories.ts";
import type { Difference, Report } from "./difference.ts";
import { compareTexts } from "./difference.ts";

const CHUNK_DEADLINE_MS = 60_000;
/** Rows a chunk: what bounds the memory, whatever the number of probes. */
const CHUNK_ROWS = 50_000;
const MOST_CHUNK_MINUTES = 60;
/** A service that is running may roll a minute up again between two reads: what differs is looked at once more. */
const LOOKS = 3;

type Names = Awaited<ReturnType<typeof readNames>>;

const FIELDS = ["expected", "total", "good", "bad", "unvoted", "durationSumUs", "bytesRead"] as const;
const FAMILIES = ["2xx", "3xx", "4xx", "5xx", "401_403", "429"] as const;

const nameOf = (names: Names, { probeNo, locationNo }: PairKey, minute: EpochMinute): string =>
  `${names.probes.get(probeNo) ?? probeNo} at ${names.locations.get(locationNo) ?? locationNo}, ${new Date(startOfMinute(minute)).toISOString()}`;

const textOf = (counts: readonly number[], byClass: unknown, histogram: string | null): string =>
  canonicalJson({
    ...Object.fromEntries(FIELDS.map((field, index) => [field, counts[index]])),
    status: Object.fromEntries(FAMILIES.map((family, index) => [family, counts[FIELDS.length + index]])),
    byClass,
    histogram,
  });

const textOfStored = ({ counts, byClass, histogram }: StoredBucket): string =>
  textOf(counts, byClass === null ? null : (JSON.parse(byClass) as unknown), histogram);

const textOfBucket = (bucket: Bucket): string => {
  const others = [...bucket.byClass].filter(([name]) => name !== "ok");
  const { histogram } = bucket;
  return textOf(
    [...FIELDS.map((field) => bucket[field]), ...FAMILIES.map((family) => bucket.byStatus[family])],
    others.length === 0 ? null : Object.fromEntries(others),
    histogram === null || histogram.size === 0 ? null : Buffer.from(encodeHistogram(histogram)).toString("hex"),
  );
};

const compareChunk = async (
  db: Db,
  names: Names,
  span: MinuteSpan,
): Promise<{ differences: Difference[]; compared: number }> => {
  const bounds = { from: startOfMinute(span.from), until: startOfMinute(span.until) };
  const waiting = new Set(await readWaitingMinutes(db, bounds));
  const histories = await loadHistories(db, span);
  const runs = await readRunFacts(db, { pairs: histories.pairs, ...bounds });
  const stored = await readStoredBuckets(db, { pairs: histories.pairs, ...bounds });
  const recomputed = [...histories.byNo.values()].flatMap((probe) =>
    bucketsOf(probe, runs.get(probe.probeNo) ?? [], span),
  );
  const differences: Difference[] = [];
  const keyed = <T extends PairKey & { readonly minute: EpochMinute }>(list: readonly T[], text: (one: T) => string) =>
    new Map(
      list
        .filter(({ minute }) => !waiting.has(minute))
        .map((one) => [nameOf(names, one, one.minute), text(one)] as const),
    );
  const compared = compareTexts((difference) => differences.push(difference), {
    kind: "bucket",
    stored: keyed(stored, textOfStored),
    recomputed: keyed(recomputed, textOfBucket),
  });
  return { differences, compared };
};

/**
 * Works out all minute buckets of [from, until) from raw runs and compares every column. Minutes with runs that no rollup
 * has seen yet are left out. Returns how many buckets were compared.
 */
export const verifyBuckets = async (
  database: Database,
  args: { span: MinuteSpan; report: Report; signal: AbortSignal; onProgress: (minute: EpochMinute) => void },
): Promise<number> => {
  const { span, report, signal, onProgress } = args;
  const names = await database.read(readNames);
  const pairs = await database.read((db) => loadHistories(db, span));
  const chunkMinutes = Math.min(
    MOST_CHUNK_MINUTES,
    Math.max(1, Math.floor(CHUNK_ROWS / Math.max(1, pairs.pairs.length))),
  );
  let compared = 0;
  for (let from = span.from; from < span.until && !signal.aborted; ) {
    const chunk = { from, until: Math.min(from + chunkMinutes, span.until) as EpochMinute };
    const look = () => database.read((db) => compareChunk(db, names, chunk), { deadlineMs: CHUNK_DEADLINE_MS });
    let found = await look();
    for (let again = 1; again < LOOKS && found.differences.length > 0; again += 1) found = await look();
    for (const difference of found.differences) report(difference);
    compared += found.compared;
    from = chunk.until;
    onProgress(from);
  }
  return compared;
};
