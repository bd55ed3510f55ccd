import type { Fault } from "./config-error.ts";

export const MAX_FILE_BYTES = 2_000_000;

const NEWLINE = 0x0a;

/** Everything that YAML 1.2 forbids in a stream among the ASCII control characters. */
const FORBIDDEN_CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;

const lineAt = (bytes: Uint8Array, offset: number): number => {
  let line = 1;
  for (let i = 0; i < offset; i += 1) if (bytes[i] === NEWLINE) line += 1;
  return line;
};

const isUtf8 = (bytes: Uint8Array): boolean => {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
};

/** The first line that is not UTF-8. A line feed byte is part of no other character, so lines can be judged alone. */
const firstBadLine = (bytes: Uint8Array): number => {
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(NEWLINE, start);
    const until = end === -1 ? bytes.length : end;
    if (!isUtf8(bytes.subarray(start, until))) return lineAt(bytes, start);
    start = until + 1;
  }
  return 1;
};

export type DecodedText = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly fault: Fault };

const refuse = (fault: Omit<Fault, "path">): DecodedText => ({ ok: false, fault: { path: [], ...fault } });

/** The text of a file, or the one fault that makes it no text of ours: too large, not UTF-8, control characters. */
export const decodeText = (bytes: Uint8Array): DecodedText => {
  if (bytes.length > MAX_FILE_BYTES) {
    return refuse({ kind: "limit", message: `the file is larger than ${MAX_FILE_BYTES / 1_000_000} MB` });
  }
  if (!isUtf8(bytes)) {
    return refuse({ kind: "encoding", message: "the file is not UTF-8 text", line: firstBadLine(bytes) });
  }
  const text = new TextDecoder("utf-8").decode(bytes);
  const control = FORBIDDEN_CONTROL.exec(text);
  if (control !== null) {
    const line = text.slice(0, control.index).split("\n").length;
    const name = control[0] === "\0" ? "a NUL character" : "a control character";
    return refuse({ kind: "syntax", message: `the file holds ${name}, which YAML does not allow`, line });
  }
  return { ok: true, text };
};
