import type { IncomingMessage } from "node:http";
import { hiddenServices } from "#lib/contracts/page-view.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import type { MetricsFormat } from "#lib/runtime/metrics.ts";
import { admit } from "./api/caller.ts";
import type { ApiContext } from "./api/types.ts";
import { isNearCaller } from "./http/near-caller.ts";

type Context = {
  readonly api: Pick<ApiContext, "database" | "clock" | "asUser" | "findMachine" | "snapshot">;
  readonly trustedHops: number;
  readonly collectMetrics: Readonly<Record<MetricsFormat, () => Promise<string>>>;
};

const SERVICE_OF_LINE = /\{[^}]*\bsloth_service="([^"]*)"/;

/** Metrics without the series of some services. */
export const withoutServices = (text: string, hidden: ReadonlySet<string>): string =>
  text
    .split("\n")
    .filter((line) => !hidden.has(SERVICE_OF_LINE.exec(line)?.[1] ?? ""))
    .join("\n");

/** A key that may read SLOs. While the database is away nobody is known. @throws AppError UNAUTHENTICATED, FORBIDDEN */
const holdsKey = async ({ api }: Context, req: IncomingMessage): Promise<boolean> => {
  try {
    return (await admit(api, { scope: "slos:read" }, req)).kind !== "anonymous";
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === "UNAUTHENTICATED" || code === "FORBIDDEN") throw error;
    return false;
  }
};

/**
 * What `/metrics` tells the caller. Strangers hear nothing of services that no page for everybody shows; a Prometheus in
 * our network, or with a key that may read SLOs, hears everything. @throws AppError UNAUTHENTICATED, FORBIDDEN
 */
export const metricsFor = async (context: Context, req: IncomingMessage, format: MetricsFormat): Promise<string> => {
  const text = await context.collectMetrics[format]();
  const snapshot = context.api.snapshot();
  const hidden = snapshot === null ? new Set<string>() : hiddenServices(snapshot);
  if (hidden.size === 0 || isNearCaller(req, context.trustedHops)) return text;
  if (req.headers.authorization !== undefined && (await holdsKey(context, req))) return text;
  return withoutServices(text, hidden);
};
