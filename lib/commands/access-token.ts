import { createHash } from "node:crypto";
import type { RandomBytes } from "#lib/runtime/ids.ts";

const TOKEN_BYTES = 32;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** A secret that lets its bearer in: 32 random bytes in base64url. Only its hash is ever stored. */
export const newToken = (randomBytes: RandomBytes): string =>
  Buffer.from(randomBytes(TOKEN_BYTES)).toString("base64url");

/** Whether a text has the form of a token, so that nonsense costs no query. */
export const isToken = (text: string): boolean => TOKEN.test(text);

/** What stands for a token in the database. The token has 256 random bits, so a plain hash is enough. */
export const tokenHash = (token: string): string => createHash("sha256").update(token).digest("hex");

/** Names a token in the audit log without giving away enough to find its hash. */
export const tokenName = (token: string): string => tokenHash(token).slice(0, 12);
