import { isIP, isIPv4 } from "node:net";
import type { BlackboxFacts, BlackboxModule, PhaseSeconds } from "./blackbox-facts.ts";

type Sample = readonly [value: number, labels?: Readonly<Record<string, string>>];
type Family = readonly [name: string, help: string, samples: readonly Sample[]];

const SERVING = ["NOT_SERVING", "SERVICE_UNKNOWN", "SERVING", "UNKNOWN"] as const;

/** The bytes of an address in network order. */
const bytesOf = (address: string): number[] => {
  if (isIPv4(address)) return address.split(".").map(Number);
  const host = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1) ?? "::";
  const [head = "", tail] = host.split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const middle = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => "0");
  return [...before, ...middle, ...after].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
};

/** FNV-1a, 32 bit, of the bytes of an address: changes when the address does. */
export const hashOfAddress = (address: string): number => {
  let hash = 0x811c9dc5;
  for (const byte of bytesOf(address)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
};

const flag = (value: boolean): number => (value ? 1 : 0);
const byPhase = (phases: PhaseSeconds): Sample[] =>
  Object.entries(phases).map(([phase, seconds]): Sample => [seconds, { phase }]);
const one = (name: string, help: string, value: number): Family => [name, help, [[value]]];

const common = ({ address, ...facts }: BlackboxFacts): Family[] => [
  one("probe_success", "1 when the check was good, else 0.", flag(facts.isGood)),
  one("probe_duration_seconds", "How long the whole check took.", facts.durationSeconds),
  one("probe_dns_lookup_time_seconds", "How long it took to find the address.", facts.lookupSeconds),
  one("probe_ip_protocol", "4 or 6, as the address that was used; 0 without one.", isIP(address ?? "")),
  one(
    "probe_ip_addr_hash",
    "Hash of the address that was used: changes when the address does.",
    address === null ? 0 : hashOfAddress(address),
  ),
];

const tlsFamilies = ({ tls }: BlackboxFacts): Family[] => {
  if (tls === null) return [];
  const { fingerprint, subject, issuer } = tls;
  const info = { fingerprint_sha256: fingerprint, issuer, subject, subjectalternative: tls.names };
  return [
    one("probe_ssl_earliest_cert_expiry", "When the first certificate of the chain ends.", tls.earliestExpiry),
    one("probe_ssl_last_chain_expiry_timestamp_seconds", "When the trusted chain ends.", tls.earliestExpiry),
    ["probe_ssl_last_chain_info", "The certificate of the server.", [[1, info]]],
    ["probe_tls_version_info", "The version of TLS that was spoken.", [[1, { version: tls.version }]]],
    ["probe_tls_cipher_info", "The cipher suite that was agreed on.", [[1, { cipher: tls.cipher }]]],
  ];
};

const httpFamilies = ({ http }: BlackboxFacts): Family[] => {
  if (http === undefined) return [];
  return [
    ["probe_http_duration_seconds", "Time in each phase, over all redirects.", byPhase(http.phases)],
    one("probe_http_status_code", "Status of the last answer; 0 without one.", http.status),
    one("probe_http_version", "Version of HTTP of the last answer; 0 without one.", http.version),
    one("probe_http_ssl", "1 when the last answer came over TLS, else 0.", flag(http.isSecure)),
    one("probe_http_redirects", "How many redirects were followed.", http.redirects),
    one("probe_http_content_length", "Length that the answer gave; -1 when it gave none.", http.contentLength),
    one("probe_http_uncompressed_body_length", "Length of the body after decoding.", http.bodyLength),
    ...(http.lastModified === null
      ? []
      : [one("probe_http_last_modified_timestamp_seconds", "When the content last changed.", http.lastModified)]),
  ];
};

const dnsFamilies = ({ dns }: BlackboxFacts): Family[] => {
  if (dns === undefined) return [];
  return [
    ["probe_dns_duration_seconds", "Time in each phase.", byPhase(dns.phases)],
    one("probe_dns_query_succeeded", "1 when an answer came, else 0.", flag(dns.isAnswered)),
    one("probe_dns_answer_rrs", "Records in the answer section.", dns.answers),
    one("probe_dns_authority_rrs", "Records in the authority section.", dns.authorities),
    one("probe_dns_additional_rrs", "Records in the additional section.", dns.additional),
  ];
};

const icmpFamilies = ({ icmp }: BlackboxFacts): Family[] => {
  if (icmp === undefined) return [];
  const { phases, hopLimit } = icmp;
  return [
    ["probe_icmp_duration_seconds", "Time in each phase.", byPhase(phases)],
    ...(hopLimit === null
      ? []
      : [one("probe_icmp_reply_hop_limit", "Hop limit of the answer, TTL for IPv4.", hopLimit)]),
  ];
};

const grpcFamilies = ({ grpc, tls }: BlackboxFacts): Family[] => {
  if (grpc === undefined) return [];
  const said = SERVING.map((status): Sample => [flag(grpc.serving === status), { serving_status: status }]);
  return [
    ["probe_grpc_duration_seconds", "Time in each phase.", byPhase(grpc.phases)],
    one("probe_grpc_status_code", "Status of the call.", grpc.statusCode),
    one("probe_grpc_ssl", "1 when the call went over TLS, else 0.", flag(grpc.isSecure)),
    ...(grpc.serving === null
      ? []
      : [["probe_grpc_healthcheck_response", "What the health service said.", said] satisfies Family]),
    ...(tls === null
      ? [one("probe_ssl_earliest_cert_expiry", "When the certificate ends; 0 without one.", grpc.certificateExpiry)]
      : []),
  ];
};

/** Checks that read an answer could fail by a pattern; ours have none, and boards ask for the series all the same. */
const WITH_PATTERN: ReadonlySet<BlackboxModule> = new Set(["http_2xx", "tcp_connect", "tls_connect"]);

const escapeLabel = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');

const sampleLine = (name: string, [value, labels = {}]: Sample): string => {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`;
};

const familyText = ([name, help, samples]: Family): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${samples.map((sample) => sampleLine(name, sample)).join("")}`;

/**
 * What a check found in the text format of Prometheus, by the names, labels and types of blackbox_exporter (contracts.md,
 * 9), so that its boards and alerts work unchanged.
 */
export const blackboxText = (module: BlackboxModule, facts: BlackboxFacts): string =>
  [
    ...common(facts),
    ...(WITH_PATTERN.has(module)
      ? [one("probe_failed_due_to_regex", "1 when a pattern failed the check, else 0.", 0)]
      : []),
    ...httpFamilies(facts),
    ...dnsFamilies(facts),
    ...icmpFamilies(facts),
    ...grpcFamilies(facts),
    ...tlsFamilies(facts),
  ]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(familyText)
    .join("");
