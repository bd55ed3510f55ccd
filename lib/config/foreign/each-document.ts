import { AppError } from "#lib/core/errors.ts";
import type { Cursor, Fidelity } from "./fidelity.ts";
import { isRecord } from "./fidelity.ts";
import type { ImportedSlo } from "./imported.ts";

/** Reads every document of a file. One that cannot be used is named in the fidelity report, and the others go on. */
export const readEachDocument = (
  parsed: readonly unknown[],
  fidelity: Fidelity,
  {
    nameOf,
    read,
  }: {
    readonly nameOf: (document: unknown, index: number) => string;
    readonly read: (root: Cursor) => readonly ImportedSlo[];
  },
): ImportedSlo[] =>
  parsed.flatMap((document, index) => {
    if (document === null || document === undefined) return [];
    const object = nameOf(document, index);
    const root = fidelity.cursor(object, document);
    try {
      if (!isRecord(document)) return root.refuse("(document): a mapping is due");
      return read(root);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      fidelity.refused(object, error.detail);
      return [];
    } finally {
      fidelity.close(object, document);
    }
  });
