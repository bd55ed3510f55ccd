import type { DnsRecord } from "#lib/core/definitions.ts";

// The wire form of DNS messages (RFC 1035, 4; AAAA: RFC 3596; SRV: RFC 2782): one question out, its answer in.

const TYPE_CODES = { A: 1, NS: 2, CNAME: 5, MX: 15, TXT: 16, AAAA: 28, SRV: 33 } as const satisfies Record<
  DnsRecord,
  number
>;
const RECORD_OF_CODE = new Map<number, DnsRecord>(
  Object.entries(TYPE_CODES).map(([name, code]) => [code, name as DnsRecord]),
);
const CLASS_IN = 1;
const HEADER_BYTES = 12;
/** A name has at most 255 bytes on the wire, so at most 127 labels; each jump of a compressed name must go back. */
const MAX_NAME_BYTES = 255;

export type DnsQuestion = { readonly id: number; readonly name: string; readonly record: DnsRecord };

export type DnsAnswer = {
  readonly rcode: number;
  readonly isTruncated: boolean;
  /** The data of the records that answer the question, aliases followed, as texts in the spelling of normaliseAnswer. */
  readonly data: readonly string[];
};

/** `foreign`: an answer to another question, such as a late or forged one. */
export type ReadMessage =
  | { readonly kind: "answer"; readonly answer: DnsAnswer }
  | { readonly kind: "foreign" }
  | { readonly kind: "broken"; readonly reason: string };

/** A query with recursion asked for. The name must be valid (normaliseDomain). */
export const encodeQuestion = ({ id, name, record }: DnsQuestion): Buffer => {
  const labels = name === "." ? [] : name.split(".");
  const encoded = labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, "ascii")]);
  const header = Buffer.from([id >> 8, id & 0xff, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([header, ...encoded, Buffer.from([0, 0, TYPE_CODES[record], 0, CLASS_IN])]);
};

/** Ends the reading of a message that is no DNS; caught in `readMessage` and nowhere else. */
const BROKEN = Symbol("broken message");
type Broken = { readonly [BROKEN]: string };
const broken = (reason: string): never => {
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- no error of ours: a value on its way out of a parser.
  throw { [BROKEN]: reason } satisfies Broken;
};
const isBroken = (thrown: unknown): thrown is Broken =>
  typeof thrown === "object" && thrown !== null && BROKEN in thrown;

type Cursor = { readonly bytes: Buffer; at: number };

const take = (cursor: Cursor, count: number): Buffer => {
  if (cursor.at + count > cursor.bytes.length) broken("message cut short");
  cursor.at += count;
  return cursor.bytes.subarray(cursor.at - count, cursor.at);
};
const takeUint16 = (cursor: Cursor): number => take(cursor, 2).readUInt16BE();

const labelText = (label: Buffer): string =>
  label
    .toString("latin1")
    .replaceAll(/[^\x21-\x2d\x2f-\x7e]/g, (byte) => `\\${byte.charCodeAt(0).toString().padStart(3, "0")}`);

/** A name in lower case without its last dot; the root is ".". */
const takeName = (cursor: Cursor): string => {
  const labels: string[] = [];
  let { at } = cursor;
  let limit = at;
  let size = 1;
  let end: number | null = null;
  for (;;) {
    const length = cursor.bytes[at] ?? broken("message cut short");
    if (length >= 0xc0) {
      const target = ((length & 0x3f) << 8) | (cursor.bytes[at + 1] ?? broken("message cut short"));
      end ??= at + 2;
      // Strictly backwards: a pointer to itself or ahead would never end.
      if (target >= limit) broken("compression loop");
      at = target;
      limit = target;
      continue;
    }
    if (length >= 0x40) broken("unknown kind of label");
    if (length === 0) break;
    size += length + 1;
    if (size > MAX_NAME_BYTES) broken("name too long");
    if (at + 1 + length > cursor.bytes.length) broken("message cut short");
    labels.push(labelText(cursor.bytes.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  cursor.at = end ?? at + 1;
  return labels.length === 0 ? "." : labels.join(".").toLowerCase();
};

const hextets = (data: Buffer): string =>
  Array.from({ length: 8 }, (_, i) => data.readUInt16BE(2 * i).toString(16)).join(":");

const takeTexts = (cursor: Cursor, end: number): string => {
  const parts: Buffer[] = [];
  while (cursor.at < end) parts.push(take(cursor, take(cursor, 1).readUInt8()));
  return Buffer.concat(parts).toString("utf8");
};

const takeData = (cursor: Cursor, record: DnsRecord, end: number): string => {
  switch (record) {
    case "A":
      return take(cursor, 4).join(".");
    case "AAAA":
      return new URL(`http://[${hextets(take(cursor, 16))}]/`).hostname.slice(1, -1);
    case "CNAME":
    case "NS":
      return takeName(cursor);
    case "MX":
      return `${takeUint16(cursor)} ${takeName(cursor)}`;
    case "SRV":
      return `${takeUint16(cursor)} ${takeUint16(cursor)} ${takeUint16(cursor)} ${takeName(cursor)}`;
    case "TXT":
      return takeTexts(cursor, end);
  }
};

type Resource = { readonly name: string; readonly record: DnsRecord; readonly data: string };

const takeResource = (cursor: Cursor): Resource | null => {
  const name = takeName(cursor);
  const record = RECORD_OF_CODE.get(takeUint16(cursor));
  const isInternet = takeUint16(cursor) === CLASS_IN;
  take(cursor, 4);
  const length = takeUint16(cursor);
  const end = cursor.at + length;
  if (end > cursor.bytes.length) broken("message cut short");
  if (record === undefined || !isInternet) {
    cursor.at = end;
    return null;
  }
  const data = takeData(cursor, record, end);
  if (cursor.at !== end) broken("record of the wrong length");
  return { name, record, data };
};

/** Records of the asked type, of the name itself or of what its aliases lead to. */
const answering = (resources: readonly Resource[], { name, record }: DnsQuestion): readonly string[] => {
  const names = new Set([name]);
  for (const { name: owner, record: kind, data } of resources)
    if (kind === "CNAME" && names.has(owner)) names.add(data);
  return resources.filter((each) => each.record === record && names.has(each.name)).map(({ data }) => data);
};

const read = (bytes: Buffer, question: DnsQuestion): ReadMessage => {
  const cursor: Cursor = { bytes, at: 0 };
  if (bytes.length >= 2 && bytes.readUInt16BE() !== question.id) return { kind: "foreign" };
  const header = take(cursor, HEADER_BYTES);
  const flags = header.readUInt16BE(2);
  if ((flags & 0x8000) === 0 || (flags & 0x7800) !== 0) return { kind: "broken", reason: "not an answer" };
  const rcode = flags & 0x0f;
  const questions = header.readUInt16BE(4);
  // A server that could not read the question may leave it out of its answer.
  if (questions > 1 || (questions === 0 && rcode === 0)) return { kind: "broken", reason: "not the question asked" };
  if (questions === 1) {
    const name = takeName(cursor);
    const isSame = takeUint16(cursor) === TYPE_CODES[question.record] && takeUint16(cursor) === CLASS_IN;
    if (name !== question.name || !isSame) return { kind: "foreign" };
  }
  const isTruncated = (flags & 0x0200) !== 0;
  if (isTruncated) return { kind: "answer", answer: { rcode, isTruncated, data: [] } };
  const resources: Resource[] = [];
  for (let left = header.readUInt16BE(6); left > 0; left -= 1) {
    const resource = takeResource(cursor);
    if (resource !== null) resources.push(resource);
  }
  return { kind: "answer", answer: { rcode, isTruncated, data: answering(resources, question) } };
};

/** Reads what came back for a question. Never throws, whatever the bytes are, in time linear in them. */
export const readMessage = (bytes: Buffer, question: DnsQuestion): ReadMessage => {
  try {
    return read(bytes, question);
  } catch (thrown) {
    if (isBroken(thrown)) return { kind: "broken", reason: thrown[BROKEN] };
    throw thrown;
  }
};
