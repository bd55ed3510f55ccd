import { createHash } from "node:crypto";

const hexDigest = (text: string): string => createHash("sha256").update(text).digest("hex");

/**
 * Trace and span of an attempt to tell somebody. Both follow from the ids of what is told and of the attempt, so that a log
 * of any instance finds them.
 */
export const traceOfAttempt = (
  subject: string,
  attempt: string,
): { readonly traceId: string; readonly spanId: string } => ({
  traceId: hexDigest(subject).slice(0, 32),
  spanId: hexDigest(attempt).slice(0, 16),
});
