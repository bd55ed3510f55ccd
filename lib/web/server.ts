import type { IncomingMessage, ServerResponse } from "node:http";
import type { EpochMs } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";
import type { EndedSpan } from "#lib/runtime/tracing.ts";
import { traceSpan } from "#lib/runtime/tracing.ts";
import type { AccessLog } from "./access-log.ts";
import type { Exchange } from "./exchange.ts";
import type { HttpServer } from "./http-server.ts";
import { createHttpServer } from "./http-server.ts";
import { listen } from "./listen.ts";
import { problemOfError } from "./problem.ts";
import type { RequestIds } from "./request-ids.ts";
import { createRequestIds, requestIdOf, traceParentOf } from "./request-ids.ts";
import type { RouterContext } from "./router.ts";
import { answerRequest, refuse } from "./router.ts";
import { sendRepresentation } from "./send-representation.ts";
import type { WebServerArgs } from "./web-args.ts";
import type { WebMetrics } from "./web-metrics.ts";
import { createWebMetrics } from "./web-metrics.ts";
import type { WebParts } from "./web-parts.ts";
import { assembleWeb } from "./web-parts.ts";

export type WebServer = { readonly port: number; readonly stop: () => Promise<void> };

const TICK_MS = 1_000;
const STOP_GRACE_MS = 3_000;

type Pipeline = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly accessLog: AccessLog;
  readonly metrics: WebMetrics;
  readonly ids: RequestIds;
  readonly contextAt: (host: string | undefined) => RouterContext;
};

const openExchange = ({ clock, ids }: Pipeline, req: IncomingMessage, res: ServerResponse): Exchange => {
  const parent = traceParentOf(req.headers.traceparent as string | undefined);
  const traceId = parent?.traceId ?? ids.traceId();
  const requestId = requestIdOf(req.headers["x-request-id"]) ?? traceId;
  return {
    req,
    res,
    traceId,
    parentSpanId: parent?.spanId ?? null,
    requestId,
    spanId: ids.spanId(),
    startedMs: clock.monotonicMs(),
    path: "/",
    route: "unmatched",
  };
};

const spanOf = (exchange: Exchange, statusCode: number, durationMs: number, endedAt: EpochMs): EndedSpan => {
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

const close = (pipeline: Pipeline, exchange: Exchange, statusCode: number): void => {
  const { clock, metrics, accessLog } = pipeline;
  const durationMs = clock.monotonicMs() - exchange.startedMs;
  metrics.observe(exchange.route, exchange.req.method ?? "GET", statusCode, durationMs);
  const now = clock.now();
  accessLog.note(exchange, { statusCode, durationMs, atMs: now });
  traceSpan(() => spanOf(exchange, statusCode, durationMs, now));
};

/** A fault becomes a calm answer; its details stay in the log, under the trace id that the client is told. */
const answerFault = ({ log, contextAt }: Pipeline, exchange: Exchange, error: unknown): number => {
  const { req, res, traceId, requestId, path } = exchange;
  const problem = problemOfError(error);
  if (problem.status === 500) log.error({ traceId, requestId, path, code: problem.code, error }, "a request failed");
  if (res.headersSent) {
    res.destroy();
    return 500;
  }
  return refuse(contextAt(req.headers.host), exchange, problem);
};

const handlerOf =
  (pipeline: Pipeline) =>
  (req: IncomingMessage, res: ServerResponse): void => {
    const exchange = openExchange(pipeline, req, res);
    const context = pipeline.contextAt(req.headers.host);
    if ((req.method === "GET" || req.method === "HEAD") && context.desk.isPublic() && !context.isMisdirected) {
      const quick = context.site.quick(req.url ?? "/");
      const representation = quick?.peek(req) ?? null;
      if (quick !== undefined && representation !== null) {
        exchange.path = quick.path;
        exchange.route = quick.route;
        close(pipeline, exchange, sendRepresentation(exchange, representation));
        return;
      }
    }
    answerRequest(context, exchange)
      .catch((error: unknown) => answerFault(pipeline, exchange, error))
      .then((status) => close(pipeline, exchange, status))
      .catch((error: unknown) => {
        pipeline.log.error({ traceId: exchange.traceId, error }, "a request could not be answered");
        res.destroy();
      });
  };

const hostForUrl = (host: string): string => {
  if (host === "0.0.0.0" || host === "::" || host === "") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
};

/** Once a second: the caches, the limits and the gauges. */
const startTicking = (
  args: WebServerArgs,
  pipeline: Pipeline,
  http: HttpServer,
  parts: WebParts,
  signal: AbortSignal,
): Promise<void> => {
  const { clock, log } = args;
  const { desk, snapshot } = parts.router;
  const tick = async (): Promise<void> => {
    const current = snapshot();
    http.cutSlowReaders();
    pipeline.metrics.setConnections(http.openConnections());
    pipeline.metrics.notePageCache(
      desk.pages.stats,
      current === null ? null : clock.now() - Date.parse(current.dataAsOf),
    );
    await parts.refresh();
  };
  const onError = (error: unknown): void => log.error({ error }, "the page cache could not be refreshed");
  return runLoop({ intervalMs: TICK_MS, work: tick, onError, clock, signal });
};

/**
 * Starts the web role: the port opens as soon as what lies on disk is loaded, whether or not database and Next are there.
 * @throws AppError PORT_TAKEN, PERMISSION_DENIED, USAGE.
 */
export const startWebServer = async (args: WebServerArgs): Promise<WebServer> => {
  const { host, clock, log, renderer } = args;
  const stopping = new AbortController();
  let port = args.port;
  const parts = await assembleWeb(args, () => `http://${hostForUrl(host)}:${port}`, stopping.signal);
  const pipeline: Pipeline = {
    clock,
    log,
    accessLog: args.accessLog,
    metrics: createWebMetrics(),
    ids: createRequestIds(args.randomBytes),
    contextAt: parts.contextAt,
  };
  const http: HttpServer = createHttpServer(clock, handlerOf(pipeline));
  if (!args.isProduction) {
    http.server.on(
      "upgrade",
      (req, socket, head) => void renderer.upgrade(req, socket, head).catch(() => socket.destroy()),
    );
  }
  const ticking = startTicking(args, pipeline, http, parts, stopping.signal);
  const stopLoops = async (): Promise<void> => {
    stopping.abort();
    await Promise.all([ticking, parts.ended]);
  };
  try {
    port = await listen(http.server, host, port);
  } catch (error) {
    await stopLoops();
    await renderer.close();
    throw error;
  }
  const stop = async (): Promise<void> => {
    parts.closeStreams();
    await http.close(STOP_GRACE_MS);
    await stopLoops();
    await renderer.close();
  };
  // Its own failure is logged by the renderer; pages on disk are served meanwhile.
  renderer.prepare().catch(() => {});
  let stopped: Promise<void> | null = null;
  return {
    port,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
};
