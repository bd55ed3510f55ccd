import { createHash } from "node:crypto";
import type { ConfigRows, EndpointPlain } from "#db/queries/mirror.ts";
import type { Config, EndpointDefinition } from "#lib/core/definitions.ts";
import { withoutSecrets } from "#lib/core/without-secrets.ts";
import { canonicalJson } from "./canonical-json.ts";

const DEFAULT_MAX_IN_FLIGHT = 8;

/** What may be shown of an endpoint: neither its address, nor its key, nor its headers. */
const withoutKeys = ({ url: _url, secret: _secret, headers: _headers, ...shown }: EndpointDefinition) => shown;

/** The configuration as it is kept in `config_versions`: all definitions, no secret, keys in a fixed order; and its hash. */
export const documentOf = (config: Config): { text: string; sha256: string } => {
  const text = canonicalJson({
    ...config,
    services: config.services.map((service) => ({
      ...service,
      probes: service.probes.map(withoutSecrets),
      slos: service.slos.map(withoutSecrets),
      ...(service.thresholdAlerts === undefined
        ? {}
        : { thresholdAlerts: service.thresholdAlerts.map(withoutSecrets) }),
    })),
    notifications: config.notifications.map(withoutKeys),
    ...(config.deadMan === undefined
      ? {}
      : { deadMan: { method: config.deadMan.method, intervalMs: config.deadMan.intervalMs } }),
  });
  return { text, sha256: createHash("sha256").update(text).digest("hex") };
};

/** The rows that the mirror tables should hold; `position` is the order of the file, from 0. */
export const rowsOf = (config: Config): ConfigRows => ({
  locations: config.locations.map(({ id, name, referenceChecks }, position) => ({
    id,
    name,
    position,
    reference_checks: referenceChecks ?? [],
  })),
  services: config.services.map(({ id, name, description, group, dependsOn, thresholdAlerts }, position) => ({
    id,
    name,
    description,
    group_name: group,
    position,
    depends_on: dependsOn ?? [],
    threshold_alerts: thresholdAlerts ?? [],
  })),
  probes: config.services
    .flatMap((service) => service.probes.map((definition) => ({ service_id: service.id, definition })))
    .map((row, position) => ({ id: row.definition.id, position, ...row })),
  slos: config.services
    .flatMap((service) => service.slos.map((definition) => ({ service_id: service.id, definition })))
    .map((row, position) => ({ id: row.definition.id, position, ...row })),
  endpoints: config.notifications.map(
    (endpoint): EndpointPlain => ({
      id: endpoint.id,
      type: endpoint.type,
      url: endpoint.url,
      secret: endpoint.secret,
      headers: endpoint.headers ?? null,
      events: [...endpoint.events],
      timeout_ms: endpoint.timeoutMs,
      description: endpoint.description ?? null,
      filters: endpoint.filters ?? {},
      settings: endpoint.settings ?? {},
      is_ordered: endpoint.isOrdered ?? false,
      max_in_flight: endpoint.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT,
      max_per_second: endpoint.maxPerSecond ?? null,
      fallback_id: endpoint.fallbackId ?? null,
    }),
  ),
});
