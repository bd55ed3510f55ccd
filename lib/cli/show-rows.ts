import type { CommandContext } from "#lib/cli/command.ts";

/** Prints what a change made: the whole resource as JSON for machines, or a line for people. */
export const showRow = <Row>(
  { stdout }: CommandContext,
  row: Row,
  { json, line }: { readonly json: boolean; readonly line: (row: Row) => string },
): void => {
  stdout.write(json ? `${JSON.stringify(row)}\n` : line(row));
};

/** Prints a list: one JSON array for machines, or a line a row; `none` is said of an empty one. */
export const showRows = <Row>(
  { stdout }: CommandContext,
  rows: readonly Row[],
  { json, line, none }: { readonly json: boolean; readonly line: (row: Row) => string; readonly none: string },
): void => {
  if (json) stdout.write(`${JSON.stringify(rows)}\n`);
  else stdout.write(rows.length === 0 ? `${none}\n` : rows.map(line).join(""));
};
