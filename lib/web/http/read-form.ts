import type { IncomingMessage } from "node:http";
import { readBytes } from "./read-bytes.ts";

const MAX_FORM_BYTES = 8_192;

/** The form's fields; null when the body is too large or no form. @throws AppError INVALID_REQUEST when it ends early */
export const readForm = async (req: IncomingMessage): Promise<URLSearchParams | null> => {
  if (!/^application\/x-www-form-urlencoded\b/i.test(req.headers["content-type"] ?? "")) return null;
  const bytes = await readBytes(req, MAX_FORM_BYTES);
  return bytes === null ? null : new URLSearchParams(bytes.toString("utf8"));
};
