/** One figure that is stored otherwise than it is worked out. */
export type Difference = {
  readonly kind: "bucket" | "sli_minute" | "reading" | "alert" | "sql";
  /** What it is about, such as `shop-home at fra, 2026-11-21T10:00:00Z`. */
  readonly what: string;
  /** Null: it is not stored. */
  readonly stored: string | null;
  /** Null: it should not be stored. */
  readonly recomputed: string | null;
};

/** Where differences go as they are found, so that a database full of them needs no memory. */
export type Report = (difference: Difference) => void;

/** Reports what is in one map and not, or otherwise, in the other. Returns how many were compared. */
export const compareTexts = (
  report: Report,
  args: {
    readonly kind: Difference["kind"];
    readonly stored: ReadonlyMap<string, string>;
    readonly recomputed: ReadonlyMap<string, string>;
  },
): number => {
  const { kind, stored, recomputed } = args;
  for (const [what, text] of recomputed) {
    const known = stored.get(what) ?? null;
    if (known !== text) report({ kind, what, stored: known, recomputed: text });
  }
  for (const [what, text] of stored) {
    if (!recomputed.has(what)) report({ kind, what, stored: text, recomputed: null });
  }
  return new Set([...stored.keys(), ...recomputed.keys()]).size;
};
