import { z } from "zod";
import { DNS_RCODES, DNS_RECORDS, DNS_TRANSPORTS, TLS_VERSIONS } from "#lib/core/definitions.ts";
import { DAY_MS, SECOND_MS } from "#lib/core/units.ts";
import { checkDnsName } from "../rules/dns.ts";
import { checkSecretReference } from "../rules/host.ts";
import { checkSocketUrl, checkStepUrl } from "../rules/url.ts";
import { checkInteger, checkTimeZone, duration, number, text } from "../scalars.ts";
import { documentAssertions, httpAssertions, latencyAssertions, secureAssertions } from "./assertion.ts";
import {
  auth,
  body,
  clientCertificate,
  common,
  expected,
  headers,
  host,
  id,
  maxRedirects,
  method,
  name,
  port,
  probeId,
  sent,
  webUrl,
} from "./fields.ts";

// One shape a type of probe. What takes two values to judge is in check/probe.ts.

const type = <const Type extends string>(word: Type, description: string) => z.literal(word).meta({ description });
const flag = (description: string, standard: boolean) =>
  z.boolean().meta({ description, default: standard }).optional();

const HttpFile = z.strictObject({
  id: probeId,
  type: type("http", "A request over HTTP"),
  ...common,
  url: webUrl("Address to ask. Private addresses need `egress.allow`"),
  method,
  headers,
  body,
  auth,
  client_certificate: clientCertificate,
  http2: flag("Offers HTTP/2 in the handshake and speaks it when the server takes it. Needs `https`", false),
  connection: z
    .enum(["fresh", "reuse"])
    .meta({
      description:
        "`fresh`: a new connection for each run, so that all phases are measured; `reuse`: kept between runs; not with `POST`, `PATCH` or `http2`",
      default: "fresh",
    })
    .optional(),
  max_redirects: maxRedirects,
  assertions: httpAssertions,
});

const TcpFile = z.strictObject({
  id: probeId,
  type: type("tcp", "A TCP connection, with something said over it if wanted"),
  ...common,
  host: host("Host to connect to. Private addresses need `egress.allow`"),
  port: port("Port to connect to"),
  send: sent,
  expect: expected("What must come back, anywhere in the first 64 kB"),
  assertions: latencyAssertions,
});

const TlsFile = z.strictObject({
  id: probeId,
  type: type("tls", "A TLS handshake: chain, host name, dates and protocol"),
  ...common,
  host: host("Host to connect to. Private addresses need `egress.allow`"),
  port: port("Port to connect to", 443).optional(),
  server_name: text(checkDnsName, {
    description: "Name to ask for and to find in the certificate",
    "x-type": "host name",
    "x-default": "the host",
  }).optional(),
  min_protocol: z
    .enum(TLS_VERSIONS)
    .meta({ description: "Oldest version of TLS that is good enough", default: "TLSv1.2" })
    .optional(),
  assertions: secureAssertions,
});

const DnsExpectFile = z.strictObject({
  rcode: z.enum(DNS_RCODES).meta({ description: "Code of the answer", default: "NOERROR" }).optional(),
  answers: z
    .array(z.string())
    .max(100)
    .meta({
      description:
        "Each of them must be among the records of the asked type, written as in a zone file: `93.184.216.34`, `10 mx1.example.com`. `[]`: there must be none",
      "x-default": "one or more of any kind, when `rcode` is NOERROR",
    })
    .optional(),
});

const DnsFile = z.strictObject({
  id: probeId,
  type: type("dns", "A question to a resolver"),
  ...common,
  name: text(checkDnsName, { description: "What is asked for", "x-type": "domain name" }),
  record: z.enum(DNS_RECORDS).meta({ description: "Type of record", default: "A" }).optional(),
  resolver: host("Resolver or name server to ask. Private addresses need `egress.allow`"),
  port: port("Port of the resolver").meta({ "x-default": "53; 853 for `tls`" }).optional(),
  transport: z
    .enum(DNS_TRANSPORTS)
    .meta({
      description: "`udp` (again over TCP when the answer is cut short), `tcp`, or `tls` (RFC 7858)",
      default: "udp",
    })
    .optional(),
  expect: DnsExpectFile.meta({ description: "What the answer must be", "x-default": "a record or more" }).optional(),
  assertions: latencyAssertions,
});

const IcmpFile = z.strictObject({
  id: probeId,
  type: type("icmp", "Echo requests (ping)"),
  ...common,
  host: host("Host to ask. Private addresses need `egress.allow`"),
  count: number(checkInteger(1, 10), {
    description: "Requests a run; one answer at least must come",
    default: 3,
    type: "integer",
    minimum: 1,
    maximum: 10,
  }).optional(),
  assertions: latencyAssertions,
});

const GrpcFile = z.strictObject({
  id: probeId,
  type: type("grpc", "The standard health service of gRPC; it must say SERVING"),
  ...common,
  host: host("Host to connect to. Private addresses need `egress.allow`"),
  port: port("Port to connect to", 443).optional(),
  service: text(
    (value) => (value.length > 256 ? { kind: "limit", message: "must have at most 256 characters" } : null),
    { description: "Service to ask about", maxLength: 256, "x-default": "the server as a whole" },
  ).optional(),
  tls: flag("Whether the connection is protected", true),
  assertions: secureAssertions,
});

const WebsocketFile = z.strictObject({
  id: probeId,
  type: type("websocket", "A WebSocket, with something said over it if wanted"),
  ...common,
  url: text(checkSocketUrl, {
    description: "Address to connect to. Private addresses need `egress.allow`",
    format: "uri",
    "x-type": "URL",
    "x-limits": "ws or wss, no user name, 2,048 characters",
  }),
  headers,
  auth,
  send: sent,
  expect: expected("What must be in one of the messages that come back"),
  assertions: secureAssertions,
});

const HeartbeatFile = z.strictObject({
  id: probeId,
  type: type("heartbeat", "Nothing is asked: something of yours reports, and its silence is the outage"),
  interval: common.interval
    .meta({
      description: "Time between two beats. Either this or `cron`",
      "x-default": "**required**, but with `cron`",
    })
    .optional(),
  cron: text(() => null, {
    description: "When beats are due, in five fields (or six with seconds first)",
    "x-type": "cron expression",
    "x-default": "none",
  }).optional(),
  time_zone: text(checkTimeZone, {
    description: "Zone of `cron`",
    default: "UTC",
    "x-type": "IANA time zone",
  }).optional(),
  grace: duration(
    { min: SECOND_MS, max: 7 * DAY_MS },
    { description: "How late a beat may be", default: "1m" },
  ).optional(),
  token: text(checkSecretReference, {
    description: "Last part of the address that beats are sent to: letters, digits, dashes and underscores",
    "x-type": "secret",
    "x-limits": "`env:NAME` or `file:PATH`; 16 to 200 characters",
  }),
  locations: common.locations.max(1).meta({ description: "The location that the beats count for", maxItems: 1 }),
});

const ExtractionFile = z.strictObject({
  name: text(() => null, {
    description: "How later steps write it: `{{name}}`",
    pattern: "^[a-z][a-z0-9_]{0,62}$",
    "x-type": "name",
  }),
  json_path: text(() => null, { description: "RFC 9535 path into the body", "x-default": "none" }).optional(),
  header: text(() => null, { description: "Name of a header of the answer", "x-default": "none" }).optional(),
  pattern: text(() => null, {
    description: "RE2 pattern on the body: its first group, or all of it",
    "x-default": "none",
  }).optional(),
});

const StepFile = z.strictObject({
  id: id("step, in the journey"),
  name: name("What people call the step", { "x-default": "the id" }).optional(),
  url: text(checkStepUrl, {
    description: "Address to ask; `{{name}}` in path or query stands for a value of an earlier step",
    "x-type": "URL",
    "x-limits": "as for `http`",
  }),
  method,
  headers,
  body,
  auth,
  timeout: duration(
    { min: 1, max: DAY_MS },
    { description: "Deadline of the step; at most that of the journey", "x-default": "the journey's, at most 10s" },
  ).optional(),
  max_redirects: maxRedirects,
  assertions: httpAssertions,
  extract: z
    .array(ExtractionFile)
    .max(20)
    .meta({ description: "Values for later steps; each has one of `json_path`, `header`, `pattern`", default: [] })
    .optional(),
  always: flag("Runs also after a step that failed: for putting things back as they were", false),
});

const JourneyFile = z.strictObject({
  id: probeId,
  type: type("journey", "Requests one after another, as a customer makes them"),
  ...common,
  timeout: duration(
    { min: 1, max: DAY_MS },
    { description: "Deadline over all steps; at most the interval", "x-default": "the interval, at most 30s" },
  ).optional(),
  steps: z.array(StepFile).min(1).max(50).meta({ description: "In their order; the first failure ends the journey" }),
  assertions: latencyAssertions,
});

const HealthJsonFile = z.strictObject({
  id: probeId,
  type: type("health_json", "A health document, as of health+json, Spring Actuator, ASP.NET or terminus"),
  ...common,
  url: webUrl("Address of the document. Private addresses need `egress.allow`"),
  headers,
  auth,
  client_certificate: clientCertificate,
  max_redirects: maxRedirects,
  assertions: documentAssertions,
});

export const ProbeFile = z.discriminatedUnion("type", [
  HttpFile,
  TcpFile,
  TlsFile,
  DnsFile,
  IcmpFile,
  GrpcFile,
  WebsocketFile,
  HeartbeatFile,
  JourneyFile,
  HealthJsonFile,
]);
export type ProbeFile = z.infer<typeof ProbeFile>;
export type StepFile = z.infer<typeof StepFile>;
