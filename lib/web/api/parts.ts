import { settleRateLimits } from "#lib/commands/settle-rate-limits.ts";
import { loadKeyTerms } from "#lib/read/key-terms.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";
import type { EventStream } from "../event-stream.ts";
import { createEventStream } from "../event-stream.ts";
import { createRateLimiter } from "../http/rate-limiter.ts";
import type { WebServerArgs } from "../web-args.ts";
import type { ApiGate } from "./gate.ts";
import { createApiGate } from "./gate.ts";

const SETTLE_EVERY_MS = 1_000;

/** What `/v1` keeps between requests: limits that are settled with other instances, and streams. */
export const openApiParts = (
  { database, clock, log, apiSettings }: WebServerArgs,
  signal: AbortSignal,
): { readonly gate: ApiGate; readonly live: EventStream; readonly ended: Promise<unknown> } => {
  const limiter = createRateLimiter({ clock, settle: (spent) => settleRateLimits(database, spent) });
  const loadTerms = (keyId: string) => loadKeyTerms(database, keyId);
  const gate = createApiGate({ settings: apiSettings, limiter, loadTerms, clock });
  const live = createEventStream({ database, clock, log, signal });
  // Without the database this instance limits alone, and the pages say already that it is away.
  const onError = (error: unknown): void => log.debug({ error }, "rate limits could not be settled; trying again");
  const settling = runLoop({ intervalMs: SETTLE_EVERY_MS, work: limiter.settle, onError, clock, signal });
  return { gate, live, ended: Promise.all([settling, live.ended]) };
};
