import type { EndpointType } from "./channels/channel.ts";
import type { ProbeDefinition } from "./probe-definitions.ts";
import type { SloDefinition, ThresholdAlert } from "./slo-definitions.ts";
import type { DurationMs } from "./units.ts";

export * from "./probe-definitions.ts";
export * from "./slo-definitions.ts";

/** What the configuration file defines, after defaults: the same shapes stand in the mirror tables (`definition jsonb`). */

export const LANGUAGES = ["en", "ko", "ru"] as const;
export type Language = (typeof LANGUAGES)[number];

export type PageDefinition = {
  readonly name: string;
  /** Absolute http(s) address of the page without a trailing slash, or null when not configured. */
  readonly url: string | null;
  /** IANA name. */
  readonly timeZone: string;
  /** The first one is the default. */
  readonly languages: readonly Language[];
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

export type Config = {
  readonly version: 1;
  readonly page: PageDefinition;
  readonly egress: EgressDefinition;
  readonly locations: readonly LocationDefinition[];
  readonly services: readonly ServiceDefinition[];
  readonly notifications: readonly EndpointDefinition[];
  readonly deadMan?: DeadManDefinition;
};
