/** A plain number may begin with a minus; any other text that a spreadsheet could take for a formula gets a quote before it. */
const NUMBER = /^-?\d+(\.\d+)?$/;
const FORMULA_START = /^[=+\-@\t\r]/;

const cellOf = (value: string | number | null): string => {
  const text = value === null ? "" : String(value);
  const safe = FORMULA_START.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
};

/** RFC 4180 text with CRLF line ends, every cell in quotes; null is an empty cell. */
export const csvOf = (rows: readonly (readonly (string | number | null)[])[]): string =>
  rows.map((row) => `${row.map(cellOf).join(",")}\r\n`).join("");
