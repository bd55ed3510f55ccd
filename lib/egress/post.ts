import type { DurationMs } from "#lib/core/units.ts";
import { durationMs } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { AllowList } from "./allow-list.ts";
import { sendRequest } from "./request.ts";
import type { Resolver } from "./resolve-target.ts";

export type PostArgs = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  readonly timeoutMs: number;
  readonly allow: AllowList;
  readonly maxResponseBytes: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly resolver?: Resolver;
  /** PEM of the authority to trust instead of the public ones. */
  readonly caPem?: string;
};

export type PostResult =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** Names in lower case; values of one name joined by ", ". */
      readonly headers: Readonly<Record<string, string>>;
      /** At most `maxResponseBytes` of the answer as text. Empty when it could not be read in time. */
      readonly bodyExcerpt: string;
      readonly durationMs: DurationMs;
    }
  | {
      readonly kind: "failed";
      /** `<class>: <detail>`, such as "connect_refused: ECONNREFUSED". Holds neither URL nor header. */
      readonly reason: string;
      readonly durationMs: DurationMs;
    };

/**
 * Posts once, on a fresh connection, and follows no redirect. Never throws for what the receiver did: once the head of
 * an answer has come in time, its status is the result, whatever becomes of the body.
 */
export const postJson = async (args: PostArgs): Promise<PostResult> => {
  const { result, durationUs } = await sendRequest({
    url: args.url,
    method: "POST",
    headers: { "content-type": "application/json", ...args.headers },
    body: args.body,
    timeoutMs: args.timeoutMs,
    connectTimeoutMs: null,
    maxRedirects: 0,
    caps: {
      headBytes: 16_384,
      headFields: 2_000,
      bodyBytes: args.maxResponseBytes,
      decodedBytes: args.maxResponseBytes,
    },
    bodyPolicy: "excerpt",
    allow: args.allow,
    signal: args.signal,
    clock: args.clock,
    ...(args.resolver === undefined ? {} : { resolver: args.resolver }),
    ...(args.caPem === undefined ? {} : { caPem: args.caPem }),
  });
  const took = durationMs(durationUs / 1_000);
  if (result.kind === "failed")
    return { kind: "failed", reason: `${result.class}: ${result.detail}`, durationMs: took };
  const headers: Record<string, string> = Object.create(null);
  for (const [name, value] of result.headers) {
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  const bodyExcerpt = result.body.toString("utf8").replaceAll("\0", "");
  return { kind: "answered", status: result.status, headers, bodyExcerpt, durationMs: took };
};
