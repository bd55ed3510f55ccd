import type { FieldProblem, ProblemDetail } from "#lib/contracts/api.ts";
import type { ErrorCode } from "#lib/core/errors.ts";
import { AppError, ERROR_CATALOGUE } from "#lib/core/errors.ts";
import type { Exchange } from "./exchange.ts";
import { send } from "./exchange.ts";
import { languageFor } from "./negotiate.ts";
import { TITLE_LANGUAGES, titleOf } from "./problem-titles.ts";
import { COMMON_HEADERS, DATA_CONTENT_POLICY } from "./security-headers.ts";

type Kind = { readonly status: number; readonly title: string };

/** Codes of the catalogue that a client may see, with their status and title. All others are our own fault. */
const KINDS: Partial<Record<ErrorCode, Kind>> = {
  NOT_FOUND: { status: 404, title: "Not found" },
  METHOD_NOT_ALLOWED: { status: 405, title: "Method not allowed" },
  NOT_ACCEPTABLE: { status: 406, title: "Not acceptable" },
  INVALID_REQUEST: { status: 400, title: "Invalid request" },
  UNAUTHENTICATED: { status: 401, title: "Sign-in needed" },
  FORBIDDEN: { status: 403, title: "Forbidden" },
  SIGN_IN_LINK_INVALID: { status: 401, title: "Sign-in link not valid" },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: "Unsupported media type" },
  PAYLOAD_TOO_LARGE: { status: 413, title: "Request too large" },
  CONFLICT: { status: 409, title: "Conflict" },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: "Idempotency-Key used before" },
  RATE_LIMITED: { status: 429, title: "Too many requests" },
  NOT_READY: { status: 503, title: "Not ready" },
  DATABASE_TIMEOUT: { status: 503, title: "Database away" },
  DATABASE_UNREACHABLE: { status: 503, title: "Database away" },
  DATABASE_REFUSED: { status: 503, title: "Database away" },
  DISK_FULL: { status: 503, title: "Database away" },
};

const INTERNAL: Kind = { status: 500, title: "Internal error" };
const RETRY_AFTER_SECONDS = 5;

export type Problem = {
  readonly code: ErrorCode;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly errors: readonly FieldProblem[];
};

/** A request whose parameters are wrong: all of them at once. */
export const invalidRequest = (errors: readonly FieldProblem[]): Problem => ({
  code: "INVALID_REQUEST",
  status: 400,
  title: "Invalid request",
  detail: errors.map(({ field, message }) => (field === "" ? message : `${field}: ${message}`)).join("; "),
  errors,
});

/** A problem of the catalogue. `status` may be narrowed for a code that covers several (414 is an INVALID_REQUEST). */
export const problemOf = (code: ErrorCode, detail: string, status?: number): Problem => {
  const kind = KINDS[code] ?? INTERNAL;
  return { code, status: status ?? kind.status, title: kind.title, detail, errors: [] };
};

/**
 * What a client is told of a thrown value. Details of our own errors are shown only for codes that are meant for
 * clients; anything else becomes INTERNAL with nothing but the catalogue's sentence.
 */
export const problemOfError = (error: unknown): Problem => {
  if (!(error instanceof AppError) || KINDS[error.code] === undefined)
    return problemOf("INTERNAL", ERROR_CATALOGUE.INTERNAL);
  const told = (error.cause as { readonly fields?: readonly FieldProblem[] } | undefined)?.fields;
  if (error.code === "INVALID_REQUEST" && told !== undefined) return invalidRequest(told);
  // Their details name hosts and folders of ours.
  const isOurs = error.code.startsWith("DATABASE_") || error.code === "DISK_FULL";
  return problemOf(error.code, isOurs ? ERROR_CATALOGUE[error.code] : error.detail);
};

/** Answers with `application/problem+json` (RFC 9457). */
export const sendProblem = (exchange: Exchange, problem: Problem, headers: readonly string[] = []): number => {
  const language = languageFor(exchange.req.headers["accept-language"], TITLE_LANGUAGES);
  const body: ProblemDetail = {
    type: "about:blank",
    title: titleOf(problem.code, language, problem.title),
    status: problem.status,
    detail: problem.detail,
    instance: exchange.path,
    code: problem.code,
    message: ERROR_CATALOGUE[problem.code],
    errors: [...problem.errors],
    traceId: exchange.traceId,
    requestId: exchange.requestId,
  };
  const text = `${JSON.stringify(body)}\n`;
  const isLater = problem.status === 503 || problem.status === 429;
  const retry =
    isLater && !headers.includes("Retry-After") && !exchange.res.hasHeader("Retry-After")
      ? ["Retry-After", String(RETRY_AFTER_SECONDS)]
      : [];
  const challenge =
    problem.status === 401 && !headers.includes("WWW-Authenticate")
      ? ["WWW-Authenticate", 'Session realm="nines", sign-in="/admin/sign-in"']
      : [];
  send(
    exchange,
    problem.status,
    [
      "Content-Type",
      "application/problem+json; charset=utf-8",
      "Content-Length",
      String(Buffer.byteLength(text)),
      "Content-Language",
      language,
      "Vary",
      exchange.vary === undefined ? "Accept-Language" : `Accept-Language, ${exchange.vary}`,
      "Cache-Control",
      "no-store",
      "Content-Security-Policy",
      DATA_CONTENT_POLICY,
      ...COMMON_HEADERS,
      ...retry,
      ...challenge,
      ...headers,
    ],
    text,
  );
  return problem.status;
};
