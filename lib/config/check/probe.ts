import type { DnsRecord } from "#lib/core/definitions.ts";
import { DNS_RCODES, DNS_RECORDS } from "#lib/core/definitions.ts";
import { checkPattern } from "../assertion-values.ts";
import type { Complaint, Fault } from "../config-error.ts";
import type { Mapping } from "../read-document.ts";
import { isMapping } from "../read-document.ts";
import type { Ids, Placed } from "../references.ts";
import { checkReferences, entriesOf, fieldOf } from "../references.ts";
import { checkAnswer } from "../rules/dns.ts";
import { readDurationWithin } from "../scalars.ts";
import { LIMITS } from "../schema/fields.ts";
import { checkHeartbeat } from "./heartbeat.ts";
import type { JourneyDeps } from "./journey.ts";
import { checkJourney } from "./journey.ts";
import { checkAssertions, checkAuth, checkClientCertificate, checkHeaders, placed } from "./request.ts";

export type ProbeDeps = JourneyDeps & {
  readonly locations: Ids;
  /** Tokens of the heartbeats before. */
  readonly tokens: Set<string>;
};

const checkField = (probe: Placed<Mapping>, key: string, check: (text: string) => Complaint | null): Fault[] => {
  const { path, value } = fieldOf(probe, key);
  return typeof value === "string" ? placed(path, check(value)) : [];
};

const checkTimeout = (probe: Placed<Mapping>): Fault[] => {
  const timeout = readDurationWithin(LIMITS.timeout, probe.value.timeout);
  const interval = readDurationWithin(LIMITS.interval, probe.value.interval);
  if (timeout === null || interval === null || timeout <= interval) return [];
  return [{ path: [...probe.path, "timeout"], kind: "conflict", message: "must not be longer than the interval" }];
};

const checkHttp2 = (probe: Placed<Mapping>): Fault[] => {
  const { url, http2 } = probe.value;
  if (http2 !== true || typeof url !== "string" || !/^http:/i.test(url)) return [];
  return [{ path: [...probe.path, "http2"], kind: "conflict", message: "needs an address that starts with https" }];
};

/** A request that must not be sent twice needs a connection that the server cannot have closed already. */
const checkReuse = (probe: Placed<Mapping>): Fault[] => {
  const { connection, method, http2 } = probe.value;
  const path = [...probe.path, "connection"];
  if (connection !== "reuse") return [];
  if (method === "POST" || method === "PATCH")
    return [{ path, kind: "conflict", message: `cannot be reuse with the method ${method}` }];
  return http2 === true ? [{ path, kind: "conflict", message: "cannot be reuse with http2" }] : [];
};

const isRecord = (value: unknown): value is DnsRecord => DNS_RECORDS.some((record) => record === value);

const checkDns = (probe: Placed<Mapping>): Fault[] => {
  const record = probe.value.record ?? "A";
  const expect = fieldOf(probe, "expect");
  if (!isRecord(record) || !isMapping(expect.value)) return [];
  const { rcode } = expect.value;
  const answers = entriesOf(expect, "answers");
  if (answers.length > 0 && rcode !== "NOERROR" && DNS_RCODES.some((known) => known === rcode)) {
    const path = [...expect.path, "answers"];
    return [{ path, kind: "conflict", message: "cannot be due beside another rcode than NOERROR" }];
  }
  const texts = answers.map(({ value }) => value);
  return answers.flatMap(({ path, value }, index): Fault[] => {
    if (typeof value !== "string") return [];
    if (texts.indexOf(value) < index) return [{ path, kind: "duplicate", message: "is in the list already" }];
    return placed(path, checkAnswer(record, value));
  });
};

/** What the types of probes need beside what all of them do. */
const checkByType = (probe: Placed<Mapping>, deps: ProbeDeps): Fault[] => {
  const { rules } = deps;
  switch (probe.value.type) {
    case "http":
    case "health_json":
      return [
        ...checkField(probe, "url", rules.checkProbeUrl),
        ...checkHeaders(probe),
        ...checkAuth(probe, deps),
        ...checkClientCertificate(probe, deps),
        ...checkHttp2(probe),
        ...checkReuse(probe),
      ];
    case "websocket":
      return [
        ...checkField(probe, "url", rules.checkSocketUrl),
        ...checkHeaders(probe),
        ...checkAuth(probe, deps),
        ...checkField(probe, "expect", checkPattern),
      ];
    case "tcp":
      return [...checkField(probe, "host", rules.checkHost), ...checkField(probe, "expect", checkPattern)];
    case "tls":
    case "icmp":
    case "grpc":
      return checkField(probe, "host", rules.checkHost);
    case "dns":
      return [...checkField(probe, "resolver", rules.checkHost), ...checkDns(probe)];
    case "heartbeat":
      return checkHeartbeat(probe, deps, deps.tokens);
    case "journey":
      return checkJourney(probe, deps);
    default:
      return [];
  }
};

/** Checks what takes more than one value to judge in a probe, or the policy, or a secret. */
export const checkProbe = (probe: Placed<Mapping>, deps: ProbeDeps): Fault[] => [
  ...checkByType(probe, deps),
  ...checkTimeout(probe),
  ...checkReferences(probe, "locations", deps.locations, deps.suggest),
  ...checkAssertions(probe),
];
