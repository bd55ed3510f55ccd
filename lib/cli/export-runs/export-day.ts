import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Writable } from "node:stream";
import type { Database } from "#db/database.ts";
import { countPairs, readRunsForExport } from "#db/queries/raw-runs.ts";
import { usageError } from "#lib/cli/usage-error.ts";
import { lineOfRun } from "#lib/contracts/run-line.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, epochMs, MINUTE_MS } from "#lib/core/units.ts";

const READ_DEADLINE_MS = 60_000;
const MOST_ROWS = 50_000;
const MOST_MINUTES = 60;

/** The start of a UTC day from "2026-11-21". @throws AppError USAGE */
export const dayOf = (text: string): EpochMs => {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  const isDay = !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
  if (!isDay) throw usageError(`a day must read as 2026-11-21 (UTC), got "${text}"`);
  return epochMs(at);
};

export type ExportedDay = { readonly runs: number; readonly sha256: string };

/**
 * Writes the raw runs of a UTC day as JSON lines, in an order that is the same everywhere, and returns how many there were
 * and the SHA-256 of all bytes. A part of an hour is in memory at a time, and a slow reader is waited for.
 * `out` null: nothing is written, for the digest alone.
 */
export const exportDay = async (
  database: Database,
  args: { day: EpochMs; probeId: string | null; out: Writable | null; signal: AbortSignal },
): Promise<ExportedDay> => {
  const { day, probeId, out, signal } = args;
  const hash = createHash("sha256");
  const pairs = await database.read(countPairs);
  const stepMs = Math.min(MOST_MINUTES, Math.max(1, Math.floor(MOST_ROWS / Math.max(1, pairs)))) * MINUTE_MS;
  const end = addMs(day, DAY_MS);
  let runs = 0;
  for (let from = day; from < end; from = addMs(from, stepMs)) {
    signal.throwIfAborted();
    const until = epochMs(Math.min(addMs(from, stepMs), end));
    const rows = await database.read((db) => readRunsForExport(db, { from, until, probeId }), {
      deadlineMs: READ_DEADLINE_MS,
    });
    if (rows.length === 0) continue;
    const text = rows.map(lineOfRun).join("");
    hash.update(text);
    runs += rows.length;
    if (out !== null && !out.write(text)) await once(out, "drain", { signal });
  }
  return { runs, sha256: hash.digest("hex") };
};
