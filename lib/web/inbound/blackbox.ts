import { errorCodeOf } from "#lib/core/errors.ts";
import { readChangedProbed } from "#lib/read/probed.ts";
import type { Database } from "#lib/read/web-context.ts";
import type { Exchange } from "../http/exchange.ts";
import { send } from "../http/exchange.ts";
import { isForwarded } from "../http/near-caller.ts";
import { COMMON_HEADERS, DATA_CONTENT_POLICY } from "../http/security-headers.ts";
import type { BlackboxFacts, BlackboxModule, BlackboxTarget, RunBlackbox } from "./blackbox-facts.ts";
import { BLACKBOX_MODULES } from "./blackbox-facts.ts";
import { blackboxText } from "./blackbox-metrics.ts";
import type { ProbeTargets } from "./blackbox-policy.ts";
import { mayProbe, probeTargetsOf, readTarget } from "./blackbox-policy.ts";

const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";
const TEXT_TYPE = "text/plain; charset=utf-8";
/** None is the first of all, as the exporter has it. */
const SHORT_NAMES: Readonly<Record<string, BlackboxModule>> = { "": "http_2xx", tls: "tls_connect" };
const MOST_AT_ONCE = 10;
/** Checks of one host at once. */
const MOST_PER_HOST = 3;
const LONGEST_TIMEOUT_MS = 10_000;
const SHORTEST_TIMEOUT_MS = 100;
/** The answer must be on its way before Prometheus gives up. */
const RESERVE_MS = 500;

export type Blackbox = {
  /** Answers `/probe`. @throws what is a fault of ours. */
  readonly answer: (exchange: Exchange, query: URLSearchParams) => Promise<number>;
};

const reply = (
  exchange: Exchange,
  status: number,
  text: string,
  options: { type?: string; headers?: readonly string[] } = {},
): number => {
  const head = ["Content-Type", options.type ?? TEXT_TYPE, "Content-Length", String(Buffer.byteLength(text))];
  const policy = ["Cache-Control", "no-store", "Content-Security-Policy", DATA_CONTENT_POLICY];
  send(exchange, status, [...head, ...policy, ...COMMON_HEADERS, ...(options.headers ?? [])], text);
  return status;
};

/** Prometheus says for how long it waits. */
const timeoutOf = ({ req }: Exchange): number => {
  const seconds = Number.parseFloat(String(req.headers["x-prometheus-scrape-timeout-seconds"] ?? ""));
  const ms = Number.isNaN(seconds) ? LONGEST_TIMEOUT_MS : seconds * 1_000;
  return Math.max(SHORTEST_TIMEOUT_MS, Math.min(ms, LONGEST_TIMEOUT_MS) - RESERVE_MS);
};

const debugText = (module: BlackboxModule, facts: BlackboxFacts): string =>
  [
    `module ${module}`,
    `outcome ${facts.words}`,
    `address ${facts.address ?? "none"}`,
    "",
    "Metrics of this check:",
    blackboxText(module, facts),
  ].join("\n");

/** Knows what is probed, from memory while the database is away. */
const createTargets = (database: Database) => {
  let known: { readonly version: bigint; readonly targets: ProbeTargets } | null = null;
  return async (): Promise<ProbeTargets | null> => {
    try {
      const next = await readChangedProbed(database, known?.version ?? null);
      if (next !== null) known = { version: next.version, targets: probeTargetsOf(next.definitions, next.allow) };
    } catch (error) {
      if (errorCodeOf(error) === undefined) throw error;
    }
    return known?.targets ?? null;
  };
};

const placeOf = (target: BlackboxTarget): string =>
  target.module === "http_2xx" ? new URL(target.url).host : target.host;

/** Counts what runs, so that nobody can make us a weapon or keep us busy. */
const createGate = () => {
  const byPlace = new Map<string, number>();
  let total = 0;
  return async <T>(place: string, work: () => Promise<T>): Promise<T | null> => {
    const count = byPlace.get(place) ?? 0;
    if (total >= MOST_AT_ONCE || count >= MOST_PER_HOST) return null;
    byPlace.set(place, count + 1);
    total += 1;
    try {
      return await work();
    } finally {
      total -= 1;
      const left = (byPlace.get(place) ?? 1) - 1;
      if (left === 0) byPlace.delete(place);
      else byPlace.set(place, left);
    }
  };
};

/** `/probe?target=&module=[&debug=true]` as blackbox_exporter answers it, for targets that may be asked for. */
export const createBlackbox = (args: { database: Database; run: RunBlackbox; signal: AbortSignal }): Blackbox => {
  const readTargets = createTargets(args.database);
  const gate = createGate();

  const probe = async (
    exchange: Exchange,
    query: URLSearchParams,
    target: BlackboxTarget,
    allow: readonly string[],
  ) => {
    const { module } = target;
    const request = { target, timeoutMs: timeoutOf(exchange), allow };
    const facts = await gate(placeOf(target), () => args.run(request, args.signal));
    if (facts === null) return reply(exchange, 503, "Too many checks at once", { headers: ["Retry-After", "1"] });
    return query.get("debug") === "true"
      ? reply(exchange, 200, debugText(module, facts))
      : reply(exchange, 200, blackboxText(module, facts), { type: METRICS_TYPE });
  };

  return {
    answer: async (exchange, query) => {
      const name = query.get("module") ?? "";
      const module = BLACKBOX_MODULES.find((one) => one === (SHORT_NAMES[name] ?? name));
      if (module === undefined) return reply(exchange, 400, `Unknown module ${JSON.stringify(name.slice(0, 100))}`);
      const text = query.get("target") ?? "";
      if (text === "") return reply(exchange, 400, "Target parameter is missing");
      const targets = await readTargets();
      if (targets === null) return reply(exchange, 503, "Not ready", { headers: ["Retry-After", "5"] });
      const target = readTarget(module, text, targets);
      if (target === null) return reply(exchange, 400, "The target cannot be read");
      const { req } = exchange;
      if (!mayProbe(target, targets, { peer: req.socket.remoteAddress, isForwarded: isForwarded(req) }))
        return reply(exchange, 403, "The target is not probed by the configuration");
      return probe(exchange, query, target, targets.allow);
    },
  };
};
