import type { Readiness } from "#lib/contracts/health.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { VERSION } from "#lib/runtime/version.ts";
import type { Health } from "./health.ts";
import type { Exchange } from "./http/exchange.ts";
import { send } from "./http/exchange.ts";
import { COMMON_HEADERS, DATA_CONTENT_POLICY } from "./http/security-headers.ts";
import { sendJson } from "./http/send-json.ts";

export type HealthContext = {
  readonly health: Health;
  readonly isPageReady: () => boolean;
  readonly snapshot: () => Snapshot | null;
};

const HEALTH_JSON = "application/health+json";

const WORDS = { ok: "pass", degraded: "warn", failed: "fail", stale: "warn", unknown: "warn" } as const;

/**
 * Readiness in the form of draft-inadarei-api-health-check-06. While the page can be served we are of use, so that a
 * database that is away is a warning; the plain form says 503 then, for balancers that want all of us.
 */
export const healthJsonOf = ({ status, checks }: Readiness): Readonly<Record<string, unknown>> => {
  const { database, snapshot, page } = checks;
  const hasPage = page.status === "ok";
  return {
    status: hasPage ? WORDS[status] : "fail",
    version: "1",
    releaseId: VERSION,
    description: "Nines: status page and SLO monitoring",
    checks: {
      "database:responseTime": [
        {
          componentType: "datastore",
          status: WORDS[database.status],
          ...(database.latencyMs === null ? {} : { observedValue: database.latencyMs, observedUnit: "ms" }),
          ...(database.code === null ? {} : { output: database.code }),
        },
      ],
      "snapshot:age": [
        {
          componentType: "component",
          status: WORDS[snapshot.status],
          ...(snapshot.ageSeconds === null ? {} : { observedValue: snapshot.ageSeconds, observedUnit: "s" }),
          ...(snapshot.dataAsOf === null ? {} : { time: snapshot.dataAsOf }),
        },
      ],
      "page:utilization": [{ componentType: "component", status: WORDS[page.status] }],
    },
    links: { about: "/docs" },
  };
};

const sendHealthJson = (exchange: Exchange, readiness: Readiness): number => {
  const body = healthJsonOf(readiness);
  const text = JSON.stringify(body);
  const status = body.status === "fail" ? 503 : 200;
  const head = ["Content-Type", HEALTH_JSON, "Content-Length", String(Buffer.byteLength(text))];
  const policy = ["Cache-Control", "no-store", "Vary", "Accept", "Content-Security-Policy", DATA_CONTENT_POLICY];
  send(exchange, status, [...head, ...policy, ...COMMON_HEADERS], text);
  return status;
};

/** `/health/*` and `/healthz`, from memory: asking costs nothing and cannot hang. Null: another address. */
export const answerHealth = (context: HealthContext, exchange: Exchange): Promise<number> | number | null => {
  const options = { cacheControl: "no-store" };
  switch (exchange.path) {
    case "/health/live":
      return sendJson(exchange, { status: "ok" }, options);
    case "/healthz":
      return sendHealthJson(exchange, context.health.readiness());
    case "/health/ready": {
      const readiness = context.health.readiness();
      if (exchange.req.headers.accept?.includes(HEALTH_JSON) === true) return sendHealthJson(exchange, readiness);
      return sendJson(exchange, readiness, { ...options, status: readiness.status === "ok" ? 200 : 503 });
    }
    case "/health/page": {
      const isReady = context.isPageReady();
      const body = { status: isReady ? "ok" : "failed", dataAsOf: context.snapshot()?.dataAsOf ?? null };
      return sendJson(exchange, body, { ...options, status: isReady ? 200 : 503 });
    }
    default:
      return null;
  }
};
