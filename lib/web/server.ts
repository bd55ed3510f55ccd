import type { IncomingMessage, ServerResponse } from "node:http";
import type { Exchange } from "./http/exchange.ts";
import type { HttpServer } from "./http/http-server.ts";
import { createHttpServer } from "./http/http-server.ts";
import { problemOf, sendProblem } from "./http/problem.ts";
import { repeatedHeader } from "./http/repeated-headers.ts";
import type { RequestIds } from "./http/request-ids.ts";
import { createRequestIds, requestIdOf, traceParentOf } from "./http/request-ids.ts";
import { sendRepresentation } from "./http/send-representation.ts";
import { listen } from "./listen.ts";
import { loadBackModule } from "./load-back.ts";
import type { WebBackArgs, WebFrontArgs, WebServerArgs } from "./web-args.ts";
import type { Answered, WebBack } from "./web-back.ts";
import type { WebFront } from "./web-front.ts";
import { answerEarly, openFront } from "./web-front.ts";

export type WebServer = {
  readonly port: number;
  /** Settles when everything is served, not pages from the disk alone; rejects when the rest cannot be made. */
  readonly whole: Promise<unknown>;
  readonly stop: () => Promise<void>;
};

const STOP_GRACE_MS = 3_000;
/** More than come while the rest is being loaded; beyond it answers are missing in the metrics. */
const MOST_EARLY_ANSWERS = 10_000;

type Pipeline = Pick<WebFrontArgs, "clock" | "log" | "accessLog"> & {
  readonly ids: RequestIds;
  readonly front: WebFront;
  readonly loading: Promise<WebBack>;
  /** Null while it is being loaded. */
  back: WebBack | null;
  /** Answers that no metrics were there for. */
  readonly early: Answered[];
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

const close = (pipeline: Pipeline, exchange: Exchange, statusCode: number): void => {
  const { clock, accessLog, back, early } = pipeline;
  const durationMs = clock.monotonicMs() - exchange.startedMs;
  const endedAt = clock.now();
  const answered: Answered = { exchange, statusCode, durationMs, endedAt };
  accessLog.note(exchange, { statusCode, durationMs, atMs: endedAt });
  if (back !== null) back.note(answered);
  else if (early.length < MOST_EARLY_ANSWERS) early.push(answered);
};

/** What the quick look-up does not answer: from the disk while the rest is being loaded, else by the router. */
const answer = async ({ front, back, loading }: Pipeline, exchange: Exchange): Promise<number> => {
  if (back !== null) return back.answer(exchange);
  const status = await answerEarly(front, exchange).catch(() => null);
  return status ?? (await loading).answer(exchange);
};

const handlerOf =
  (pipeline: Pipeline) =>
  (req: IncomingMessage, res: ServerResponse): void => {
    const exchange = openExchange(pipeline, req, res);
    const repeated = repeatedHeader(req);
    if (repeated !== null) {
      const problem = problemOf("INVALID_REQUEST", `the header field ${repeated} is given more than once`);
      close(pipeline, exchange, sendProblem(exchange, problem, ["Connection", "close"]));
      return;
    }
    if (req.method === "GET" || req.method === "HEAD") {
      const desk = pipeline.front.desks.at(req.headers.host);
      const quick = desk?.isPublic() === true ? desk.site.quick(req.url ?? "/") : undefined;
      const representation = quick?.peek(req) ?? null;
      if (quick !== undefined && representation !== null) {
        exchange.path = quick.path;
        exchange.route = quick.route;
        close(pipeline, exchange, sendRepresentation(exchange, representation));
        return;
      }
    }
    answer(pipeline, exchange)
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

/** Loads everything behind the pages on disk, and tells it of what was answered meanwhile. */
const loadBack = async (
  pipeline: Pipeline,
  args: WebFrontArgs,
  links: { loadArgs: () => Promise<WebBackArgs>; http: HttpServer; baseUrl: () => string; signal: AbortSignal },
): Promise<WebBack> => {
  const { front, early } = pipeline;
  // First come, first served: who waits for the port mostly wants this page.
  await front.finishFirstPage();
  const { openWebBack } = await loadBackModule();
  const own = await links.loadArgs();
  const back = openWebBack({ ...args, ...own }, { ...links, front });
  pipeline.back = back;
  for (const answered of early.splice(0)) back.note(answered);
  // Its own failure is logged by the renderer; pages on disk are served meanwhile.
  args.renderer.prepare().catch(() => {});
  return back;
};

/**
 * Starts the web role: the port opens as soon as what lies on disk is loaded, and pages are served from it at once,
 * whether or not database and Next are there. The API, the desks and everything else wait for `loadArgs`.
 * @throws AppError PORT_TAKEN, PERMISSION_DENIED, USAGE.
 */
export const openWebServer = async (args: WebFrontArgs, loadArgs: () => Promise<WebBackArgs>): Promise<WebServer> => {
  const { host, clock, log, accessLog, renderer } = args;
  const stopping = new AbortController();
  let { port } = args;
  const baseUrl = (): string => `http://${hostForUrl(host)}:${port}`;
  const { promise: loading, resolve, reject } = Promise.withResolvers<WebBack>();
  // Everybody who needs it hears of its failure; nobody may.
  loading.catch(() => {});
  const front = await openFront(args, {
    baseUrl,
    render: async (path) => {
      await loading;
      return renderer.render(path);
    },
    findSession: async (token) => (await loading).findSession(token),
  });
  const ids = createRequestIds(args.randomBytes);
  const pipeline: Pipeline = { clock, log, accessLog, ids, front, loading, back: null, early: [] };
  const http = createHttpServer(clock, handlerOf(pipeline));
  if (!args.isProduction) {
    http.server.on(
      "upgrade",
      (req, socket, head) => void renderer.upgrade(req, socket, head).catch(() => socket.destroy()),
    );
  }
  try {
    port = await listen(http.server, host, port);
  } catch (error) {
    reject(error);
    await renderer.close();
    throw error;
  }
  loadBack(pipeline, args, { loadArgs, http, baseUrl, signal: stopping.signal }).then(resolve, reject);
  const stop = async (): Promise<void> => {
    const back = await loading.catch(() => null);
    back?.closeStreams();
    await http.close(STOP_GRACE_MS);
    stopping.abort();
    await back?.ended;
    await renderer.close();
  };
  let stopped: Promise<void> | null = null;
  return {
    port,
    whole: loading,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
};

/** As `openWebServer`, with everything at hand; resolves when all of it is served. */
export const startWebServer = async (args: WebServerArgs): Promise<WebServer> => {
  const server = await openWebServer(args, () => Promise.resolve(args));
  try {
    await server.whole;
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
};
