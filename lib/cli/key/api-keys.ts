import { randomBytes } from "node:crypto";
import { readApiKeys } from "#db/queries/api-keys.ts";
import type { CommandContext } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { readInstant } from "#lib/cli/read-instant.ts";
import { readWord, usageError } from "#lib/cli/usage-error.ts";
import { createKey } from "#lib/commands/api-keys/create-key.ts";
import { revokeKey, rotateKey } from "#lib/commands/api-keys/end-key.ts";
import type { ApiKeyResource, NewApiKeyResource } from "#lib/contracts/api-keys.ts";
import { keyResource } from "#lib/contracts/api-keys.ts";
import type { Scope } from "#lib/core/access/authorise.ts";
import { SCOPES } from "#lib/core/access/authorise.ts";
import { parseDuration } from "#lib/core/duration.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { DAY_MS } from "#lib/core/units.ts";
import { systemClock } from "#lib/runtime/clock.ts";

// Keys of the API for `nines key`; those of agents stand in commands/key.ts.

const ACTOR = "cli";
const LONGEST_GRACE_DAYS = 30;

/** Whether a text is the id of an API key and not the name of an agent's. */
export const isApiKeyId = (text: string): boolean => /^key_[0-9a-f]{32}$/.test(text);

const readScopes = (texts: readonly string[]): Scope[] =>
  texts.flatMap((text) => text.split(",")).map((text) => readWord(text, SCOPES, "scope"));

const readExpiry = (text: string | undefined, now: EpochMs): EpochMs | null =>
  text === undefined ? null : readInstant(text, now);

const tell = (context: CommandContext, made: NewApiKeyResource, isJson: boolean): void => {
  if (isJson) {
    context.stdout.write(`${JSON.stringify(made)}\n`);
    return;
  }
  context.stdout.write(`${made.token}\n`);
  const until = made.expiresAt === null ? "until it is revoked" : `until ${made.expiresAt}`;
  context.stderr.write(
    `${made.id} "${made.name}" opens ${made.scopes.join(", ")} ${until}. The token is shown this once.\n`,
  );
};

/** Makes a key and prints its token, this once. @throws AppError USAGE; what making a key throws */
export const createApiKey = async (
  context: CommandContext,
  args: {
    name: string | undefined;
    scope: readonly string[] | undefined;
    expires: string | undefined;
    test: boolean;
    json: boolean;
  },
): Promise<void> => {
  const { name, scope } = args;
  if (name === undefined || scope === undefined) throw usageError("key create needs --name and --scope");
  const now = systemClock.now();
  const key = { name, scopes: readScopes(scope), expiresAt: readExpiry(args.expires, now), isTest: args.test };
  const made = await withDatabase(context, (database) =>
    database.transaction((tx) => createKey(tx, { ...key, actor: ACTOR, now, randomBytes })),
  );
  tell(context, made, args.json);
};

/** Replaces a key by one with the same scopes, whose token is printed. @throws AppError USAGE, NOT_FOUND, CONFLICT */
export const rotateApiKey = async (
  context: CommandContext,
  args: { id: string; grace: string | undefined; expires: string | undefined; json: boolean },
): Promise<void> => {
  const { id, grace = `${LONGEST_GRACE_DAYS}d` } = args;
  if (!isApiKeyId(id)) throw usageError('key rotate needs the id of an API key ("key list" shows them)');
  const graceDays = (parseDuration(grace) ?? Number.NaN) / DAY_MS;
  if (!Number.isInteger(graceDays) || graceDays > LONGEST_GRACE_DAYS)
    throw usageError(`--grace must be whole days up to ${LONGEST_GRACE_DAYS}d`);
  const now = systemClock.now();
  const expiresAt = readExpiry(args.expires, now);
  const made = await withDatabase(context, (database) =>
    database.transaction((tx) =>
      rotateKey(tx, { id, graceDays, expiresAt, held: null, actor: ACTOR, now, randomBytes }),
    ),
  );
  tell(context, made, args.json);
};

/** Ends a key at once. @throws AppError NOT_FOUND */
export const revokeApiKey = (context: CommandContext, id: string): Promise<void> =>
  withDatabase(context, (database) =>
    database.transaction((tx) => revokeKey(tx, { id, actor: ACTOR, now: systemClock.now() })),
  );

/** All keys of the API, those that have ended too. */
export const readApiKeyList = (context: CommandContext): Promise<ApiKeyResource[]> =>
  withDatabase(context, async (database) => {
    const now = systemClock.now();
    return (await database.read(readApiKeys)).map((key) => keyResource(key, now));
  });

/** A key as one line for people. */
export const apiKeyLine = (key: ApiKeyResource): string => {
  const used = key.lastUsedAt === null ? "not used yet" : `last used ${key.lastUsedAt}`;
  const ends = key.expiresAt === null ? "" : `, until ${key.expiresAt}`;
  return `${key.id}  ${key.state}${key.mode === "test" ? " test" : ""}  ${key.name}  ${key.scopes.join(",")}  ${used}${ends}\n`;
};
