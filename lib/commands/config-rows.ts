import { createHash } from "node:crypto";
import type { ConfigRows, EndpointPlain } from "#db/queries/mirror.ts";
import type { Config, EndpointDefinition } from "#lib/core/definitions.ts";
import { withoutSecrets } from "#lib/core/without-secrets.ts";
import { canonicalJson } from "./canonical-json.ts";

const withoutKeys = ({ id, type, events, timeoutMs }: EndpointDefinition) => ({ id, type, events, timeoutMs });

/** The configuration as it is kept in `config_versions`: all definitions, no secret, keys in a fixed order; and its hash. */
export const documentOf = (config: Config): { text: string; sha256: string } => {
  const text = canonicalJson({
    ...config,
    services: config.services.map((service) => ({ ...service, probes: service.probes.map(withoutSecrets) })),
    notifications: config.notifications.map(withoutKeys),
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
  services: config.services.map(({ id, name, description, group }, position) => ({
    id,
    name,
    description,
    group_name: group,
    position,
  })),
  probes: config.services
    .flatMap((service) => service.probes.map((definition) => ({ service_id: service.id, definition })))
    .map((row, position) => ({ id: row.definition.id, position, ...row })),
  slos: config.services
    .flatMap((service) => service.slos.map((definition) => ({ service_id: service.id, definition })))
    .map((row, position) => ({ id: row.definition.id, position, ...row })),
  endpoints: config.notifications.map(
    ({ id, type, url, secret, events, timeoutMs }): EndpointPlain => ({
      id,
      type,
      url,
      secret,
      events: [...events],
      timeout_ms: timeoutMs,
    }),
  ),
});
