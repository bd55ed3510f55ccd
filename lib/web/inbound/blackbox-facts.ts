import type { HandshakeFacts } from "#lib/egress/tls-facts.ts";

/** What a probe for Prometheus is asked, and what it found: the shapes between the web role and who runs the check. */

export const BLACKBOX_MODULES = [
  "http_2xx",
  "tcp_connect",
  "tls_connect",
  "icmp",
  "dns",
  "grpc",
  "grpc_plain",
] as const;
export type BlackboxModule = (typeof BLACKBOX_MODULES)[number];

/** Where to; judged already, and judged again by the egress policy before each connection. */
export type BlackboxTarget =
  | { readonly module: "http_2xx"; readonly url: string }
  | { readonly module: "tcp_connect" | "tls_connect"; readonly host: string; readonly port: number }
  | { readonly module: "grpc" | "grpc_plain"; readonly host: string; readonly port: number }
  | { readonly module: "icmp"; readonly host: string }
  /** `name` is asked for: type A, over UDP. */
  | { readonly module: "dns"; readonly host: string; readonly port: number; readonly name: string };

export type BlackboxRequest = {
  readonly target: BlackboxTarget;
  readonly timeoutMs: number;
  /** `egress.allow` of the configuration in force. */
  readonly allow: readonly string[];
};

/** Seconds by the name of the phase, as the exporter calls it. */
export type PhaseSeconds = Readonly<Record<string, number>>;

export type BlackboxFacts = {
  readonly isGood: boolean;
  /** For people: class and detail of the outcome. */
  readonly words: string;
  readonly durationSeconds: number;
  readonly lookupSeconds: number;
  /** The address that was used; null when there was none. */
  readonly address: string | null;
  /** Of the last handshake. */
  readonly tls: HandshakeFacts | null;
  readonly http?: {
    readonly phases: PhaseSeconds;
    readonly status: number;
    readonly version: number;
    readonly redirects: number;
    /** -1 when the answer did not say. */
    readonly contentLength: number;
    readonly bodyLength: number;
    readonly lastModified: number | null;
    readonly isSecure: boolean;
  };
  readonly dns?: {
    readonly phases: PhaseSeconds;
    readonly isAnswered: boolean;
    readonly answers: number;
    readonly authorities: number;
    readonly additional: number;
  };
  /** `hopLimit`: of the answer (IPv4 calls it TTL); null without one. */
  readonly icmp?: { readonly phases: PhaseSeconds; readonly hopLimit: number | null };
  readonly grpc?: {
    readonly phases: PhaseSeconds;
    readonly statusCode: number;
    readonly isSecure: boolean;
    /** What the health service said; null when it said nothing. */
    readonly serving: string | null;
    readonly certificateExpiry: number;
  };
};

/** Runs one check. Never rejects for what the target did; ends within the timeout and 500 ms. */
export type RunBlackbox = (request: BlackboxRequest, signal: AbortSignal) => Promise<BlackboxFacts>;
