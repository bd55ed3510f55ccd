import { hash, verify } from "@node-rs/argon2";
import { AppError } from "#lib/core/errors.ts";
import { faultOfPassword, normalisePassword } from "#lib/core/identity/password-rules.ts";

/** Argon2id (RFC 9106). `memoryKib` per computation. */
export type PasswordCost = { readonly memoryKib: number; readonly passes: number; readonly lanes: number };

/** OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane. */
const PASSWORD_COST: PasswordCost = { memoryKib: 19_456, passes: 2, lanes: 1 };

/** So many at once: whoever sends many sign-ins waits, and does not take all memory and cores. */
const AT_ONCE = 2;

export type PasswordHasher = {
  /** The PHC text to store. */
  readonly hash: (password: string) => Promise<string>;
  /** Takes as long for `null`, an account without a password or none at all, which is never right. */
  readonly verify: (stored: string | null, password: string) => Promise<boolean>;
};

/** Lets `atOnce` pieces of work run, and the others wait in their order. */
const createTurnstile = (atOnce: number) => {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
};

/** Hashes and verifies passwords by argon2id, a few at once, so that guesses cannot use up the memory. */
export const createPasswordHasher = (cost: PasswordCost = PASSWORD_COST): PasswordHasher => {
  const inTurn = createTurnstile(AT_ONCE);
  const options = { memoryCost: cost.memoryKib, timeCost: cost.passes, parallelism: cost.lanes };
  const make = (password: string): Promise<string> => hash(normalisePassword(password), options);
  let nobodys: Promise<string> | null = null;
  return {
    hash: (password) => inTurn(() => make(password)),
    verify: (stored, password) =>
      inTurn(async () => {
        nobodys ??= make("the password of nobody");
        const isRight = await verify(stored ?? (await nobodys), normalisePassword(password)).catch(() => false);
        return stored !== null && isRight;
      }),
  };
};

/** The one of this process. */
export const passwordHasher: PasswordHasher = createPasswordHasher();

/** @throws AppError INVALID_REQUEST that says what is wrong with the password, never repeating it */
export const assertGoodPassword = (password: string, owner: { readonly login: string }): void => {
  const fault = faultOfPassword(normalisePassword(password), owner);
  if (fault !== null) throw new AppError("INVALID_REQUEST", `the password ${fault}`);
};
