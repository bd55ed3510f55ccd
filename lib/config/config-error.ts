/** What is wrong with a configuration file; each kind is explained in docs/configuration.md. */
export const CONFIG_ERROR_KINDS = [
  "syntax",
  "encoding",
  "duplicate_key",
  "missing",
  "unknown_field",
  "type",
  "range",
  "enum",
  "format",
  "reference",
  "duplicate",
  "conflict",
  "unsafe",
  "unsafe_tag",
  "limit",
] as const;
export type ConfigErrorKind = (typeof CONFIG_ERROR_KINDS)[number];

/** One fault of a file, as `check --json` prints it. The message never holds a secret. */
export type ConfigError = {
  /** `services[0].probes[1].url`; empty when the whole file is meant. */
  readonly path: string;
  readonly kind: ConfigErrorKind;
  readonly message: string;
  /** From 1; absent when no place is known. */
  readonly line?: number;
};

/** Something valid that will probably disappoint. */
export type ConfigWarning = {
  readonly path: string;
  readonly kind: "feasibility" | "review";
  readonly message: string;
};

export type Path = readonly (string | number)[];

/** What a check has to say about one value: a kind, and a message that follows the name of the field. */
export type Complaint = { readonly kind: ConfigErrorKind; readonly message: string };

/** A fault before it is placed: its path is that of the document as understood, misspelt keys corrected. */
export type Fault = Complaint & {
  readonly path: Path;
  /** Only for faults that know their line better than their path does. */
  readonly line?: number;
  /** What was probably meant, when something known is near. */
  readonly suggestion?: string;
};

const LONGEST_SEGMENT = 80;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** More faults than this are read by nobody; the number keeps a hostile file from filling the memory. */
export const MAX_ERRORS = 20_000;

/** Text of the user that is safe to print: no control characters, not too long, never invisible. */
export const printable = (text: string, max = LONGEST_SEGMENT): string => {
  if (text === "") return '""';
  const clean = text.replace(UNPRINTABLE, "?");
  return clean.length > max ? `${clean.slice(0, max)}…` : clean;
};

/** Writes a path as `a[0].b`. */
export const formatPath = (path: Path): string =>
  path.reduce<string>((text, segment) => {
    if (typeof segment === "number") return `${text}[${segment}]`;
    return text === "" ? printable(segment) : `${text}.${printable(segment)}`;
  }, "");

/** What messages call the value at a path: its key, or for an entry of a list the key with its index. */
export const labelOf = (path: Path): string => {
  const key = path.findLastIndex((segment) => typeof segment === "string");
  return key === -1 ? "the file" : formatPath(path.slice(key));
};
