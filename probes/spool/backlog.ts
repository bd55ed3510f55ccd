import { mkdir } from "node:fs/promises";
import type { Recorded } from "#lib/core/tries.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { counter, gauge } from "#lib/runtime/metrics.ts";
import type { Chunk } from "./chunks.ts";
import {
  decodeRecords,
  findChunks,
  foldChunk,
  foldIntoMemory,
  loadChunk,
  pathOfChunk,
  removeChunk,
  writeFolded,
} from "./chunks.ts";
import { encodeRun } from "./codec.ts";
import { frameRecords } from "./frame.ts";
import type { Segment } from "./segment.ts";
import { createSegment } from "./segment.ts";

/** Runs, and tries that explain some, that wait for their sink, the oldest first: files of a folder, and what the disk did not take, folded in memory. */
export type Backlog = {
  /** Finds what an earlier process left. Call it once, before anything else. @throws Error of the file system. */
  readonly open: () => Promise<void>;
  /** Resolves once all of them are on the disk; rejects when none is kept. */
  readonly append: (runs: readonly Recorded[]) => Promise<void>;
  /** Keeps them in memory, folded: for when the disk takes nothing and memory is short. */
  readonly keepFolded: (runs: readonly Recorded[]) => void;
  /** The runs of the oldest `limit` records (a folded minute is one record); the same ones until `confirm`. Empty when nothing waits. */
  readonly next: (limit: number) => Promise<readonly Recorded[]>;
  /** The runs of the last `next` are stored. */
  readonly confirm: () => Promise<void>;
  readonly size: () => { readonly runs: number; readonly bytes: number; readonly runsInMemory: number };
  readonly hasDisk: boolean;
  /** Writes what is in memory to the disk, if it can. Resolves with the number of runs that are lost. */
  readonly close: () => Promise<number>;
};

export type BacklogArgs = {
  /** Null: no disk. */
  readonly dir: string | null;
  readonly log: Logger;
  /** Past it the oldest runs are folded; when nothing is left to fold, the oldest folded ones go, counted and logged. */
  readonly capBytes?: number;
};

const CAP_BYTES = 64 * 2 ** 20;
const SEGMENT_BYTES = 4 * 2 ** 20;

/** `at` records with `stored` runs are done; `asked` records with `runs` are under way. */
type Reading = {
  readonly number: number;
  readonly payloads: readonly Buffer[];
  at: number;
  asked: number;
  stored: number;
  runs: readonly Recorded[];
};

type Inner = Required<BacklogArgs> & {
  chunks: Chunk[];
  /** The last of `chunks`, while it is being written. */
  writing: { readonly number: number; readonly segment: Segment } | null;
  /** The first of `chunks`, while it is being read. */
  reading: Reading | null;
  lastNumber: number;
};

const foldedTotal = () =>
  counter({ name: "nines_runs_folded_total", help: "Runs whose details were folded away to keep the spool small." });
const droppedTotal = () => counter({ name: "nines_runs_dropped_total", help: "Runs lost because too many were kept." });
const damagesTotal = () =>
  counter({ name: "nines_spool_damages_total", help: "Places of the spool that could not be read." });
const bytesGauge = () => gauge({ name: "nines_spool_bytes", help: "Size of the runs that wait for their sink." });

const sum = (chunks: readonly Chunk[], pick: (chunk: Chunk) => number): number =>
  chunks.reduce((total, chunk) => total + pick(chunk), 0);

const noteDamages = (self: Inner, damages: number): void => {
  if (damages === 0) return;
  damagesTotal().inc(damages);
  self.log.warn({ damages }, "parts of the spool could not be read; what is whole is used");
};

const replaceChunk = (self: Inner, chunk: Chunk): void => {
  self.chunks = self.chunks.map((one) => (one.number === chunk.number ? chunk : one));
};

const addChunk = (self: Inner, chunk: Chunk): void => {
  self.chunks = [...self.chunks, chunk].sort((a, b) => a.number - b.number);
};

const seal = async (self: Inner): Promise<void> => {
  const { writing } = self;
  self.writing = null;
  await writing?.segment.close();
};

/** Brings the backlog under its cap: folds the oldest runs, then drops the oldest folded ones; never what is being read. */
const shrink = async (self: Inner): Promise<void> => {
  const isFree = (chunk: Chunk): boolean => chunk.number !== self.reading?.number;
  while (sum(self.chunks, ({ bytes }) => bytes) > self.capBytes) {
    const oldest = self.chunks.find((chunk) => isFree(chunk) && chunk.kind === "runs");
    if (oldest !== undefined && self.dir !== null) {
      if (oldest.number === self.writing?.number) await seal(self);
      const { damages, ...folded } = await foldChunk(self.dir, oldest);
      noteDamages(self, damages);
      replaceChunk(self, folded);
      foldedTotal().inc(folded.runs);
      self.log.warn(
        { runs: folded.runs },
        "the spool is full: details of the oldest runs are folded, their results stay",
      );
      continue;
    }
    const dropped = self.chunks.find(isFree);
    if (dropped === undefined) return;
    self.chunks = self.chunks.filter((chunk) => chunk !== dropped);
    await removeChunk(self.dir, dropped);
    droppedTotal().inc(dropped.runs);
    self.log.error({ lost: dropped.runs }, "the spool is full of folded runs; the oldest are dropped");
  }
};

const append = async (self: Inner, runs: readonly Recorded[]): Promise<void> => {
  if (self.dir === null) throw new Error("there is no folder for runs that wait");
  const data = frameRecords(runs.map(encodeRun));
  const segmentBytes = Math.min(SEGMENT_BYTES, self.capBytes / 8);
  if (self.writing !== null && self.writing.segment.bytes() >= segmentBytes) await seal(self);
  if (self.writing === null) {
    await mkdir(self.dir, { recursive: true, mode: 0o700 });
    const number = (self.lastNumber += 1);
    self.writing = { number, segment: await createSegment(pathOfChunk(self.dir, number, "runs")) };
    addChunk(self, { number, kind: "runs", data: null, bytes: 0, runs: 0 });
  }
  const { number, segment } = self.writing;
  await segment.append(data);
  const before = self.chunks.find((chunk) => chunk.number === number);
  replaceChunk(self, {
    number,
    kind: "runs",
    data: null,
    bytes: segment.bytes(),
    runs: (before?.runs ?? 0) + runs.length,
  });
  // The runs are safe already: a fold that fails is tried again at the next append.
  await shrink(self).catch((error: unknown) =>
    self.log.warn({ error }, "the spool is over its size and cannot be folded"),
  );
};

const next = async (self: Inner, limit: number): Promise<readonly Recorded[]> => {
  for (;;) {
    if (self.reading === null) {
      const first = self.chunks[0];
      if (first === undefined) return [];
      if (first.number === self.writing?.number) await seal(self);
      const { payloads, damages } = await loadChunk(self.dir, first);
      noteDamages(self, damages);
      self.reading = { number: first.number, payloads, at: 0, asked: 0, stored: 0, runs: [] };
    }
    const { reading } = self;
    if (reading.asked === 0) {
      const records = reading.payloads.slice(reading.at, reading.at + limit);
      const { runs, unknown } = decodeRecords(records);
      noteDamages(self, unknown);
      reading.asked = records.length;
      reading.runs = runs;
    }
    if (reading.runs.length > 0) return reading.runs;
    await confirm(self);
  }
};

const confirm = async (self: Inner): Promise<void> => {
  const { reading } = self;
  if (reading === null) return;
  reading.at += reading.asked;
  reading.stored += reading.runs.length;
  reading.asked = 0;
  reading.runs = [];
  if (reading.at < reading.payloads.length) return;
  const done = self.chunks.find((chunk) => chunk.number === reading.number);
  self.reading = null;
  self.chunks = self.chunks.filter((chunk) => chunk !== done);
  if (done !== undefined) await removeChunk(self.dir, done);
};

/** Memory that the disk takes now becomes files; what it does not take is lost with the process. */
const close = async (self: Inner): Promise<number> => {
  await seal(self);
  for (const chunk of self.chunks.filter(({ kind }) => kind === "memory")) {
    if (self.dir === null || chunk.data === null) continue;
    const written = await writeFolded(self.dir, chunk.number, chunk.data).then(
      () => true,
      () => false,
    );
    if (written) replaceChunk(self, { ...chunk, kind: "folded", data: null });
  }
  return sum(self.chunks, (chunk) => (chunk.kind === "memory" ? chunk.runs : 0));
};

/**
 * A backlog on disk, in files `NNNN.log` of about 4 MB that are removed once their runs are stored. Operations run one
 * after the other. After a crash runs of the file that was being stored may come again: a sink stores each run once.
 */
export const createBacklog = ({ dir, log, capBytes = CAP_BYTES }: BacklogArgs): Backlog => {
  // Known before the first loss, so that an alert on it tells zero from nothing.
  droppedTotal().inc(0);
  const self: Inner = { dir, log, capBytes, chunks: [], writing: null, reading: null, lastNumber: 0 };
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine.finally(() => bytesGauge().set(sum(self.chunks, ({ bytes }) => bytes)));
  };
  return {
    open: () =>
      inTurn(async () => {
        if (dir === null) return;
        self.chunks = await findChunks(dir);
        self.lastNumber = self.chunks.at(-1)?.number ?? 0;
        const runs = sum(self.chunks, (chunk) => chunk.runs);
        if (runs > 0) log.info({ runs }, "runs of an earlier process wait on disk; they are stored first");
      }),
    append: (runs) => inTurn(() => append(self, runs)),
    keepFolded: (runs) => {
      self.lastNumber += 1;
      addChunk(self, foldIntoMemory(runs, self.lastNumber));
      foldedTotal().inc(runs.length);
      void inTurn(async () => {
        // The next file stands behind these in order.
        await seal(self);
        await shrink(self);
      }).catch((error: unknown) => log.warn({ error }, "the backlog could not be made smaller"));
    },
    next: (limit) => inTurn(() => next(self, limit)),
    confirm: () => inTurn(() => confirm(self)),
    size: () => ({
      runs: sum(self.chunks, (chunk) => chunk.runs) - (self.reading?.stored ?? 0),
      bytes: sum(self.chunks, ({ bytes }) => bytes),
      runsInMemory: sum(self.chunks, (chunk) => (chunk.kind === "memory" ? chunk.runs : 0)),
    }),
    hasDisk: dir !== null,
    close: () => inTurn(() => close(self)),
  };
};
