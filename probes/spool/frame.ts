import { crc32 } from "node:zlib";

/**
 * A file of records: each is a mark of four bytes, the length of its payload, a CRC-32 over length and payload, and the
 * payload. A reader that meets damage looks for the next mark whose record is whole, so damage costs what it touches only.
 */
const MARK = Buffer.from("\x1eNSP", "latin1");
const HEADER_BYTES = 12;
/** A run with all of its failures takes less than a tenth of this. */
const LONGEST_PAYLOAD = 4 * 2 ** 20;

const checksum = (header: Buffer, payload: Buffer): number => crc32(payload, crc32(header.subarray(4, 8)));

/** The bytes of these records, one after the other. */
export const frameRecords = (payloads: readonly Buffer[]): Buffer => {
  const parts: Buffer[] = [];
  for (const payload of payloads) {
    const header = Buffer.allocUnsafe(HEADER_BYTES);
    MARK.copy(header);
    header.writeUInt32LE(payload.length, 4);
    header.writeUInt32LE(checksum(header, payload), 8);
    parts.push(header, payload);
  }
  return Buffer.concat(parts);
};

/** The payload of the record that begins at `at`; null when it is not whole. */
const payloadAt = (data: Buffer, at: number): Buffer | null => {
  const start = at + HEADER_BYTES;
  if (start > data.length || MARK.compare(data, at, at + 4) !== 0) return null;
  const length = data.readUInt32LE(at + 4);
  if (length > LONGEST_PAYLOAD || start + length > data.length) return null;
  const payload = data.subarray(start, start + length);
  return checksum(data.subarray(at, start), payload) === data.readUInt32LE(at + 8) ? payload : null;
};

export type Frames = {
  /** Whole records in order; they share memory with the data. */
  readonly payloads: readonly Buffer[];
  /** Stretches that are no whole record: a cut end counts as one. */
  readonly damages: number;
};

/** Reads all whole records, whatever stands between them. */
export const readFrames = (data: Buffer): Frames => {
  const payloads: Buffer[] = [];
  let damages = 0;
  let at = 0;
  while (at < data.length) {
    const payload = payloadAt(data, at);
    if (payload !== null) {
      payloads.push(payload);
      at += HEADER_BYTES + payload.length;
      continue;
    }
    damages += 1;
    do {
      const next = data.indexOf(MARK, at + 1);
      at = next === -1 ? data.length : next;
    } while (at < data.length && payloadAt(data, at) === null);
  }
  return { payloads, damages };
};
