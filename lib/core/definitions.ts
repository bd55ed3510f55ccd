import type { ProbeDefinition } from "./probe-definitions.ts";
import type { DurationMs } from "./units.ts";

export * from "./probe-definitions.ts";

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

export type AlertSeverity = "page" | "ticket";

/** One pair of windows. It holds when both burn strictly faster than `factor`. */
export type BurnRatePair = {
  /** `<severity>_<long>_<short>`, such as `page_1h_5m`; unique within its SLO. */
  readonly id: string;
  readonly severity: AlertSeverity;
  readonly longMs: DurationMs;
  readonly shortMs: DurationMs;
  /** Exact: a decimal ("14.4") or a fraction of integers ("14/15"). */
  readonly factor: string;
  /** Bad events needed in each window before the live alert fires. */
  readonly minBadLong: number;
  readonly minBadShort: number;
  /** Endpoint ids; null means every endpoint that subscribes to the event. */
  readonly notify: readonly string[] | null;
};

export type SliDefinition =
  | { readonly kind: "availability" }
  | { readonly kind: "latency"; readonly thresholdMs: DurationMs };

export type SloWindow = { readonly kind: "rolling"; readonly durationMs: DurationMs };

export type SloDefinition = {
  readonly id: string;
  readonly sli: SliDefinition;
  readonly probes: readonly string[];
  /** Percent as a decimal string, over 50 and under 100: "99.9". */
  readonly objective: string;
  readonly window: SloWindow;
  /** Never empty: the default policy of slo-semantics is filled in when the file names none. */
  readonly burnRateAlerts: readonly BurnRatePair[];
};

export type ServiceDefinition = {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly group: string | null;
  readonly probes: readonly ProbeDefinition[];
  readonly slos: readonly SloDefinition[];
};

export type EndpointDefinition = {
  readonly id: string;
  readonly type: "webhook";
  /** A secret in logs and pages. */
  readonly url: string;
  /** `whsec_` + base64 of 24 to 64 bytes, resolved from `env:` or `file:` already. */
  readonly secret: string;
  /** Event types; `["*"]` subscribes to all. */
  readonly events: readonly string[];
  readonly timeoutMs: DurationMs;
};

export type EgressDefinition = {
  /** CIDRs, addresses and host names that may be reached although they are not globally reachable. */
  readonly allow: readonly string[];
};

export type Config = {
  readonly version: 1;
  readonly page: PageDefinition;
  readonly egress: EgressDefinition;
  readonly locations: readonly LocationDefinition[];
  readonly services: readonly ServiceDefinition[];
  readonly notifications: readonly EndpointDefinition[];
};
