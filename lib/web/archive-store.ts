import { createHash } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Archive, ArchivedDocuments } from "#lib/contracts/snapshot-archive.ts";
import { ArchiveEntry } from "#lib/contracts/snapshot-archive.ts";
import { SnapshotIncident } from "#lib/contracts/snapshot-incidents.ts";
import { SnapshotMaintenance } from "#lib/contracts/snapshot-maintenances.ts";
import type { ArchivedDocument } from "#lib/read/archive.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { writeFileAtomic } from "#lib/runtime/write-file-atomic.ts";

/** Grows when documents are written in another form: those of before are then read anew from the database. */
const FORM = 1;

const Line = z.strictObject({ key: z.string(), entry: ArchiveEntry });
const IndexFile = z.strictObject({ form: z.literal(FORM), lines: z.array(Line) });
type Line = z.infer<typeof Line>;

/**
 * What is over, on disk: one file for what was said of each thing, and a list of all of them, which is what is kept in
 * memory. A document lies on disk before the list names it, so a list never names what is not there.
 */
export type ArchiveStore = {
  readonly folder: string;
  readonly load: () => Promise<void>;
  /** The newest first; the same array until something changes. */
  readonly list: () => Archive;
  readonly stampOf: (key: string) => string | undefined;
  readonly put: (document: ArchivedDocument, stamp: string) => Promise<void>;
  /** Forgets what has another key, and writes the list. */
  readonly keepOnly: (keys: ReadonlySet<string>) => Promise<void>;
  /** What was said of some entries; a document that cannot be read is left out, and read anew from the database later. */
  readonly read: (entries: Archive) => Promise<ArchivedDocuments>;
  /** False after a document could not be read. */
  readonly isWhole: () => boolean;
};

const entryOf = (one: ArchivedDocument, stamp: string): ArchiveEntry => {
  const { id, name, serviceIds, translations } = one.document;
  const names = Object.entries(translations ?? {}).map(([language, text]) => [language, { name: text.name }]);
  return {
    kind: one.kind,
    id,
    name,
    ...(names.length === 0 ? {} : { translations: Object.fromEntries(names) }),
    at: one.kind === "incident" ? one.document.startedAt : one.document.scheduledFor,
    serviceIds: [...serviceIds],
    stamp,
  };
};

const fileOf = ({ kind, id }: Pick<ArchiveEntry, "kind" | "id">): string =>
  `${createHash("sha256").update(`${kind} ${id}`).digest("hex").slice(0, 32)}.json`;

const newestFirst = (lines: Iterable<Line>): Archive =>
  [...lines].map(({ entry }) => entry).sort((a, b) => b.at.localeCompare(a.at) || (a.id < b.id ? 1 : -1));

export const createArchiveStore = ({ folder, log }: { folder: string; log: Logger }): ArchiveStore => {
  const index = join(folder, "index.json");
  const lines = new Map<string, Line>();
  let list: Archive = [];
  let isWhole = true;
  let isChanged = false;

  const readOne = async <T>(entry: ArchiveEntry, schema: z.ZodType<T>): Promise<T[]> => {
    try {
      return [schema.parse(JSON.parse(await readFile(join(folder, fileOf(entry)), "utf8")))];
    } catch (error) {
      log.warn({ id: entry.id, error }, "a document of the archive cannot be read; it is asked for again");
      for (const [key, line] of lines) if (line.entry.id === entry.id) lines.delete(key);
      isWhole = false;
      return [];
    }
  };

  return {
    folder,
    load: async () => {
      await mkdir(folder, { recursive: true });
      try {
        const file = IndexFile.parse(JSON.parse(await readFile(index, "utf8")));
        for (const line of file.lines) lines.set(line.key, line);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") log.warn({ error }, "the archive on disk is made anew");
      }
      list = newestFirst(lines.values());
    },
    list: () => list,
    stampOf: (key) => lines.get(key)?.entry.stamp,
    put: async (one, stamp) => {
      const entry = entryOf(one, stamp);
      await writeFileAtomic(join(folder, fileOf(entry)), JSON.stringify(one.document));
      lines.set(one.key, { key: one.key, entry });
      isChanged = true;
    },
    keepOnly: async (keys) => {
      const gone = [...lines.values()].filter(({ key }) => !keys.has(key));
      for (const { key } of gone) lines.delete(key);
      isWhole = true;
      if (!isChanged && gone.length === 0) return;
      list = newestFirst(lines.values());
      const file: z.infer<typeof IndexFile> = { form: FORM, lines: [...lines.values()] };
      await writeFileAtomic(index, JSON.stringify(file));
      isChanged = false;
      for (const { entry } of gone) await rm(join(folder, fileOf(entry)), { force: true });
    },
    read: async (entries) => {
      const incidents: SnapshotIncident[] = [];
      const maintenances: SnapshotMaintenance[] = [];
      for (const entry of entries) {
        if (entry.kind === "incident") incidents.push(...(await readOne(entry, SnapshotIncident)));
        else maintenances.push(...(await readOne(entry, SnapshotMaintenance)));
      }
      return { incidents, maintenances };
    },
    isWhole: () => isWhole,
  };
};
