import type { EpochMs } from "#lib/core/units.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";
import type { EndedSpan } from "#lib/runtime/tracing.ts";
import { traceSpan } from "#lib/runtime/tracing.ts";
import type { Exchange } from "./http/exchange.ts";
import type { HttpServer } from "./http/http-server.ts";
import { problemOfError } from "./http/problem.ts";
import { answerRequest, refuse } from "./router.ts";
import type { WebServerArgs } from "./web-args.ts";
import type { WebFront } from "./web-front.ts";
import type { WebMetrics } from "./web-metrics.ts";
import { createWebMetrics } from "./web-metrics.ts";
import type { WebParts } from "./web-parts.ts";
import { assembleWeb } from "./web-parts.ts";

/** An exchange that was answered. */
export type Answered = {
  readonly exchange: Exchange;
  readonly statusCode: number;
  readonly durationMs: number;
  readonly endedAt: EpochMs;
};

/** Everything behind the pages on disk. */
export type WebBack = Pick<WebParts, "findSession" | "closeStreams"> & {
  /** Answers a request that the quick look-up did not; returns the status, that of a fault included. */
  readonly answer: (exchange: Exchange) => Promise<number>;
  /** Metrics and spans of an answer. */
  readonly note: (answered: Answered) => void;
  /** Settles when the background loops have ended after the signal's abort. */
  readonly ended: Promise<unknown>;
};

const TICK_MS = 1_000;

const spanOf = ({ exchange, statusCode, durationMs, endedAt }: Answered): EndedSpan => {
  const { traceId, spanId, parentSpanId, req, route } = exchange;
  const method = req.method ?? "GET";
  return {
    name: `${method} ${route}`,
    kind: "server",
    traceId,
    spanId,
    parentSpanId,
    endedAt,
    durationMs,
    attributes: { "http.request.method": method, "http.route": route, "http.response.status_code": statusCode },
    ...(statusCode < 500 ? {} : { error: String(statusCode) }),
  };
};

/** A fault becomes a calm answer; its details stay in the log, under the trace id that the client is told. */
const answerFault = ({ log }: WebServerArgs, parts: WebParts, exchange: Exchange, error: unknown): number => {
  const { req, res, traceId, requestId, path } = exchange;
  const problem = problemOfError(error);
  if (problem.status === 500) log.error({ traceId, requestId, path, code: problem.code, error }, "a request failed");
  if (res.headersSent) {
    res.destroy();
    return 500;
  }
  return refuse(parts.contextAt(req.headers.host), exchange, problem);
};

type Ticking = {
  readonly args: WebServerArgs;
  readonly http: HttpServer;
  readonly parts: WebParts;
  readonly metrics: WebMetrics;
  readonly signal: AbortSignal;
};

/** Once a second: the caches, the limits and the gauges. */
const startTicking = ({ args, http, parts, metrics, signal }: Ticking): Promise<void> => {
  const { clock, log } = args;
  const { desk, snapshot } = parts.router;
  const tick = async (): Promise<void> => {
    const current = snapshot();
    http.cutSlowReaders();
    metrics.setConnections(http.openConnections());
    metrics.notePageCache(desk.pages.stats, current === null ? null : clock.now() - Date.parse(current.dataAsOf));
    await parts.refresh();
  };
  const onError = (error: unknown): void => log.error({ error }, "the page cache could not be refreshed");
  return runLoop({ intervalMs: TICK_MS, work: tick, onError, clock, signal });
};

/** Makes everything that is not served from the disk alone, and starts its loops. */
export const openWebBack = (
  args: WebServerArgs,
  links: { front: WebFront; http: HttpServer; baseUrl: () => string; signal: AbortSignal },
): WebBack => {
  const { http, signal } = links;
  const parts = assembleWeb(args, links);
  const metrics = createWebMetrics();
  const ticking = startTicking({ args, http, parts, metrics, signal });
  return {
    findSession: parts.findSession,
    closeStreams: parts.closeStreams,
    answer: (exchange) =>
      answerRequest(parts.contextAt(exchange.req.headers.host), exchange).catch((error: unknown) =>
        answerFault(args, parts, exchange, error),
      ),
    note: (answered) => {
      const { exchange, statusCode, durationMs } = answered;
      metrics.observe(exchange.route, exchange.req.method ?? "GET", statusCode, durationMs);
      traceSpan(() => spanOf(answered));
    },
    ended: Promise.all([ticking, parts.ended]),
  };
};
