import { closeSync, openSync, readSync, statSync } from "node:fs";
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
 * Reads the file of a `file:` reference. Only regular files of at most 4,096 bytes hold a secret: a pipe would wait for
 * a writer, and a device never ends.
 * @throws when it is something else, or what the file system says
 */
export const readSecretFile = (path: string): Uint8Array => {
  const stat = statSync(path);
  if (!stat.isFile() || stat.size > MAX_SECRET_BYTES) throw new RangeError("not a regular file of a secret's size");
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(MAX_SECRET_BYTES);
    return buffer.subarray(0, readSync(file, buffer));
  } finally {
    closeSync(file);
  }
};
