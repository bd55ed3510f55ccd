import { closeSync, openSync } from "node:fs";

const hasTerminal = (): boolean => {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
};

/**
 * SIGHUP means two things: an operator asks for the configuration to be read again, or the terminal was closed.
 * The latter is when there was a terminal at the start and now there is none.
 */
export const watchHangup = (on: { onReload: () => void; onGone: () => void }): (() => Promise<void>) => {
  const hadTerminal = hasTerminal();
  const handle = (): void => (hadTerminal && !hasTerminal() ? on.onGone() : on.onReload());
  process.on("SIGHUP", handle);
  return async () => void process.off("SIGHUP", handle);
};
