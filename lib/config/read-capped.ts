import { readFileSync, statSync } from "node:fs";
import { open } from "node:fs/promises";

/** Many times what the longest signing key takes. */
const MAX_SECRET_BYTES = 4_096;

/**
 * Reads the start of a file: all of it, or `maxBytes` + 1 bytes when it is longer, so that callers see that it is too
 * long. Devices and pipes without an end cannot fill the memory.
 * @throws what the file system says
 */
export const readCapped = async (path: string, maxBytes: number): Promise<Uint8Array> => {
  const file = await open(path, "r");
  try {
    const chunks: Uint8Array[] = [];
    let left = maxBytes + 1;
    while (left > 0) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(left, 65_536)));
      if (bytesRead === 0) break;
      chunks.push(buffer.subarray(0, bytesRead));
      left -= bytesRead;
    }
    return Buffer.concat(chunks);
  } finally {
    await file.close();
  }
};

/**
 * Reads a regular file of at most `maxBytes`. Anything else is refused before it is opened: a pipe would wait for a
 * writer, and a device never ends.
 * @throws when it is something else, or what the file system says
 */
export const readSmallFile = (path: string, maxBytes: number): Uint8Array => {
  const stat = statSync(path);
  if (!stat.isFile() || stat.size > maxBytes) throw new RangeError(`not a regular file of at most ${maxBytes} bytes`);
  return readFileSync(path);
};

/** Reads the file of a `file:` reference. @throws as `readSmallFile` */
export const readSecretFile = (path: string): Uint8Array => readSmallFile(path, MAX_SECRET_BYTES);
