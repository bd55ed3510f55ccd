import type { FidelityEntry } from "#lib/config/foreign/fidelity.ts";
import { FATES } from "#lib/config/foreign/fidelity.ts";

/** The report of an import or export for people: one line a field, what was refused last, so that it is seen. */
export const showFidelity = (entries: readonly FidelityEntry[], title: string): string => {
  const lines = FATES.flatMap((fate) =>
    entries
      .filter((entry) => entry.fate === fate)
      .map(({ object, field, note }) => `${fate.padEnd(8)} ${object} ${field === "" ? "" : `${field}: `}${note}`),
  );
  const counts = FATES.map((fate) => `${entries.filter((entry) => entry.fate === fate).length} ${fate}`);
  return `${lines.join("\n")}${lines.length === 0 ? "" : "\n"}${title}: ${counts.join(", ")}\n`;
};
