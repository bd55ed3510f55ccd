import type { LineSink } from "#lib/runtime/line-sink.ts";
import type { Exchange } from "./exchange.ts";

export type AccessLog = {
  /** Notes an answered request: one JSON line, written later and in batches, so that no request waits for it. */
  readonly note: (exchange: Exchange, facts: { statusCode: number; durationMs: number; atMs: number }) => void;
};

export const silentAccessLog: AccessLog = { note: () => {} };

/**
 * The fields of R112 in their own fast form: this line is written for every request, and all of its parts are ours but
 * the path, which is escaped. There is no query, no header and no cookie in it, so there is nothing to redact.
 * `customerId` is the id of the caller's key or account, null for everybody else; `region` is null when none is configured.
 */
export const createAccessLog = (args: { service: string; region: string | null; sink: LineSink }): AccessLog => {
  const head = '{"level":"info","timestamp":"';
  const service = `","service":${JSON.stringify(args.service)},"message":"request","traceId":"`;
  const tail = `,"region":${JSON.stringify(args.region)}}\n`;
  const escaped = new Map<string, string>();

  const escapePath = (path: string): string => {
    const known = escaped.get(path);
    if (known !== undefined) return known;
    const text = JSON.stringify(path.length > 512 ? `${path.slice(0, 512)}…` : path).replace(
      /[\u007f-\u009f\u2028\u2029]/g,
      "?",
    );
    if (escaped.size >= 1_024) escaped.clear();
    escaped.set(path, text);
    return text;
  };

  return {
    note: (exchange, { statusCode, durationMs, atMs }) => {
      const { traceId, spanId, requestId, req, path } = exchange;
      args.sink.write(
        `${head}${new Date(atMs).toISOString()}${service}${traceId}","spanId":"${spanId}","requestId":"${requestId}",` +
          `"method":"${req.method}","path":${escapePath(path)},"statusCode":${statusCode},"durationMs":${durationMs.toFixed(3)},"customerId":${exchange.callerId === undefined ? "null" : JSON.stringify(exchange.callerId)}${tail}`,
      );
    },
  };
};
