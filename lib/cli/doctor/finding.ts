/** What one look at the set-up found. A problem stops something from working; a warning will one day. */
export type Finding = {
  /** The kind of look, stable: scripts may rely on it. */
  readonly check: string;
  readonly state: "ok" | "warning" | "problem";
  readonly message: string;
  /** What to do about it; absent when all is well. */
  readonly cure?: string;
};

/** What was looked at and is as it should be. */
export const ok = (check: string, message: string): Finding => ({ check, state: "ok", message });

/** What works and is not as it should be, with what to do about it. */
export const warning = (check: string, message: string, cure: string): Finding => ({
  check,
  state: "warning",
  message,
  cure,
});

/** What keeps the service from working, with what to do about it. */
export const problem = (check: string, message: string, cure: string): Finding => ({
  check,
  state: "problem",
  message,
  cure,
});
