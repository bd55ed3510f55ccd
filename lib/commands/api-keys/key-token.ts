import { isToken, newToken } from "#lib/commands/access-token.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";

const PREFIX = "nk_live_";

/** The token of a new key: `nk_live_` and 32 random bytes, so that scanners for leaked secrets know what they found. */
export const newKeyToken = (randomBytes: RandomBytes): string => `${PREFIX}${newToken(randomBytes)}`;

/** Whether a text has the form of a key's token, so that nonsense costs no query. */
export const isKeyToken = (text: string): boolean => text.startsWith(PREFIX) && isToken(text.slice(PREFIX.length));
