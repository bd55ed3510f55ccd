import { isIP } from "node:net";
import type { PingKind } from "#lib/core/heartbeat/ping.ts";
import type { DurationUs } from "#lib/core/units.ts";
import { durationUs } from "#lib/core/units.ts";

/** What a push says, in whose manner; or why it cannot be taken. */
export type Said = {
  readonly kind: PingKind;
  readonly exitCode: number | null;
  readonly durationUs: DurationUs | null;
  readonly runId: string | null;
  readonly message: string | null;
};
export type Refused = { readonly status: 400 | 401 | 404; readonly text: string };

const NOTHING = { exitCode: null, durationUs: null, runId: null, message: null } as const;
const LONGEST_US = Number.MAX_SAFE_INTEGER;

/** Uptime Kuma: the greatest `ping` that it takes, in milliseconds. */
const MOST_KUMA_MS = 100_000_000_000;

/** Uptime Kuma: `?status=up|down&msg=&ping=`; anything but "up" is down, and a text that is no number is none. */
export const readKuma = (query: URLSearchParams): Said | Refused => {
  const ping = Number.parseFloat(query.get("ping") ?? "");
  if (ping < 0 || ping > MOST_KUMA_MS)
    return { status: 404, text: `Invalid ping value. Must be between 0 and ${MOST_KUMA_MS} ms.` };
  const status = query.get("status") ?? "";
  const message = query.get("msg") ?? "";
  return {
    ...NOTHING,
    kind: status === "" || status === "up" ? "ok" : "fail",
    durationUs: Number.isNaN(ping) || ping === 0 ? null : durationUs(Math.min(ping * 1_000, LONGEST_US)),
    message: message === "" ? "OK" : message,
  };
};

const GO_UNITS_US: Readonly<Record<string, number>> = {
  ns: 0.001,
  us: 1,
  µs: 1,
  μs: 1,
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
};
const GO_PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;
const GO_DURATION = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;

/** A duration as Go writes it ("1m30.5s"), in microseconds; null when it is none. One below zero counts as zero. */
const readGoDuration = (text: string): DurationUs | null => {
  if (text.length > 64 || !GO_DURATION.test(text)) return null;
  if (text.startsWith("-")) return durationUs(0);
  let us = 0;
  for (const [, count = "0", unit = ""] of text.matchAll(GO_PART)) us += Number(count) * (GO_UNITS_US[unit] ?? 0);
  return us > LONGEST_US ? null : durationUs(us);
};

/** Gatus: `?success=true|false&error=&duration=10s`. */
export const readGatus = (query: URLSearchParams): Said | Refused => {
  const success = query.getAll("success").at(-1);
  if (success !== "true" && success !== "false")
    return { status: 400, text: "missing or invalid success query parameter" };
  const text = query.get("duration") ?? "";
  const duration = text === "" ? null : readGoDuration(text);
  if (text !== "" && duration === null)
    return { status: 400, text: `invalid duration: time: invalid duration ${JSON.stringify(text.slice(0, 64))}` };
  const error = query.get("error") ?? "";
  const isGood = success === "true";
  return {
    ...NOTHING,
    kind: isGood ? "ok" : "fail",
    durationUs: duration,
    message: isGood || error === "" ? null : error,
  };
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const HIGHEST_EXIT_CODE = 255;

/** The last part of an address of Healthchecks: what happened; null when it is no such word. */
export const readAction = (word: string | undefined): { kind: PingKind; exitCode: number | null } | null => {
  if (word === undefined) return { kind: "ok", exitCode: null };
  if (word === "start" || word === "fail" || word === "log") return { kind: word, exitCode: null };
  if (!/^\d{1,9}$/.test(word)) return null;
  return { kind: Number(word) === 0 ? "ok" : "fail", exitCode: Number(word) };
};

/** Healthchecks: what happened stands in the path, words in the body. */
export const readHealthchecks = (
  action: { readonly kind: PingKind; readonly exitCode: number | null },
  query: URLSearchParams,
  body: string,
): Said | Refused => {
  if (action.exitCode !== null && action.exitCode > HIGHEST_EXIT_CODE)
    return { status: 400, text: "invalid url format" };
  const runId = query.get("rid");
  if (runId !== null && !UUID.test(runId)) return { status: 400, text: "invalid uuid format" };
  return { ...NOTHING, ...action, runId: runId?.toLowerCase() ?? null, message: body === "" ? null : body };
};

/** The address of a peer as it can be stored; null when there is none. */
export const peerOf = (address: string | undefined): string | null => {
  const text = (address ?? "").replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/i, "");
  return isIP(text) === 0 ? null : text;
};
