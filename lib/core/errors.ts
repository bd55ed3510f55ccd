/** Every code that an error of ours can carry, with what it means. Docs and tests are checked against this table. */
export const ERROR_CATALOGUE = {
  USAGE: "The command line is wrong; the message says how it should read.",
  CONFIG_INVALID: "The configuration file does not match the schema; the running service keeps its old configuration.",
  CONFIG_UNREADABLE: "The configuration file cannot be read.",
  PORT_TAKEN: "Another program listens on the port; set PORT to a free one or stop that program.",
  PERMISSION_DENIED: "The operating system refused access to a file, folder or port.",
  DISK_FULL: "No space is left on the disk that holds the data folder or the database.",
  DATABASE_UNREACHABLE: "The database does not answer.",
  DATABASE_REFUSED: "The database server does not let us in: wrong user, password or database name.",
  DATABASE_TOO_OLD: "The database server is older than PostgreSQL 15.",
  DATABASE_TOO_NEW: "The database was migrated by a newer Nines; start that version or restore a backup.",
  DATABASE_TIMEOUT: "The database did not answer before the deadline of the query.",
  MIGRATION_CHANGED: "A migration that is already applied differs from the file of this release.",
  ALREADY_RUNNING: "Another `nines start` uses the same data folder.",
  UNSUPPORTED_PLATFORM: "The embedded PostgreSQL does not exist for this system; set DATABASE_URL.",
  LEASE_LOST: "Another instance took over the work; this one steps down.",
  BACKUP_INVALID: "The file is not a complete backup of Nines.",
  RESTORE_NOT_EMPTY: "The database to restore into already holds data.",
  SECRET_KEY_INVALID: "NINES_SECRET_KEY is not 32 bytes in base64, or is not the key that the data was encrypted with.",
  NOT_FOUND: "The thing that was asked for does not exist.",
  METHOD_NOT_ALLOWED: "The address exists but not for this HTTP method.",
  NOT_ACCEPTABLE: "None of the formats that the client accepts can be served.",
  INVALID_REQUEST: "A parameter or the body of the request is not valid.",
  UNAUTHENTICATED: "The request needs a sign-in.",
  FORBIDDEN: "The caller may not do this.",
  SIGN_IN_LINK_INVALID: "The sign-in link was used already, is too old or never existed.",
  PAYLOAD_TOO_LARGE: "The request is larger than allowed.",
  NOT_READY: "The service cannot answer yet; try again shortly.",
  CONFLICT: "The change contradicts the present state.",
  BUILD_FAILED: "The web pages could not be built.",
  ROLE_CRASHED: "A process of the service ended unexpectedly and is restarted.",
  ROLE_HUNG: "A process of the service did not answer for a minute and a half; it is ended and restarted.",
  INTERNAL: "A fault of ours; the log has the details under the same trace id.",
  UNSUPPORTED_MEDIA_TYPE: "The body of the request has a type or a coding that is not taken.",
  IDEMPOTENCY_KEY_REUSED: "The Idempotency-Key was used for another request within the last 24 hours; take a new one.",
  RATE_LIMITED: "Too many requests for a caller of this tier; Retry-After says when to try again.",
} as const;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** An error of ours: a code of the catalogue, and a detail that names the thing and the cure, never a secret. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly detail: string;
  constructor(code: ErrorCode, detail: string, options?: { cause?: unknown }) {
    super(`${code}: ${detail}`, options);
    this.code = code;
    this.detail = detail;
  }
}

/** The code of an unknown thrown value, or undefined when it is none of ours. */
export const errorCodeOf = (error: unknown): ErrorCode | undefined =>
  error instanceof AppError ? error.code : undefined;
