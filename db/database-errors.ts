import { AppError } from "#lib/core/errors.ts";

const CONNECTION_CODES = new Set([
  ...["CONNECT_TIMEOUT", "CONNECTION_CLOSED", "CONNECTION_ENDED", "CONNECTION_DESTROYED", "SASL_SIGNATURE_MISMATCH"],
  ...["ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN"],
  ...["ENOTFOUND", "EAI_AGAIN", "ENOENT", "EACCES", "ERR_STREAM_DESTROYED", "EADDRNOTAVAIL", "ENETDOWN"],
]);
/** Server's word for: shutting down, crashed, starting up, too many clients, and a server that is no primary any more. */
const AWAY_STATES = new Set(["57P01", "57P02", "57P03", "53300", "25006"]);
/** Server's word for: wrong password, not let in, no such database. Waiting does not help. */
const REFUSED_STATES = new Set(["28P01", "28000", "3D000"]);
/** Statement, transaction and idle-in-transaction limits of the server. */
const TIMEOUT_STATES = new Set(["57014", "25P03", "25P04"]);
/** OpenSSL's and Node's words for a certificate or a handshake that failed. */
const CERTIFICATE_CODES = /^(ERR_TLS|ERR_SSL|UNABLE_TO_|HOSTNAME_MISMATCH|CRL_|INVALID_(CA|PURPOSE)|PATH_LENGTH)|CERT/;
const DISK_FULL = "53100";

const codeOf = (error: unknown): string => {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
};

const messageOf = (error: unknown): string => {
  const message = error instanceof Error ? error.message : "";
  return message === "" ? codeOf(error) : message;
};

/** True when the connection itself failed, so that nothing more can be asked over it. */
export const isConnectionFailure = (error: unknown): boolean => {
  const code = codeOf(error);
  if (CONNECTION_CODES.has(code) || AWAY_STATES.has(code) || REFUSED_STATES.has(code) || code.startsWith("08"))
    return true;
  return CERTIFICATE_CODES.test(code);
};

/**
 * What callers decide by: DATABASE_UNREACHABLE, DATABASE_REFUSED, DATABASE_TIMEOUT or DISK_FULL. Every other error is returned as it is.
 * `address` is `host:port/database`.
 */
export const toDatabaseError = (error: unknown, address: string): unknown => {
  if (error instanceof AppError) return error;
  const code = codeOf(error);
  if (code === DISK_FULL) {
    return new AppError("DISK_FULL", `the database ${address} has no space left: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (TIMEOUT_STATES.has(code)) {
    return new AppError("DATABASE_TIMEOUT", `the database ${address} ended the query: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (REFUSED_STATES.has(code)) {
    const detail = `the database ${address} refused us: ${messageOf(error)}. Check user, password and name in DATABASE_URL.`;
    return new AppError("DATABASE_REFUSED", detail, { cause: error });
  }
  if (!isConnectionFailure(error)) return error;
  return new AppError("DATABASE_UNREACHABLE", `the database ${address} does not answer: ${messageOf(error)}`, {
    cause: error,
  });
};
