import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { apiDescription } from "#lib/config/api/description.ts";
import { brunoCollection } from "./bruno.ts";

export const COLLECTION = "docs/collections/bruno";
const ROOT = fileURLToPath(new URL(`../../../${COLLECTION}/`, import.meta.url));

/** What is to be there; the address and the release in it are examples, so that it changes only with the operations. */
const wanted = (): Readonly<Record<string, string>> =>
  brunoCollection(apiDescription({ version: "0", serverUrl: "https://status.example.com" }));

const present = async (): Promise<readonly string[]> => {
  const entries = await readdir(ROOT, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length));
};

/** Files of the collection that are missing, different or too many; empty when it is in step with the operations. */
export const outdatedFiles = async (): Promise<readonly string[]> => {
  const files = wanted();
  const there = await present();
  const extra = there.filter((name) => !Object.hasOwn(files, name));
  const differs = await Promise.all(
    Object.entries(files).map(async ([name, text]) => {
      const committed = there.includes(name) ? await readFile(join(ROOT, name), "utf8") : null;
      return committed === text ? [] : [name];
    }),
  );
  return [...extra, ...differs.flat()];
};

/** Writes what is to be there and removes what is not. */
export const writeCollection = async (): Promise<void> => {
  const files = wanted();
  for (const name of await outdatedFiles()) {
    const path = join(ROOT, name);
    const text = files[name];
    if (text === undefined) await rm(path);
    else await mkdir(dirname(path), { recursive: true }).then(() => writeFile(path, text));
  }
};
