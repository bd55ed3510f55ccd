/** What the account's page says after a form was refused. */
export type AccountProblem = "present" | "value" | "state" | "limit";

/** Carries new recovery codes, sealed, to the one page that shows them. */
export const CODES_COOKIE = "nines_codes";

/** Where new recovery codes of a session are sealed for, until they were shown once. */
export const codesContext = (sessionId: string): string => `sessions:${sessionId}:codes`;
