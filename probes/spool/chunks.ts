import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Recorded } from "#lib/core/tries.ts";
import { takeApart } from "#lib/core/tries.ts";
import { decodeRecord, foldRuns } from "./codec.ts";
import type { Frames } from "./frame.ts";
import { frameRecords, readFrames } from "./frame.ts";
import { createSegment } from "./segment.ts";

/** A part of the backlog that is read and removed as a whole, in order of `number`. */
export type Chunk = {
  readonly number: number;
  readonly kind: "runs" | "folded" | "memory";
  /** For `memory`: the records themselves. */
  readonly data: Buffer | null;
  readonly bytes: number;
  readonly runs: number;
};

const EXTENSIONS = { runs: "log", folded: "fold" } as const;
const NAME = /^(\d{4,12})\.(log|fold)$/;

/** `<folder>/0007.log`. */
export const pathOfChunk = (dir: string, number: number, kind: "runs" | "folded"): string =>
  join(dir, `${String(number).padStart(4, "0")}.${EXTENSIONS[kind]}`);

/** All whole records of a chunk. @throws Error of the file system. */
export const loadChunk = async (dir: string | null, chunk: Chunk): Promise<Frames> =>
  readFrames(
    chunk.kind === "memory" || dir === null
      ? (chunk.data ?? Buffer.alloc(0))
      : await readFile(pathOfChunk(dir, chunk.number, chunk.kind)),
  );

/** The runs and tries of these records; `unknown` counts records that this release cannot read. */
export const decodeRecords = (payloads: readonly Buffer[]): { runs: Recorded[]; unknown: number } => {
  const runs: Recorded[] = [];
  let unknown = 0;
  for (const payload of payloads) {
    const decoded = decodeRecord(payload);
    if (decoded === null) unknown += 1;
    else for (const run of decoded) runs.push(run);
  }
  return { runs, unknown };
};

/** Removes a chunk whose runs were stored; it may be gone already. */
export const removeChunk = async (dir: string | null, chunk: Chunk): Promise<void> => {
  if (dir === null || chunk.kind === "memory") return;
  await rm(pathOfChunk(dir, chunk.number, chunk.kind), { force: true });
};

/** Folded runs as bytes in memory. Tries explain details and go with them. */
export const foldIntoMemory = (recorded: readonly Recorded[], number: number): Chunk => {
  const { runs } = takeApart(recorded);
  const data = frameRecords(foldRuns(runs));
  return { number, kind: "memory", data, bytes: data.length, runs: runs.length };
};

/** Writes folded records under their final name in one step, so that no reader sees half of them. */
export const writeFolded = async (dir: string, number: number, data: Buffer): Promise<void> => {
  const path = pathOfChunk(dir, number, "folded");
  await rm(`${path}.tmp`, { force: true });
  const segment = await createSegment(`${path}.tmp`);
  try {
    await segment.append(data);
  } finally {
    await segment.close();
  }
  await rename(`${path}.tmp`, path);
};

/** Folds a file of whole runs. The old file goes after the new one is there; a crash between leaves both. */
export const foldChunk = async (dir: string, chunk: Chunk): Promise<Chunk & { readonly damages: number }> => {
  const { payloads, damages } = await loadChunk(dir, chunk);
  const { runs: recorded, unknown } = decodeRecords(payloads);
  const { runs } = takeApart(recorded);
  const data = frameRecords(foldRuns(runs));
  await writeFolded(dir, chunk.number, data);
  await removeChunk(dir, chunk);
  return {
    number: chunk.number,
    kind: "folded",
    data: null,
    bytes: data.length,
    runs: runs.length,
    damages: damages + unknown,
  };
};

/**
 * What a process before this one left, in order. Half-written folds go; where a file of runs and its fold both exist, the
 * runs stay, because they say more.
 * @throws Error of the file system.
 */
export const findChunks = async (dir: string): Promise<Chunk[]> => {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const chunks = new Map<number, Chunk>();
  for (const name of (await readdir(dir)).sort()) {
    if (name.endsWith(".fold.tmp")) await rm(join(dir, name), { force: true });
    const match = NAME.exec(name);
    if (match === null) continue;
    const [number, kind] = [Number(match[1]), match[2] === "log" ? "runs" : "folded"] as const;
    const data = await readFile(join(dir, name));
    const before = chunks.get(number);
    if (before?.kind === "folded") await removeChunk(dir, before);
    const { payloads } = readFrames(data);
    const runs = kind === "runs" ? payloads.length : decodeRecords(payloads).runs.length;
    chunks.set(number, { number, kind, data: null, bytes: data.length, runs });
  }
  return [...chunks.values()].sort((a, b) => a.number - b.number);
};
