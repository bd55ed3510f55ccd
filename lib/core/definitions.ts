import type { DurationMs } from "./units.ts";

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

export type LocationDefinition = { readonly id: string; readonly name: string };

export const ASSERTION_OPS = ["eq", "ne", "lt", "le", "gt", "ge", "in", "contains", "matches", "exists"] as const;
export type AssertionOp = (typeof ASSERTION_OPS)[number];
export type AssertionValue = string | number | boolean | null | readonly (string | number | boolean)[];

export type Assertion =
  /** Values are codes (200) or classes ("2xx"). */
  | { readonly type: "status"; readonly op: AssertionOp; readonly value: AssertionValue }
  | { readonly type: "header"; readonly name: string; readonly op: AssertionOp; readonly value: AssertionValue }
  | { readonly type: "body"; readonly op: AssertionOp; readonly value: AssertionValue }
  | { readonly type: "json_path"; readonly path: string; readonly op: AssertionOp; readonly value: AssertionValue }
  /** Whole days that the leaf certificate is still valid. */
  | { readonly type: "certificate"; readonly op: AssertionOp; readonly value: AssertionValue }
  | { readonly type: "latency"; readonly op: AssertionOp; readonly valueMs: DurationMs };

export const HTTP_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
export type HttpMethod = (typeof HTTP_METHODS)[number];

export type HttpProbeDefinition = {
  readonly type: "http";
  readonly id: string;
  readonly url: string;
  readonly method: HttpMethod;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly intervalMs: DurationMs;
  readonly timeoutMs: DurationMs;
  readonly maxRedirects: number;
  readonly locations: readonly string[];
  readonly assertions: readonly Assertion[];
};

/** Grows by one member a check type. */
export type ProbeDefinition = HttpProbeDefinition;

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
