import type { DurationMs } from "./units.ts";

/** What is checked and how, after defaults: one definition a type of probe. */

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

/** Credentials of a request, resolved from `env:` or `file:` already: secrets in logs and pages. */
export type HttpAuth =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string };

/** PEM texts. The key is a secret in logs and pages. */
export type ClientCertificate = { readonly certPem: string; readonly keyPem: string };

/** What every probe has, whatever its type. */
type ProbeCommon = {
  readonly id: string;
  /** Time between two slots. */
  readonly intervalMs: DurationMs;
  /** One deadline over all phases of a run; at most the interval. */
  readonly timeoutMs: DurationMs;
  readonly locations: readonly string[];
};

/** Where checks other than HTTP connect to: a name, an IPv4 address, or an IPv6 address without brackets; lower case. */
type HostAndPort = { readonly host: string; readonly port: number };

/** Names in lower case. */
export type HeaderFields = Readonly<Record<string, string>>;

export type HttpProbeDefinition = ProbeCommon & {
  readonly type: "http";
  readonly url: string;
  readonly method: HttpMethod;
  readonly headers: HeaderFields;
  readonly body: string | null;
  readonly auth: HttpAuth | null;
  readonly clientCertificate: ClientCertificate | null;
  /** Offers HTTP/2 in the handshake (ALPN) and speaks it when the server takes it; else HTTP/1.1. */
  readonly http2: boolean;
  /** `fresh`: a new connection for each run, so that every phase is measured. `reuse`: kept open between runs. */
  readonly connection: "fresh" | "reuse";
  readonly maxRedirects: number;
  /** Holds one on `status` at least. */
  readonly assertions: readonly Assertion[];
};

/** Connects; sends `send` when it is given; reads until `expect` (RE2) is found when it is given. */
export type TcpProbeDefinition = ProbeCommon &
  HostAndPort & {
    readonly type: "tcp";
    readonly send: string | null;
    readonly expect: string | null;
    /** `latency` only. */
    readonly assertions: readonly Assertion[];
  };

export const TLS_VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

/** A handshake: chain, host name, dates and protocol. Days left are asserted by `certificate`. */
export type TlsProbeDefinition = ProbeCommon &
  HostAndPort & {
    readonly type: "tls";
    /** Sent as SNI and compared with the certificate. */
    readonly serverName: string;
    readonly minProtocol: TlsVersion;
    /** `certificate` and `latency` only. */
    readonly assertions: readonly Assertion[];
  };

export const DNS_RECORDS = ["A", "AAAA", "CNAME", "MX", "NS", "TXT", "SRV"] as const;
export type DnsRecord = (typeof DNS_RECORDS)[number];
export const DNS_TRANSPORTS = ["udp", "tcp", "tls"] as const;
export type DnsTransport = (typeof DNS_TRANSPORTS)[number];
/** RFC 1035, 4.1.1: the codes 0 to 5 in their order. */
export const DNS_RCODES = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"] as const;
export type DnsRcode = (typeof DNS_RCODES)[number];

/** One question to the resolver at `host` and `port` (YAML: `resolver`, `port`). */
export type DnsProbeDefinition = ProbeCommon &
  HostAndPort & {
    readonly type: "dns";
    /** What is asked for, without a trailing dot. */
    readonly name: string;
    readonly record: DnsRecord;
    readonly transport: DnsTransport;
    readonly expect: {
      readonly rcode: DnsRcode;
      /** Each of them must be among the answers of the asked type. Empty: there must be none. Null: at least one, if `rcode` is NOERROR. */
      readonly answers: readonly string[] | null;
    };
    /** `latency` only. */
    readonly assertions: readonly Assertion[];
  };

/** `count` echo requests one after another; good when one is answered at least. */
export type IcmpProbeDefinition = ProbeCommon & {
  readonly type: "icmp";
  readonly host: string;
  readonly count: number;
  /** `latency` only: the mean round trip of those that were answered. */
  readonly assertions: readonly Assertion[];
};

/** `grpc.health.v1.Health/Check`; the answer must be SERVING. */
export type GrpcProbeDefinition = ProbeCommon &
  HostAndPort & {
    readonly type: "grpc";
    /** Empty: the server as a whole. */
    readonly service: string;
    /** False: plain HTTP/2. */
    readonly tls: boolean;
    /** `certificate` and `latency` only. */
    readonly assertions: readonly Assertion[];
  };

/** Upgrades; sends `send` when it is given; waits for a message in which `expect` (RE2) is found when it is given. */
export type WebsocketProbeDefinition = ProbeCommon & {
  readonly type: "websocket";
  /** ws: or wss: */
  readonly url: string;
  readonly headers: HeaderFields;
  readonly auth: HttpAuth | null;
  readonly send: string | null;
  readonly expect: string | null;
  /** `certificate` and `latency` only. */
  readonly assertions: readonly Assertion[];
};

/** When beats are due. Cron: five fields, or six with seconds first, read in the time zone (IANA name). */
export type HeartbeatSchedule =
  | { readonly kind: "interval"; readonly everyMs: DurationMs }
  | { readonly kind: "cron"; readonly expression: string; readonly timeZone: string };

/**
 * Inbound: nothing is asked, beats are pushed to us. At each slot the question is whether the last beat that was due,
 * grace included, has come and said "up". `intervalMs` is the time between these questions: that of the schedule, but
 * a minute at most, so that a missing daily job is known soon after its grace.
 */
export type HeartbeatProbeDefinition = ProbeCommon & {
  readonly type: "heartbeat";
  readonly schedule: HeartbeatSchedule;
  readonly graceMs: DurationMs;
  /** Stands in the address that beats are pushed to; a secret in logs and pages. Unique in the file. */
  readonly token: string;
};

/** Where a variable of a journey comes from. It must be found, or the step fails (`body_mismatch`). */
export type Extraction = { readonly name: string } & (
  | { readonly from: "json_path"; readonly path: string }
  /** `header`: in lower case. */
  | { readonly from: "header"; readonly header: string }
  /** RE2 on the body; the first group, or the whole match when there is none. */
  | { readonly from: "pattern"; readonly pattern: string }
);

/** One HTTP request. `{{name}}` in path and query of `url`, in header values and in `body` stands for an extracted value. */
export type JourneyStep = {
  /** Unique in the journey. */
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly method: HttpMethod;
  readonly headers: HeaderFields;
  readonly body: string | null;
  readonly auth: HttpAuth | null;
  readonly maxRedirects: number;
  readonly timeoutMs: DurationMs;
  readonly assertions: readonly Assertion[];
  readonly extract: readonly Extraction[];
  /** Teardown: runs also after an earlier step failed, in its place among the steps that still run. */
  readonly always: boolean;
};

/** Steps in order; the first one that fails ends the journey but for its `always` steps and gives the class. */
export type JourneyProbeDefinition = ProbeCommon & {
  readonly type: "journey";
  readonly steps: readonly JourneyStep[];
  /** `latency` only: of the whole journey. */
  readonly assertions: readonly Assertion[];
};

/** A health document (health+json, Spring Actuator, ASP.NET, terminus); each of its entries becomes a part of its own. */
export type HealthJsonProbeDefinition = ProbeCommon & {
  readonly type: "health_json";
  readonly url: string;
  readonly headers: HeaderFields;
  readonly auth: HttpAuth | null;
  readonly clientCertificate: ClientCertificate | null;
  readonly maxRedirects: number;
  /** Any but `status`: health documents come with 2xx and 5xx alike, and the document itself says how things are. */
  readonly assertions: readonly Assertion[];
};

export type ProbeDefinition =
  | HttpProbeDefinition
  | TcpProbeDefinition
  | TlsProbeDefinition
  | DnsProbeDefinition
  | IcmpProbeDefinition
  | GrpcProbeDefinition
  | WebsocketProbeDefinition
  | HeartbeatProbeDefinition
  | JourneyProbeDefinition
  | HealthJsonProbeDefinition;

export type ProbeType = ProbeDefinition["type"];
