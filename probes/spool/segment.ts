import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";

/** A file of the spool that is being written. */
export type Segment = {
  /** Resolves once the bytes are on the disk. Rejects when they are not: the file is as it was before then. */
  readonly append: (data: Buffer) => Promise<void>;
  /** What is in it for good. */
  readonly bytes: () => number;
  readonly close: () => Promise<void>;
};

const writeAll = async (file: FileHandle, data: Buffer, position: number): Promise<void> => {
  for (let done = 0; done < data.length; ) {
    const { bytesWritten } = await file.write(data, done, data.length - done, position + done);
    if (bytesWritten === 0) throw new Error("the disk takes no more bytes");
    done += bytesWritten;
  }
};

/**
 * Makes a file for this user alone. Every append is one write and one fdatasync, so what was appended survives a kill, a
 * crash of the system and a power cut; the recorder appends at most every quarter of a second.
 */
export const createSegment = async (path: string): Promise<Segment> => {
  const file = await open(path, "wx", 0o600);
  let bytes = 0;
  return {
    append: async (data) => {
      try {
        await writeAll(file, data, bytes);
        await file.datasync();
      } catch (error) {
        // A reader skips a cut record too; this keeps the next one from standing behind it.
        await file.truncate(bytes).catch(() => undefined);
        throw error;
      }
      bytes += data.length;
    },
    bytes: () => bytes,
    close: () => file.close(),
  };
};
