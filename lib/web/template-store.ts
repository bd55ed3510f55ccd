import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Language } from "#lib/core/definitions.ts";
import { LANGUAGES } from "#lib/core/definitions.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { writeFileAtomic } from "#lib/runtime/write-file-atomic.ts";
import type { PageHashes, PageId } from "./page-slices.ts";
import { isPageId } from "./page-slices.ts";

/** A page as Next rendered it, before the instant is filled in. */
export type PageTemplate = {
  readonly html: string;
  readonly hashes: PageHashes;
  /** The data that it shows, milliseconds since the epoch. */
  readonly asOfMs: number;
};

type StoredTemplate = { readonly pageId: PageId; readonly language: Language; readonly template: PageTemplate };

const TemplateFile = z.strictObject({
  pageId: z.string().refine(isPageId, "no page has this id"),
  language: z.enum(LANGUAGES),
  buildId: z.string(),
  contentHash: z.string(),
  urgentHash: z.string(),
  asOfMs: z.number().int(),
  sha256: z.string(),
  html: z.string(),
});

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");
const nameOf = (pageId: PageId, language: Language): string =>
  `${digestOf(`${pageId}\n${language}`).slice(0, 32)}.json`;

export type TemplateStore = {
  readonly load: () => Promise<readonly StoredTemplate[]>;
  readonly save: (stored: StoredTemplate) => Promise<void>;
  readonly remove: (pageId: PageId, language: Language) => Promise<void>;
};

/**
 * Rendered pages on disk, so that a restart without a database has something to show. Files of another build are
 * dropped (their style sheets are gone), and files that cannot be trusted are ignored with a line in the log.
 */
export const createTemplateStore = (args: { folder: string; buildId: string; log: Logger }): TemplateStore => {
  const { folder, buildId, log } = args;

  const readOne = async (name: string): Promise<StoredTemplate | null> => {
    try {
      const file = TemplateFile.parse(JSON.parse(await readFile(join(folder, name), "utf8")));
      if (file.buildId !== buildId) return null;
      if (file.sha256 !== digestOf(file.html)) throw new Error("its checksum does not match");
      const hashes = { content: file.contentHash, urgent: file.urgentHash };
      return {
        pageId: file.pageId as PageId,
        language: file.language,
        template: { html: file.html, hashes, asOfMs: file.asOfMs },
      };
    } catch (error) {
      log.warn({ file: name, error }, "a stored page cannot be used and is ignored");
      return null;
    }
  };

  return {
    load: async () => {
      await mkdir(folder, { recursive: true });
      const names = (await readdir(folder)).filter((name) => /^[0-9a-f]{32}\.json$/.test(name));
      const found: StoredTemplate[] = [];
      for (const name of names) {
        const stored = await readOne(name);
        if (stored === null) await rm(join(folder, name), { force: true });
        else found.push(stored);
      }
      return found;
    },
    save: async ({ pageId, language, template }) => {
      const file: z.infer<typeof TemplateFile> = {
        pageId,
        language,
        buildId,
        contentHash: template.hashes.content,
        urgentHash: template.hashes.urgent,
        asOfMs: template.asOfMs,
        sha256: digestOf(template.html),
        html: template.html,
      };
      await writeFileAtomic(join(folder, nameOf(pageId, language)), JSON.stringify(file));
    },
    remove: (pageId, language) => rm(join(folder, nameOf(pageId, language)), { force: true }),
  };
};
