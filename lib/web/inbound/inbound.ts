import type { AcceptedAlerts } from "#lib/commands/inbound/accept-alerts.ts";
import { acceptAlerts, NOTHING_ACCEPTED } from "#lib/commands/inbound/accept-alerts.ts";
import type { ReadAlerts } from "#lib/contracts/inbound.ts";
import {
  ALERTMANAGER_API_PATH,
  ALERTMANAGER_HOOK_PATH,
  AlertmanagerHook,
  INBOUND_LIMITS,
  PostedAlerts,
  readAlerts,
} from "#lib/contracts/inbound.ts";
import { AppError } from "#lib/core/errors.ts";
import type { InboundSource, SentAlert } from "#lib/core/inbound/decide.ts";
import type { Database } from "#lib/read/web-context.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { counter } from "#lib/runtime/metrics.ts";
import { admit, refuseCaller } from "../api/caller.ts";
import type { Exchange } from "../http/exchange.ts";
import { send } from "../http/exchange.ts";
import { invalidRequest, problemOf, problemOfError, sendProblem } from "../http/problem.ts";
import { checkJsonHead, readJsonBody } from "../http/read-json-body.ts";
import { COMMON_HEADERS } from "../http/security-headers.ts";
import { sendJson } from "../http/send-json.ts";
import { answerLikeAlertmanager } from "./inbound-reads.ts";

export type InboundContext = {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
  readonly startedMs: number;
  /** Requests that are being taken in now. */
  readonly busy: { count: number };
};

/** What the doors for alerts of other systems share. */
export const createInboundContext = (
  args: Pick<InboundContext, "database" | "clock" | "log" | "version">,
): InboundContext => ({ ...args, startedMs: args.clock.monotonicMs(), busy: { count: 0 } });

/** More at once are answered with 503: Alertmanager and Prometheus drop what is answered with 429. */
const MOST_AT_ONCE = 16;
const PER_TRANSACTION = 100;
/** R49 wants an answer within 5 s. What is not stored by then is sent again. */
const ANSWER_WITHIN_MS = 4_000;
const API_ALERTS_PATH = `${ALERTMANAGER_API_PATH}/alerts`;
const WRITE = { scope: "alerts:write" } as const;
const READ = { scope: "alerts:read" } as const;
const NO_STORE = ["Cache-Control", "no-store", ...COMMON_HEADERS];
const MOST_FAULTS_TOLD = 20;

const overloaded = (detail: string): AppError => new AppError("NOT_READY", detail);

/** Parts that hold each label set once, in the order in which they were sent. */
const inParts = (alerts: readonly SentAlert[]): SentAlert[][] => {
  const parts: SentAlert[][] = [];
  let seen = new Set<string>();
  for (const alert of alerts) {
    const part = parts.at(-1);
    if (part === undefined || part.length === PER_TRANSACTION || seen.has(alert.fingerprint)) {
      parts.push([alert]);
      seen = new Set([alert.fingerprint]);
    } else {
      part.push(alert);
      seen.add(alert.fingerprint);
    }
  }
  return parts;
};

const countTaken = (source: InboundSource, taken: AcceptedAlerts, { own, faults }: ReadAlerts): void => {
  const total = counter({
    name: "nines_inbound_alerts_total",
    help: "Alerts that other systems sent, by what became of them.",
    labels: ["source", "result"],
  });
  for (const [result, count] of Object.entries({ ...taken, own, invalid: faults.length }))
    if (count > 0) total.inc({ source, result }, count);
};

const store = async (
  { database, clock }: InboundContext,
  read: ReadAlerts,
  source: InboundSource,
): Promise<AcceptedAlerts> => {
  const untilMs = clock.monotonicMs() + ANSWER_WITHIN_MS;
  const taken = { ...NOTHING_ACCEPTED };
  for (const part of inParts(read.alerts)) {
    const leftMs = untilMs - clock.monotonicMs();
    if (leftMs <= 0) throw overloaded("too much at once; what is stored already is not stored twice");
    const now = clock.now();
    const counts = await database.transaction((tx) => acceptAlerts(tx, part, { now, source }), {
      deadlineMs: Math.max(100, Math.round(leftMs)),
    });
    for (const kind of Object.keys(taken) as (keyof AcceptedAlerts)[]) taken[kind] += counts[kind];
  }
  countTaken(source, taken, read);
  return taken;
};

const readSent = async (context: InboundContext, exchange: Exchange, source: InboundSource): Promise<ReadAlerts> => {
  checkJsonHead(exchange.req, INBOUND_LIMITS);
  const body = await readJsonBody(exchange.req, { ...INBOUND_LIMITS, allowsRepeatedKeys: true });
  const now = context.clock.now();
  const isHook = source === "webhook";
  const parsed = isHook ? AlertmanagerHook.safeParse(body) : PostedAlerts.safeParse(body);
  if (!parsed.success) {
    const told = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
    throw new AppError("INVALID_REQUEST", told);
  }
  return readAlerts(Array.isArray(parsed.data) ? parsed.data : parsed.data.alerts, { now, isHook });
};

const takeIn = async (context: InboundContext, exchange: Exchange, source: InboundSource): Promise<number> => {
  const { busy, log } = context;
  if (busy.count >= MOST_AT_ONCE) throw overloaded("too many requests at once; send it again");
  busy.count += 1;
  try {
    const read = await readSent(context, exchange, source);
    const taken = await store(context, read, source);
    const faults = read.faults.slice(0, MOST_FAULTS_TOLD);
    if (faults.length > 0) {
      log.warn({ source, faults }, "alerts of another system could not be taken in");
      // amtool shows what comes as JSON text.
      if (source === "api")
        return await sendJson(exchange, faults.join("; "), { status: 400, cacheControl: "no-store" });
      return sendProblem(
        exchange,
        invalidRequest(faults.map((message) => ({ field: "alerts", message, code: "invalid" }))),
      );
    }
    if (source === "webhook") {
      const body = { opened: taken.open, refreshed: taken.refresh, resolved: taken.resolve + taken.record_past };
      return await sendJson(exchange, { ...body, ignored: taken.ignore + read.own }, { cacheControl: "no-store" });
    }
    send(exchange, 200, [...NO_STORE, "Content-Length", "0"], null);
    return 200;
  } finally {
    busy.count -= 1;
  }
};

const METHODS: Readonly<Record<string, readonly string[]>> = {
  [ALERTMANAGER_HOOK_PATH]: ["POST"],
  [API_ALERTS_PATH]: ["GET", "HEAD", "POST"],
  ...Object.fromEntries(
    ["alerts/groups", "status", "receivers", "silences"].map((name) => [
      `${ALERTMANAGER_API_PATH}/${name}`,
      ["GET", "HEAD"],
    ]),
  ),
};

/**
 * Answers what Alertmanager, Prometheus, Grafana and amtool ask: alerts come in with a key that holds `alerts:write`, and
 * are read in the shape of Alertmanager with `alerts:read`. Too much at once is 503, never 429.
 * @throws what is no fault of the sender's; the pipeline turns it into 503 or 500, and the sender tries again.
 */
export const answerInbound = async (
  context: InboundContext,
  exchange: Exchange,
  target: { readonly path: string; readonly query: URLSearchParams },
): Promise<number> => {
  const { path } = target;
  const methods = Object.hasOwn(METHODS, path) ? METHODS[path] : undefined;
  const method = exchange.req.method ?? "GET";
  const close = method === "GET" || method === "HEAD" ? [] : ["Connection", "close"];
  if (methods === undefined) {
    exchange.route = path.startsWith("/hooks") ? "/hooks/*" : "/alertmanager/*";
    return sendProblem(exchange, problemOf("NOT_FOUND", "there is no such resource"), close);
  }
  exchange.route = path;
  if (!methods.includes(method)) {
    const problem = problemOf("METHOD_NOT_ALLOWED", `this address takes ${methods.join(", ")}`);
    return sendProblem(exchange, problem, ["Allow", methods.join(", "), "Connection", "close"]);
  }
  const needed = method === "POST" ? WRITE : READ;
  try {
    await admit(context, needed, exchange.req);
    if (method === "POST") return await takeIn(context, exchange, path === ALERTMANAGER_HOOK_PATH ? "webhook" : "api");
    return await answerLikeAlertmanager(context, exchange, target);
  } catch (error) {
    const problem = problemOfError(error);
    if (problem.status >= 500) throw error;
    return refuseCaller(exchange, problem, needed);
  }
};
