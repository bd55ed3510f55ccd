import { Cron } from "croner";
import type { Complaint, Fault } from "../config-error.ts";
import type { Mapping } from "../read-document.ts";
import type { Placed } from "../references.ts";
import { fieldOf } from "../references.ts";
import { followSecret, placed, type SecretDeps } from "./request.ts";

/** Any instant does: an expression that never comes after it never comes at all. */
const REFERENCE_DATE = new Date("2024-01-01T00:00:00Z");
const FIELDS = /^\s*\S+(?:\s+\S+){4,5}\s*$/;

const checkCron = (expression: string): Complaint | null => {
  const complaint: Complaint = {
    kind: "format",
    message: 'must be a cron expression of five fields, such as "0 3 * * *", or six with seconds first',
  };
  if (expression.length > 200 || !FIELDS.test(expression)) return complaint;
  try {
    const next = new Cron(expression, { paused: true, timezone: "UTC" }).nextRun(REFERENCE_DATE);
    return next === null ? { kind: "range", message: "names a date that never comes" } : null;
  } catch {
    return complaint;
  }
};

const checkToken = (token: string): Complaint | null => {
  if (token.length < 16 || token.length > 200)
    return { kind: "range", message: "names a token that has not 16 to 200 characters" };
  if (/^[A-Za-z0-9_-]+$/.test(token)) return null;
  return { kind: "format", message: "names a token with more than letters, digits, dashes and underscores" };
};

/** @param tokens those of earlier heartbeats; this one is added. */
export const checkHeartbeat = (probe: Placed<Mapping>, deps: SecretDeps, tokens: Set<string>): Fault[] => {
  const { interval, cron, time_zone: timeZone } = probe.value;
  const at = (key: string, kind: Complaint["kind"], message: string): Fault[] =>
    placed(fieldOf(probe, key).path, { kind, message });
  const token = followSecret(probe, "token", deps, checkToken);
  const isKnown = token.value !== null && tokens.has(token.value);
  if (token.value !== null) tokens.add(token.value);
  return [
    ...(interval === undefined && cron === undefined
      ? at("interval", "missing", "is required, or cron in its place")
      : []),
    ...(interval !== undefined && cron !== undefined ? at("cron", "conflict", "cannot stand beside interval") : []),
    ...(timeZone !== undefined && cron === undefined ? at("time_zone", "conflict", "belongs to cron") : []),
    ...(typeof cron === "string" ? placed(fieldOf(probe, "cron").path, checkCron(cron)) : []),
    ...token.faults,
    ...(isKnown ? at("token", "duplicate", "names the token of an earlier heartbeat") : []),
  ];
};
