import { BYTE_OF_CODE, END_OF_TEXT, STATIC_FIELDS } from "./hpack-tables.ts";
import type { HeaderList } from "./types.ts";

/** Header compression of HTTP/2 (RFC 7541): all of the reading, and of the writing what one request needs. */

type Field = readonly [name: string, value: string];
type Limits = { readonly headBytes: number; readonly headFields: number };

export type Decoded =
  | { readonly kind: "fields"; readonly fields: HeaderList }
  | { readonly kind: "broken" }
  | { readonly kind: "too large" };

const TABLE_BYTES = 4_096;
/** RFC 7541, 4.1: what an entry counts beside its bytes. */
const ENTRY_BYTES = 32;

const integer = (value: number, prefixBits: number, flags: number): Buffer => {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.from([flags | value]);
  const bytes = [flags | most];
  let rest = value - most;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
};

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value, "latin1");
  return Buffer.concat([integer(bytes.length, 7, 0), bytes]);
};

/** Fields as literals that no table keeps. Names in lower case. */
export const encodeFields = (fields: HeaderList): Buffer =>
  Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));

/** Undoes the Huffman code. Null: a code that there is not, or filling that is none (RFC 7541, 5.2). */
const unpack = (packed: Buffer): Buffer | null => {
  const bytes: number[] = [];
  let [length, code] = [0, 0];
  for (const byte of packed) {
    for (let bit = 7; bit >= 0; bit -= 1) {
      code = code * 2 + ((byte >> bit) & 1);
      length += 1;
      const found = BYTE_OF_CODE.get(length * 2 ** 30 + code);
      if (found === END_OF_TEXT || (found === undefined && length >= 30)) return null;
      if (found === undefined) continue;
      bytes.push(found);
      [length, code] = [0, 0];
    }
  }
  return length > 7 || code !== 2 ** length - 1 ? null : Buffer.from(bytes);
};

type Cursor = { readonly bytes: Buffer; at: number };

/** Null: it ends too early, or is larger than any that a head within its cap can hold. */
const readInteger = (cursor: Cursor, prefixBits: number): number | null => {
  const most = 2 ** prefixBits - 1;
  const first = cursor.bytes[cursor.at];
  if (first === undefined) return null;
  cursor.at += 1;
  let value = first & most;
  if (value < most) return value;
  for (let shift = 0; shift <= 21; shift += 7) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) return null;
    cursor.at += 1;
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return value;
  }
  return null;
};

const readText = (cursor: Cursor): string | null => {
  const isPacked = ((cursor.bytes[cursor.at] ?? 0) & 128) !== 0;
  const length = readInteger(cursor, 7);
  if (length === null || cursor.at + length > cursor.bytes.length) return null;
  const raw = cursor.bytes.subarray(cursor.at, cursor.at + length);
  cursor.at += length;
  return (isPacked ? unpack(raw) : raw)?.toString("latin1") ?? null;
};

/** What a connection remembers of the heads it has read. */
type Table = { entries: Field[]; bytes: number; maxBytes: number };

const sizeOf = ([name, value]: Field): number => name.length + value.length + ENTRY_BYTES;

const shrink = (table: Table): void => {
  while (table.bytes > table.maxBytes) {
    const last = table.entries.pop();
    if (last === undefined) return;
    table.bytes -= sizeOf(last);
  }
};

const fieldAt = (table: Table, index: number): Field | undefined =>
  index <= STATIC_FIELDS.length ? STATIC_FIELDS[index - 1] : table.entries[index - STATIC_FIELDS.length - 1];

/** RFC 7541, 6.2: a name by its index or as text, and a value. */
const readLiteral = (cursor: Cursor, table: Table, prefixBits: number): Field | null => {
  const index = readInteger(cursor, prefixBits);
  if (index === null) return null;
  const name = index === 0 ? readText(cursor) : (fieldAt(table, index)?.[0] ?? null);
  const value = name === null ? null : readText(cursor);
  return name === null || value === null ? null : [name.toLowerCase(), value];
};

/** The next field; "resized" for a change of the table; null when the bytes are broken. */
const readField = (cursor: Cursor, table: Table): Field | "resized" | null => {
  const first = cursor.bytes[cursor.at] ?? 0;
  if (first >= 128) {
    const index = readInteger(cursor, 7);
    return index === null ? null : (fieldAt(table, index) ?? null);
  }
  if (first >= 64) {
    const field = readLiteral(cursor, table, 6);
    if (field === null) return null;
    table.entries.unshift(field);
    table.bytes += sizeOf(field);
    shrink(table);
    return field;
  }
  if (first < 32) return readLiteral(cursor, table, 4);
  const maxBytes = readInteger(cursor, 5);
  if (maxBytes === null || maxBytes > TABLE_BYTES) return null;
  table.maxBytes = maxBytes;
  shrink(table);
  return "resized";
};

/** Reads the heads of one connection in their order. A head of few bytes can stand for many; `limits` count what it stands for. */
export const createFieldDecoder = ({ headBytes, headFields }: Limits): ((block: Buffer) => Decoded) => {
  const table: Table = { entries: [], bytes: 0, maxBytes: TABLE_BYTES };
  return (block) => {
    const cursor: Cursor = { bytes: block, at: 0 };
    const fields: Field[] = [];
    let bytes = 0;
    while (cursor.at < block.length) {
      const field = readField(cursor, table);
      if (field === null) return { kind: "broken" };
      if (field === "resized") continue;
      fields.push(field);
      bytes += field[0].length + field[1].length + 4;
      if (fields.length > headFields || bytes > headBytes) return { kind: "too large" };
    }
    return { kind: "fields", fields };
  };
};
