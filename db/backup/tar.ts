import { AppError } from "#lib/core/errors.ts";

/** One file inside an archive. */
export type ArchiveEntry = { readonly name: string; readonly bytes: Buffer };

const BLOCK = 512;
/** Far over any part that we write; a larger number is a broken header. */
const LARGEST_ENTRY = 1_073_741_824;
const END = Buffer.alloc(2 * BLOCK);

const checksumOf = (header: Buffer): number => {
  // The field of the checksum counts as eight spaces.
  let sum = 8 * 32;
  for (let index = 0; index < BLOCK; index += 1) if (index < 148 || index >= 156) sum += header[index] as number;
  return sum;
};

const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, "0")}\0`;

/** The header, the bytes and the padding of one plain file in ustar format. Names are up to 100 bytes. */
export const tarEntry = ({ name, bytes }: ArchiveEntry): Buffer[] => {
  if (Buffer.byteLength(name) > 100) throw new RangeError(`the name ${name} is too long for the archive`);
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0);
  header.write(octal(0o600, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(bytes.length, 12), 124);
  header.write(octal(0, 12), 136);
  header.write("0", 156);
  header.write("ustar\0" + "00", 257);
  header.write(`${checksumOf(header).toString(8).padStart(6, "0")}\0 `, 148);
  return [header, bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)];
};

/** What ends an archive. */
export const tarEnd = (): Buffer => END;

const parseOctal = (field: Buffer): number => Number.parseInt(field.toString("latin1").replaceAll("\0", " ").trim(), 8);

/** Reads `size` bytes at a time from chunks of any size. Null at the very end. */
const createReader = (source: AsyncIterable<Buffer>): ((size: number) => Promise<Buffer | null>) => {
  const iterator = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  return async (size) => {
    const pieces = [rest];
    let length = rest.length;
    while (length < size) {
      const next = await iterator.next();
      if (next.done === true) break;
      pieces.push(next.value);
      length += next.value.length;
    }
    const all = pieces.length === 1 ? rest : Buffer.concat(pieces, length);
    if (all.length === 0 && size > 0) return null;
    if (all.length < size) throw new AppError("BACKUP_INVALID", "the file ends in the middle");
    rest = all.subarray(size);
    return all.subarray(0, size);
  };
};

/** The entries of an archive, in order. @throws AppError BACKUP_INVALID when it is broken or has no end mark. */
export async function* readTar(source: AsyncIterable<Buffer>): AsyncGenerator<ArchiveEntry> {
  const read = createReader(source);
  for (;;) {
    const header = await read(BLOCK);
    if (header === null) throw new AppError("BACKUP_INVALID", "the file ends before its end mark");
    if (header.every((byte) => byte === 0)) {
      if ((await read(BLOCK)) === null || (await read(1)) !== null)
        throw new AppError("BACKUP_INVALID", "the file has a wrong end");
      return;
    }
    const size = parseOctal(header.subarray(124, 136));
    const isWhole = parseOctal(header.subarray(148, 156)) === checksumOf(header);
    if (!isWhole || !(size >= 0 && size <= LARGEST_ENTRY))
      throw new AppError("BACKUP_INVALID", "the file is not an archive of Nines");
    const name = header.subarray(0, header.indexOf(0)).toString("utf8");
    const bytes = size === 0 ? Buffer.alloc(0) : await read(size);
    const padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (bytes === null || (padding > 0 && (await read(padding)) === null))
      throw new AppError("BACKUP_INVALID", "the file ends in the middle");
    yield { name, bytes };
  }
}
