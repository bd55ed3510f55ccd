import { createHash } from "node:crypto";
import type { Database } from "#db/database.ts";
import { readClosedUntil } from "#db/queries/rollup-progress.ts";
import type { RunDigest } from "#db/queries/run-digests.ts";
import { insertRunDigest, lockNewestDigest } from "#db/queries/run-digests.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, startOfMinute } from "#lib/core/units.ts";
import type { ExportedDay } from "./export-day.ts";

/** What the first sealed day is chained to. */
const FIRST_CHAIN = "0".repeat(64);

const dayText = (day: EpochMs): string => new Date(day).toISOString().slice(0, 10);

/** The chain after a day: SHA-256 of "<chain before> <day> <runs> <sha256>\n". */
const chainOf = (before: string, { day, runs, sha256 }: Omit<RunDigest, "chain">): string =>
  createHash("sha256").update(`${before} ${day} ${runs} ${sha256}\n`).digest("hex");

/** The first row whose chain does not follow from the rows before it; null when all do. */
export const findBrokenLink = (digests: readonly RunDigest[]): RunDigest | null => {
  let before = FIRST_CHAIN;
  for (const digest of digests) {
    if (chainOf(before, digest) !== digest.chain) return digest;
    before = digest.chain;
  }
  return null;
};

/**
 * Adds a day to the chain. The same day with the same runs twice in a row is one row.
 * @throws AppError CONFLICT while the day is not over and rolled up.
 */
export const sealDay = async (database: Database, day: EpochMs, exported: ExportedDay): Promise<RunDigest> =>
  database.transaction(async (tx) => {
    const closedUntil = await readClosedUntil(tx);
    if (closedUntil === null || startOfMinute(closedUntil) < addMs(day, DAY_MS)) {
      throw new AppError("CONFLICT", `${dayText(day)} is not over yet: its digest would change`);
    }
    const newest = await lockNewestDigest(tx);
    const facts = { day: dayText(day), ...exported };
    if (newest?.day === facts.day && newest.sha256 === facts.sha256) return newest;
    const digest = { ...facts, chain: chainOf(newest?.chain ?? FIRST_CHAIN, facts) };
    await insertRunDigest(tx, digest);
    return digest;
  });
