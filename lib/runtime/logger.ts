import { destination as openDestination, pino } from "pino";
import { redactFields, redactText } from "./redact.ts";

/**
 * One JSON line an entry: `level` (a word), `timestamp` (ISO 8601 in UTC with milliseconds), `service`, `message`, and
 * the fields given, of which these have fixed names: traceId, spanId, method, path, statusCode, durationMs, customerId,
 * region, error. Secrets are taken out by key and by form before the line is written.
 */
export type Logger = {
  readonly debug: (fields: object, message: string) => void;
  readonly info: (fields: object, message: string) => void;
  readonly warn: (fields: object, message: string) => void;
  readonly error: (fields: object, message: string) => void;
  /** A logger that adds these fields to each line. */
  readonly child: (fields: object) => Logger;
};

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
type Level = Exclude<(typeof LOG_LEVELS)[number], "silent">;

/** Names that belong to the line itself; a field of that name is kept under another one. */
const OWN_NAMES = new Set(["level", "timestamp", "service", "message"]);

const safeFields = (fields: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(redactFields(fields)).map(([key, value]) => [OWN_NAMES.has(key) ? `field.${key}` : key, value]),
  );

const wrap = (inner: pino.Logger): Logger => {
  const write = (level: Level) => (fields: object, message: string) => {
    if (inner.isLevelEnabled(level)) inner[level](safeFields(fields), redactText(message));
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (fields) => wrap(inner.child(safeFields(fields))),
  };
};

/**
 * Makes the logger of a process. `level` is one of LOG_LEVELS; an unknown word counts as "info".
 * Without a destination lines go to standard error, written in the background so that no request waits for a slow reader.
 */
export const createLogger = (args: { service: string; level: string; destination?: NodeJS.WritableStream }): Logger => {
  const level = LOG_LEVELS.find((name) => name === args.level) ?? "info";
  const options: pino.LoggerOptions = {
    level,
    base: { service: args.service },
    messageKey: "message",
    formatters: { level: (label) => ({ level: label }) },
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
  };
  return wrap(pino(options, args.destination ?? openDestination({ dest: 2, sync: false })));
};

/** A logger that drops everything; for callers that have nowhere to write. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};
