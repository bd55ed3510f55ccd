import { createHash } from "node:crypto";
import type { Database, Tx } from "#db/database.ts";
import { countAttempt, deleteOldAttempts, forgiveAttempts } from "#db/queries/sign-in-failures.ts";
import { AppError } from "#lib/core/errors.ts";
import { networkOf } from "#lib/core/identity/network.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, MINUTE_MS } from "#lib/core/units.ts";

const WINDOW_MS = 15 * MINUTE_MS;
/** Tries of one account from one network, and of all accounts from one network, in a window. */
const PER_ACCOUNT = 5;
const PER_NETWORK = 50;

export type Attempt = { readonly account: string; readonly network: string };

/** What tries are counted under: never the login itself, which may be a password typed into the wrong field. */
export const attemptOf = (login: string, address: string): Attempt => ({
  account: createHash("sha256").update(login).digest("hex"),
  network: networkOf(address),
});

/**
 * Charges one try before it is judged, so that many at once count as many. Who guesses is locked out by account and
 * network; the account's owner, who comes from elsewhere, is not. The answer is the same for an account that does not exist.
 * @throws AppError RATE_LIMITED
 */
export const chargeAttempt = async (database: Database, attempt: Attempt, now: EpochMs): Promise<void> => {
  const windowStart = addMs(now, -WINDOW_MS);
  const [own, all] = await database.transaction(async (tx) => [
    await countAttempt(tx, { ...attempt, now, windowStart }),
    await countAttempt(tx, { account: "", network: attempt.network, now, windowStart }),
  ]);
  if ((own ?? 0) > PER_ACCOUNT || (all ?? 0) > PER_NETWORK)
    throw new AppError("RATE_LIMITED", "too many sign-ins failed; try again in a quarter of an hour");
};

/** After a success, in its transaction. */
export const forgetAttempts = async (tx: Tx, attempt: Attempt, now: EpochMs): Promise<void> => {
  await forgiveAttempts(tx, attempt);
  await deleteOldAttempts(tx, addMs(now, -DAY_MS));
};
