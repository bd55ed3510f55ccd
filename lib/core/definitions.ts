import type { EndpointType } from "./channels/channel.ts";
import type { IdentityDefinition } from "./identity/definition.ts";
import type { IncidentPolicy } from "./incidents/policy.ts";
import type { IncidentTemplateDefinition } from "./incidents/template-definition.ts";
import type { Language } from "./languages.ts";
import type { MaintenanceDefinition } from "./maintenance/definition.ts";
import type { ProbeDefinition } from "./probe-definitions.ts";
import type { SloDefinition, ThresholdAlert } from "./slo-definitions.ts";
import type { DurationMs } from "./units.ts";

export * from "./languages.ts";
export * from "./probe-definitions.ts";
export * from "./slo-definitions.ts";

/** What the configuration file defines, after defaults: the same shapes stand in the mirror tables (`definition jsonb`). */

/** Who may see a page. */
export type PageAudience =
  | { readonly kind: "public" }
  | { readonly kind: "sign_in" }
  | { readonly kind: "networks"; readonly networks: readonly string[] };

/** Which services a page shows, where, and to whom. Left out: all of them, at hosts of no other page, to everybody. */
export type PageReach = {
  /** Host names in lower case, without a port. */
  readonly hosts?: readonly string[];
  readonly audience?: PageAudience;
  /** Ids. */
  readonly services?: readonly string[];
  /** Names of groups, which stand for the groups within them too. */
  readonly groups?: readonly string[];
};

/** A page beside the main one. */
export type ExtraPageDefinition = PageReach & {
  readonly id: string;
  readonly name: string;
  readonly url: string | null;
  readonly timeZone: string;
  readonly languages: readonly Language[];
  readonly description?: string;
};

export type PageDefinition = PageReach & {
  readonly name: string;
  /** Absolute http(s) address of the page without a trailing slash, or null when not configured. */
  readonly url: string | null;
  /** IANA name. */
  readonly timeZone: string;
  /** The first one is the default. */
  readonly languages: readonly Language[];
  /** One or two sentences about the page, for its foot and for search engines. */
  readonly description?: string;
  /** An image as a `data:` address. */
  readonly logo?: string;
  /** Colour of links, `#rrggbb`, readable on the page's ground in each theme. */
  readonly accent?: { readonly light: string; readonly dark: string };
  readonly footerLinks?: readonly { readonly label: string; readonly url: string }[];
  /** Whether search engines may list the page; left out: they may. */
  readonly searchEngines?: boolean;
  /** Words that `/api/v2` may use as its indicator; left out: five, with `maintenance`. */
  readonly statuspageIndicators?: "four" | "five";
  /** Ids of services whose objectives customers do not see. */
  readonly servicesWithoutSlos?: readonly string[];
};

/** A request by which a location finds out whether it can see at all: any answer with 2xx or 3xx is good. */
export type ReferenceCheck = {
  /** Unique within its location. */
  readonly id: string;
  readonly url: string;
  readonly intervalMs: DurationMs;
  readonly timeoutMs: DurationMs;
};

export type LocationDefinition = {
  readonly id: string;
  readonly name: string;
  /** Left out: none. */
  readonly referenceChecks?: readonly ReferenceCheck[];
};

export type ServiceDefinition = {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly group: string | null;
  readonly probes: readonly ProbeDefinition[];
  readonly slos: readonly SloDefinition[];
  /** Ids of other services that this one cannot work without, never in a circle. Left out: none. */
  readonly dependsOn?: readonly string[];
  /** Left out: none. */
  readonly thresholdAlerts?: readonly ThresholdAlert[];
};

/** Which events an endpoint wants beside their type; a key that is absent filters nothing. */
export type EndpointFilters = {
  /** Ids. An event about none of the services is wanted when it is about no service at all. */
  readonly services?: readonly string[];
  /** An event without severity is always wanted. */
  readonly severities?: readonly ("page" | "ticket")[];
};

/** Hours in which some alerts wait for the morning. */
export type QuietHours = {
  /** `hh:mm` on the clock of the zone. */
  readonly from: string;
  /** The same; not after `from`: on the next day. */
  readonly to: string;
  /** IANA name. */
  readonly timeZone: string;
  readonly severities: readonly "ticket"[];
};

/** What a kind of endpoint needs beside its address and key. No secrets: it is stored in clear. */
export type EndpointSettings = {
  readonly quietHours?: QuietHours;
  /** A firing alert that nobody acknowledged is told of again this often. */
  readonly remindEveryMs?: DurationMs;
  /** Of alertmanager; left out: `api`. */
  readonly format?: "api" | "webhook";
  /** Of email. */
  readonly from?: string;
  readonly to?: readonly string[];
  readonly username?: string;
  /** Left out: true. */
  readonly starttls?: boolean;
};

export type EndpointDefinition = {
  readonly id: string;
  readonly type: EndpointType;
  /** A secret in logs and pages. */
  readonly url: string;
  /** Resolved from `env:` or `file:` already. Of a webhook `whsec_` + base64 of 24 to 64 bytes; empty: there is none. */
  readonly secret: string;
  /** Event types; `["*"]` subscribes to all. */
  readonly events: readonly string[];
  readonly timeoutMs: DurationMs;
  /** Header fields of every request. Secrets. Left out, like all that follows: none. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly description?: string;
  readonly filters?: EndpointFilters;
  readonly settings?: EndpointSettings;
  readonly isOrdered?: boolean;
  /** Left out: 8. */
  readonly maxInFlight?: number;
  readonly maxPerSecond?: number;
  /** The endpoint that is told what this one does not take. */
  readonly fallbackId?: string;
};

export type EgressDefinition = {
  /** CIDRs, addresses and host names that may be reached although they are not globally reachable. */
  readonly allow: readonly string[];
  /** Addresses and CIDRs that our own requests come from, as people were told. Left out: none. */
  readonly sourceAddresses?: readonly string[];
};

/** An outside watcher that is called while the engine works, so that its silence pages somebody. */
export type DeadManDefinition = {
  /** A secret in logs and pages. */
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly intervalMs: DurationMs;
};

/** The server that mails to subscribers go through. */
export type MailDefinition = {
  /** `smtps://host[:port]` or `smtp://host[:port]`. */
  readonly url: string;
  /** A secret; empty: no sign-in. */
  readonly secret: string;
  readonly from: string;
  readonly username: string | null;
  readonly starttls: boolean;
  readonly maxPerSecond: number;
};

export type Config = {
  readonly version: 1;
  /** The demonstration, or an installation like it: test keys open it. */
  readonly isSandbox?: true;
  readonly page: PageDefinition;
  /** Left out: none beside the main one. */
  readonly pages?: readonly ExtraPageDefinition[];
  /** Where the main page is written to as files. Left out: nowhere. */
  readonly staticSite?: { readonly directory: string };
  readonly egress: EgressDefinition;
  readonly locations: readonly LocationDefinition[];
  readonly services: readonly ServiceDefinition[];
  readonly notifications: readonly EndpointDefinition[];
  /** Left out: page alerts become drafts. */
  readonly incidents?: IncidentPolicy;
  readonly incidentTemplates?: readonly IncidentTemplateDefinition[];
  readonly maintenances?: readonly MaintenanceDefinition[];
  readonly deadMan?: DeadManDefinition;
  /** Left out: subscribers cannot be reached by mail. */
  readonly mail?: MailDefinition;
  /** Address of a trace with `{traceId}` in it. Left out: traces have no link. */
  readonly telemetry?: { readonly traceUrl: string };
  /** Left out: the defaults of lib/core/identity. */
  readonly identity?: IdentityDefinition;
};
