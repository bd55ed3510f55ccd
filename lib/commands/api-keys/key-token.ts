import { isToken, newToken } from "#lib/commands/access-token.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";

const LIVE_PREFIX = "nk_live_";
const TEST_PREFIX = "nk_test_";

/** The token of a new key: a prefix, so that scanners for leaked secrets know what they found, and 32 random bytes. */
export const newKeyToken = (randomBytes: RandomBytes, isTest: boolean): string =>
  `${isTest ? TEST_PREFIX : LIVE_PREFIX}${newToken(randomBytes)}`;

/** Whether a text has the form of a test key's token. */
export const isTestToken = (text: string): boolean =>
  text.startsWith(TEST_PREFIX) && isToken(text.slice(TEST_PREFIX.length));

/** Whether a text has the form of a key's token, so that nonsense costs no query. */
export const isKeyToken = (text: string): boolean =>
  isTestToken(text) || (text.startsWith(LIVE_PREFIX) && isToken(text.slice(LIVE_PREFIX.length)));
