import type { IncomingMessage } from "node:http";
import { AppError } from "#lib/core/errors.ts";

/**
 * A body as a whole; null when it is longer than `maxBytes`.
 * @throws AppError INVALID_REQUEST when the sender went away in the middle of it: no fault of ours, nothing for the log.
 */
export const readBytes = async (
  req: AsyncIterable<Buffer> | IncomingMessage,
  maxBytes: number,
): Promise<Buffer | null> => {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) return null;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new AppError("INVALID_REQUEST", "the body ended early", { cause: error });
  }
  return Buffer.concat(chunks);
};
