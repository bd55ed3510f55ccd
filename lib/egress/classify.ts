import { failed } from "./end-once.ts";
import type { Failure, PhaseName } from "./types.ts";

/** Faults of the machine that probes: no route, no free port, no file handle. They say nothing about the target. */
const OUR_FAULTS: ReadonlySet<string> = new Set([
  "EACCES",
  "EADDRNOTAVAIL",
  "EAFNOSUPPORT",
  "EINVAL",
  "EMFILE",
  "ENETDOWN",
  "ENETUNREACH",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
  "EPERM",
]);
const RESETS: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);
const TOO_LARGE: ReadonlySet<string> = new Set(["HPE_HEADER_OVERFLOW", "HPE_CHUNK_EXTENSIONS_OVERFLOW"]);

export type ErrorFacts = {
  readonly error: Error;
  readonly phase: PhaseName;
  /** Whether a byte of an answer was seen, and whether its whole head was. */
  readonly hasAnswerByte: boolean;
  readonly hasHead: boolean;
};

const codeOf = (error: Error): string => ("code" in error && typeof error.code === "string" ? error.code : "");

/** OpenSSL reports some refusals as UNSPECIFIED: their message is the only sub-reason ("EE certificate key too weak"). */
const tlsDetail = (code: string, message: string): string => {
  if (code !== "UNSPECIFIED" && code !== "") return code;
  return (
    message
      .trim()
      .toUpperCase()
      .replaceAll(/[^A-Z0-9]+/g, "_")
      .slice(0, 80) || "TLS"
  );
};

const isTlsCode = (code: string): boolean =>
  code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_") || code === "EPROTO";

const classifyConnect = (code: string): Failure => {
  if (code === "ECONNREFUSED") return failed("connect_refused", code);
  if (code === "ETIMEDOUT" || code === "EHOSTUNREACH" || code === "EHOSTDOWN") return failed("connect_timeout", code);
  if (RESETS.has(code)) return failed("connect_reset", code);
  return failed("internal_error", code || "connect");
};

/** The peer closed in good order where more was due. */
const classifyHangUp = ({ phase, hasAnswerByte, hasHead }: ErrorFacts): Failure => {
  if (phase === "tls") return failed("tls_error", "closed in handshake");
  if (hasHead) return failed("protocol_error", "truncated body");
  return hasAnswerByte ? failed("protocol_error", "truncated head") : failed("empty_reply", "closed without an answer");
};

/** Sorts an error of node:net, node:tls or node:http into an outcome class. Never throws. */
export const classifyError = (facts: ErrorFacts): Failure => {
  const { error, phase } = facts;
  const code = codeOf(error);
  if (TOO_LARGE.has(code)) return failed("too_large", code);
  if (code.startsWith("HPE_")) return failed("protocol_error", code);
  if (phase === "connect") return classifyConnect(code);
  // Node reports an orderly close in mid-air as ECONNRESET too, but without the system call that failed.
  const isReset = RESETS.has(code) && "syscall" in error;
  if (isReset) return failed("connect_reset", code);
  if (code === "ECONNRESET") return classifyHangUp(facts);
  if (phase === "tls" || isTlsCode(code)) return failed("tls_error", tlsDetail(code, error.message));
  if (code === "ETIMEDOUT") return failed("timeout", phase);
  return failed(OUR_FAULTS.has(code) ? "internal_error" : "protocol_error", code || error.name);
};
