import { createHash } from "node:crypto";
import type { Database } from "#db/database.ts";
import { countUnchained, readAudit } from "#db/queries/audit.ts";

const START = "0".repeat(64);
const ROWS_AT_ONCE = 5_000;
const DEADLINE_MS = 60_000;

export type ChainLink = {
  readonly sequence: number;
  readonly previousHash: string;
  readonly hash: string;
  /** What was hashed. */
  readonly text: string;
};

export type ChainVerdict =
  | { readonly isWhole: true; readonly rows: number; readonly head: string }
  | { readonly isWhole: false; readonly rows: number; readonly at: number; readonly reason: string };

/** The state of a walk along the chain: how many rows were good, and the hash of the last one. */
export type ChainPlace = { readonly rows: number; readonly head: string };
export const CHAIN_START: ChainPlace = { rows: 0, head: START };

/** Judges one link after those before it; the reason why it does not fit, or the place after it. */
export const followLink = (place: ChainPlace, link: ChainLink): ChainPlace | string => {
  if (link.sequence !== place.rows + 1) return `row ${place.rows + 1} is missing`;
  if (link.previousHash !== place.head) return "it does not follow the row before it";
  const hash = createHash("sha256").update(`${link.previousHash}\n${link.text}`).digest("hex");
  return hash === link.hash ? { rows: link.sequence, head: hash } : "its content is not what was written";
};

/**
 * Recomputes the whole chain of the audit log. A row that was changed, removed or slipped in breaks it; rows cut off at
 * its end show only against a head that somebody noted before.
 */
export const verifyAudit = async (database: Database): Promise<ChainVerdict> => {
  let place = CHAIN_START;
  for (;;) {
    const from = place.rows;
    const links = await database.read(
      (db) => readAudit(db, {}, { beyond: from, isUpward: true, limit: ROWS_AT_ONCE }),
      { deadlineMs: DEADLINE_MS },
    );
    for (const link of links) {
      const next = followLink(place, link);
      if (typeof next === "string") return { isWhole: false, rows: place.rows, at: link.sequence, reason: next };
      place = next;
    }
    if (links.length < ROWS_AT_ONCE) break;
  }
  const unchained = await database.read(countUnchained, { deadlineMs: DEADLINE_MS });
  if (unchained === 0) return { isWhole: true, ...place };
  return { isWhole: false, rows: place.rows, at: place.rows + 1, reason: `${unchained} rows stand outside the chain` };
};
