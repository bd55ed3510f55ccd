import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { AppError } from "#lib/core/errors.ts";
import type { StaticSite } from "./static-site.ts";

/** Names the files that were written, so that none of others is ever touched. */
const LIST = ".nines-site.json";
const ListFile = z.strictObject({ files: z.record(z.string(), z.string()) });

export type WrittenSite = { readonly files: number; readonly written: number; readonly removed: number };

const digestOf = (body: Buffer): string => createHash("sha256").update(body).digest("base64url");

const listText = (site: StaticSite): string =>
  `${JSON.stringify({ files: Object.fromEntries([...site].map(([path, body]) => [path, digestOf(body)]).sort(([a = ""], [b = ""]) => (a < b ? -1 : 1))) }, null, 1)}\n`;

/** Files of the site that stands there, by their digest; null when there is no folder. @throws AppError USAGE for a folder of others. */
const readList = async (folder: string): Promise<ReadonlyMap<string, string> | null> => {
  try {
    return new Map(Object.entries(ListFile.parse(JSON.parse(await readFile(join(folder, LIST), "utf8"))).files));
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === "ENOENT";
    const names = await readdir(folder).catch(() => null);
    if (isAbsent && names === null) return null;
    if (isAbsent && names?.length === 0) return new Map();
    throw new AppError("USAGE", `${folder} holds files that no export wrote: name a folder of its own`);
  }
};

/** Puts a file in its place as a whole. */
export const writeInto = async (folder: string, path: string, body: Buffer | string): Promise<void> => {
  const place = join(folder, path);
  const temporary = join(dirname(place), `.${basename(place)}.${randomUUID()}.tmp`);
  await mkdir(dirname(place), { recursive: true });
  try {
    await writeFile(temporary, body, { mode: 0o644 });
    await rename(temporary, place);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
};

const TEMPORARY = /\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/** Takes away what a writer that was killed left: unfinished files in the folder, and unfinished folders beside it. */
export const removeUnfinished = async (target: string): Promise<void> => {
  const folder = resolve(target);
  const inside = await readdir(folder, { recursive: true }).catch(() => []);
  const beside = await readdir(dirname(folder)).catch(() => []);
  const left = [
    ...inside.filter((name) => basename(name).startsWith(".")).map((name) => join(folder, name)),
    ...beside.filter((name) => name.startsWith(`${basename(folder)}.`)).map((name) => join(dirname(folder), name)),
  ].filter((path) => TEMPORARY.test(path));
  for (const path of left) await rm(path, { recursive: true, force: true });
};

/** A new site appears as a whole. */
const writeNew = async (folder: string, site: StaticSite): Promise<void> => {
  const temporary = `${folder}.${randomUUID()}.tmp`;
  try {
    await mkdir(temporary, { recursive: true, mode: 0o755 });
    for (const [path, body] of site) await writeInto(temporary, path, body);
    await writeInto(temporary, LIST, listText(site));
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
};

/**
 * Writes a site to a folder. Where there is none it appears as a whole. Over an older export only what changed is
 * written, each file as a whole and in the order of the site, so that a reader never meets a page without its style
 * sheet; what is gone is removed last, but for what is `kept` since it became a page of the archive. @throws AppError USAGE for a folder with files of others
 */
export const writeStaticSite = async (
  target: string,
  site: StaticSite,
  kept: ReadonlySet<string> = new Set(),
): Promise<WrittenSite> => {
  const folder = resolve(target);
  const before = await readList(folder);
  if (before === null) {
    await writeNew(folder, site);
    return { files: site.size, written: site.size, removed: 0 };
  }
  const changed = [...site].filter(([path, body]) => before.get(path) !== digestOf(body));
  for (const [path, body] of changed) await writeInto(folder, path, body);
  const gone = [...before.keys()].filter((path) => !site.has(path) && !kept.has(path));
  for (const path of gone) await rm(join(folder, path), { force: true });
  if (changed.length + gone.length > 0 || before.size !== site.size) await writeInto(folder, LIST, listText(site));
  return { files: site.size, written: changed.length, removed: gone.length };
};
