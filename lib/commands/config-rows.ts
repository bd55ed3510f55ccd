import { createHash } from "node:crypto";
import type { ConfigRows, EndpointPlain } from "#db/queries/mirror.ts";
import type { Config, EndpointDefinition, ServiceDefinition } from "#lib/core/definitions.ts";
import { withoutSecrets } from "#lib/core/without-secrets.ts";
import { canonicalJson } from "./canonical-json.ts";

const DEFAULT_MAX_IN_FLIGHT = 8;

/** What may be shown of an endpoint: neither its address, nor its key, nor its headers. */
const withoutKeys = ({ url: _url, secret: _secret, headers: _headers, ...shown }: EndpointDefinition) => shown;

/** Services as they are kept in a version: no secret, and nothing said that is empty. */
const shownServices = (services: readonly ServiceDefinition[]): unknown =>
  services.map(({ dependsOn = [], thresholdAlerts = [], ...service }) => ({
    ...service,
    probes: service.probes.map(withoutSecrets),
    slos: service.slos.map(withoutSecrets),
    ...(dependsOn.length === 0 ? {} : { dependsOn }),
    ...(thresholdAlerts.length === 0 ? {} : { thresholdAlerts: thresholdAlerts.map(withoutSecrets) }),
  }));

export type ConfigText = { readonly text: string; readonly sha256: string };
const textOf = (document: unknown): ConfigText => {
  const text = canonicalJson(document);
  return { text, sha256: createHash("sha256").update(text).digest("hex") };
};

/** The configuration as it is kept in `config_versions`: all definitions, no secret, keys in a fixed order; and its hash. */
export const documentOf = (config: Config): ConfigText =>
  textOf({
    ...config,
    services: shownServices(config.services),
    notifications: config.notifications.map(withoutKeys),
    ...(config.deadMan === undefined
      ? {}
      : { deadMan: { method: config.deadMan.method, intervalMs: config.deadMan.intervalMs } }),
    ...(config.mail === undefined ? {} : { mail: { from: config.mail.from, maxPerSecond: config.mail.maxPerSecond } }),
  });

/** A version that differs from a kept one in its services only, and in what the page says of them. */
export const documentWith = (
  kept: Readonly<Record<string, unknown>>,
  { page, services }: Pick<Config, "page" | "services">,
): ConfigText => textOf({ ...kept, page, services: shownServices(services) });

type Ids = ReadonlySet<string>;
type ByHand = { readonly services: Ids; readonly probes: Ids; readonly slos: Ids };
const NONE: ByHand = { services: new Set(), probes: new Set(), slos: new Set() };

/** Rows with who owns them and their place: those of the file first, so that others never move them. */
const owned = <Row extends { readonly id: string }>(rows: readonly Row[], byHand: Ids) =>
  [...rows.filter(({ id }) => !byHand.has(id)), ...rows.filter(({ id }) => byHand.has(id))].map((row, position) => ({
    ...row,
    position,
    managed_by: byHand.has(row.id) ? ("ui" as const) : ("file" as const),
  }));

/** The rows that the mirror tables should hold; `position` is the order of the file, from 0. `byHand`: ids that the file does not own. */
export const rowsOf = (config: Config, byHand: ByHand = NONE): ConfigRows => ({
  locations: config.locations.map(({ id, name, referenceChecks }, position) => ({
    id,
    name,
    position,
    reference_checks: referenceChecks ?? [],
  })),
  services: owned(
    config.services.map(({ id, name, description, group, dependsOn, thresholdAlerts }) => ({
      id,
      name,
      description,
      group_name: group,
      depends_on: dependsOn ?? [],
      threshold_alerts: thresholdAlerts ?? [],
    })),
    byHand.services,
  ),
  probes: owned(
    config.services.flatMap(({ id, probes }) =>
      probes.map((definition) => ({ id: definition.id, service_id: id, definition })),
    ),
    byHand.probes,
  ),
  slos: owned(
    config.services.flatMap(({ id, slos }) =>
      slos.map((definition) => ({ id: definition.id, service_id: id, definition })),
    ),
    byHand.slos,
  ),
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
