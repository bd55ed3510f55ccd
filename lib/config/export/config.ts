import { DEFAULTS } from "#lib/core/channels/defaults.ts";
import type { Config, EndpointDefinition, PageAudience, PageDefinition, PageReach } from "#lib/core/definitions.ts";
import { formatDuration } from "#lib/core/duration.ts";
import type { IdentityDefinition } from "#lib/core/identity/definition.ts";
import { durationMs } from "#lib/core/units.ts";
import type { ExportContext, Section } from "./context.ts";
import { Decimal, known, said, unless } from "./context.ts";
import { exportDesk } from "./desk.ts";
import { exportLocation, exportService } from "./service.ts";
import { intervalsOf } from "./slo.ts";

const exportAudience = (audience: PageAudience): unknown => {
  if (audience.kind === "networks") return { networks: audience.networks };
  return audience.kind === "public" ? "public" : { sign_in: true };
};

const exportReach = ({ hosts, audience, services, groups }: PageReach): Section => ({
  hosts,
  audience: audience === undefined ? undefined : exportAudience(audience),
  services,
  groups,
});

const exportPage = (page: PageDefinition): Section =>
  said({
    name: page.name,
    url: known(page.url),
    time_zone: page.timeZone,
    languages: page.languages,
    description: page.description,
    logo: page.logo,
    accent: page.accent,
    footer_links: page.footerLinks,
    search_engines: page.searchEngines,
    statuspage_indicators: page.statuspageIndicators,
    ...exportReach(page),
  });

const exportEndpoint = (endpoint: EndpointDefinition, { secret }: ExportContext): Section => {
  const { id, type, settings = {}, filters = {}, headers = {} } = endpoint;
  const fields = Object.entries(headers).map(([name, value]) => [name, secret(value, [id, name])]);
  const quiet = settings.quietHours;
  return said({
    id,
    type,
    description: endpoint.description,
    url: endpoint.url === DEFAULTS[type].url ? undefined : secret(endpoint.url, [id, "url"]),
    secret: endpoint.secret === "" ? undefined : secret(endpoint.secret, [id, "secret"]),
    from: settings.from,
    to: settings.to,
    username: settings.username,
    starttls: settings.starttls,
    format: settings.format,
    events: endpoint.events,
    services: filters.services,
    severities: filters.severities,
    timeout: unless(formatDuration(endpoint.timeoutMs), formatDuration(durationMs(DEFAULTS[type].timeoutMs))),
    headers: fields.length === 0 ? undefined : Object.fromEntries(fields),
    ordered: endpoint.isOrdered,
    max_in_flight: endpoint.maxInFlight,
    max_per_second: endpoint.maxPerSecond === DEFAULTS[type].maxPerSecond ? undefined : endpoint.maxPerSecond,
    fallback: endpoint.fallbackId,
    quiet_hours:
      quiet === undefined
        ? undefined
        : { from: quiet.from, to: quiet.to, time_zone: quiet.timeZone, severities: quiet.severities },
    remind_every: settings.remindEveryMs === undefined ? undefined : formatDuration(settings.remindEveryMs),
  });
};

const exportIdentity = ({ sessions, oidc, tokenIssuers }: IdentityDefinition): Section =>
  said({
    sessions: {
      idle: formatDuration(durationMs(sessions.idleMs)),
      absolute: formatDuration(durationMs(sessions.absoluteMs)),
    },
    oidc:
      oidc === null
        ? undefined
        : said({
            issuer: oidc.issuer,
            client_id: oidc.clientId,
            client_secret: known(oidc.clientSecret),
            name: oidc.name,
            scopes: oidc.scopes,
            groups_claim: oidc.groupsClaim,
            role_mapping: oidc.roles,
            default_role: known(oidc.defaultRole),
          }),
    token_issuers: unless(
      tokenIssuers.map(({ issuer, audience, jwksUrl, publicKeys }) =>
        said({ issuer, audience, jwks_url: known(jwksUrl), public_keys: publicKeys }),
      ),
      [],
    ),
  });

/** The outside watcher, the mail server, incidents and who may sign in. */
const exportRest = ({ incidents, deadMan, mail, identity }: Config, { secret }: ExportContext): Section => ({
  incidents: incidents && { on_alert: incidents.onAlert, single_location: incidents.singleLocation },
  dead_man: deadMan && {
    url: secret(deadMan.url, ["dead_man", "url"]),
    method: deadMan.method,
    interval: formatDuration(deadMan.intervalMs),
  },
  mail:
    mail &&
    said({
      url: secret(mail.url, ["mail", "url"]),
      secret: mail.secret === "" ? undefined : secret(mail.secret, ["mail", "secret"]),
      from: mail.from,
      username: known(mail.username),
      starttls: unless(mail.starttls, true),
      max_per_second: mail.maxPerSecond,
    }),
  identity: identity && exportIdentity(identity),
});

/** A whole configuration in the words of the file, with what `context` says in the place of secrets. */
export const exportConfig = (config: Config, context: ExportContext): Section => {
  const { page, pages, egress, services } = config;
  const intervals = intervalsOf(services.flatMap(({ probes }) => probes));
  const hidden = new Set(page.servicesWithoutSlos);
  return said({
    version: config.version,
    page: exportPage(page),
    pages: pages?.map((one) =>
      said({
        id: one.id,
        name: one.name,
        url: known(one.url),
        time_zone: one.timeZone,
        languages: one.languages,
        description: one.description,
        ...exportReach(one),
      }),
    ),
    static_site: config.staticSite,
    egress: unless(said({ allow: unless(egress.allow, []), source_addresses: egress.sourceAddresses }), {}),
    locations: config.locations.map(exportLocation),
    services: services.map((service) =>
      exportService(service, { intervals, publishesSlos: !hidden.has(service.id), context }),
    ),
    notifications: unless(
      config.notifications.map((one) => exportEndpoint(one, context)),
      [],
    ),
    ...exportDesk(config),
    ...exportRest(config, context),
  });
};

/** A document as plain values that may be changed, and how its numbers were written by the JSON text of their path. */
export const toTree = (document: unknown): { root: unknown; written: Map<string, string> } => {
  const written = new Map<string, string>();
  const plain = (value: unknown, path: readonly (string | number)[]): unknown => {
    if (value instanceof Decimal) {
      written.set(JSON.stringify(path), value.text);
      return Number(value.text);
    }
    if (Array.isArray(value)) return value.map((each, index) => plain(each, [...path, index]));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, inner]) =>
        inner === undefined ? [] : [[key, plain(inner, [...path, key])]],
      ),
    );
  };
  return { root: plain(document, []), written };
};
