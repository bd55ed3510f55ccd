import { setTimeout as sleepFor } from "node:timers/promises";

/**
 * Waits until `probe` gives something other than undefined, null or false, and returns it.
 * @throws Error that names what was awaited, with the last error of `probe` as its cause, once the deadline has passed.
 */
export const waitFor = async <T>(
  what: string,
  probe: () => T | Promise<T>,
  { deadlineMs = 20_000, everyMs = 20 }: { deadlineMs?: number; everyMs?: number } = {},
): Promise<Exclude<T, null | undefined | false>> => {
  const until = performance.now() + deadlineMs;
  let lastError: unknown;
  do {
    try {
      const value = await probe();
      if (value !== undefined && value !== null && value !== false)
        return value as Exclude<T, null | undefined | false>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    await sleepFor(everyMs);
  } while (performance.now() < until);
  throw new Error(`waited ${deadlineMs} ms in vain for ${what}`, { cause: lastError });
};
