import { withDefaultStatus } from "#lib/core/assertions.ts";
import type {
  Assertion,
  AssertionValue,
  ClientCertificate,
  DnsProbeDefinition,
  Extraction,
  HeaderFields,
  HeartbeatProbeDefinition,
  HttpAuth,
  JourneyProbeDefinition,
  JourneyStep,
  ProbeDefinition,
} from "#lib/core/definitions.ts";
import { normaliseAnswer, normaliseDomain } from "#lib/core/dns-answer.ts";
import type { DurationMs } from "#lib/core/units.ts";
import { DAY_MS, durationMs, MINUTE_MS, SECOND_MS } from "#lib/core/units.ts";
import type { Path } from "../config-error.ts";
import { readHost } from "../rules/host.ts";
import { toDuration } from "../scalars.ts";
import type { AssertionFile } from "../schema/assertion.ts";
import type { ProbeFile, StepFile } from "../schema/probe.ts";

/** What the `env:` or `file:` reference at a path leads to. */
export type SecretOf = (path: Path) => string;

type FileOf<Type extends ProbeFile["type"]> = Extract<ProbeFile, { type: Type }>;

const DEFAULT_TIMEOUT_MS = 10 * SECOND_MS;
const DEFAULT_JOURNEY_TIMEOUT_MS = 30 * SECOND_MS;
const MAX_REDIRECTS = 10;
const daysOf = (value: unknown): number => (typeof value === "string" ? toDuration(value) / DAY_MS : Number(value));

/** An assertion of the file as the engine knows it. Its value was checked against type and operator before. */
const toAssertion = (file: AssertionFile): Assertion => {
  const value = (file.op === "exists" ? (file.value ?? true) : file.value) as AssertionValue;
  switch (file.type) {
    case "latency":
      return { type: "latency", op: file.op, valueMs: toDuration(String(file.value)) };
    case "certificate":
      return { type: "certificate", op: file.op, value: daysOf(file.value) };
    case "header":
      return { type: "header", name: file.name.toLowerCase(), op: file.op, value };
    case "json_path":
      return { type: "json_path", path: file.path, op: file.op, value };
    case "status":
      return { type: "status", op: file.op, value };
    case "body":
      return { type: "body", op: file.op, value };
  }
};
const toAssertions = (files: readonly AssertionFile[] | undefined): Assertion[] => (files ?? []).map(toAssertion);

/** Header fields under their names in lower case. */
export const toHeaders = (headers: Readonly<Record<string, string>> | undefined): HeaderFields =>
  Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));

const toTimeout = (timeout: string | undefined, intervalMs: DurationMs, longestMs = DEFAULT_TIMEOUT_MS): DurationMs =>
  timeout === undefined ? durationMs(Math.min(longestMs, intervalMs)) : toDuration(timeout);

/** Credentials with the secrets that they refer to; null when there are none. */
export const toAuth = (auth: FileOf<"http">["auth"], path: Path, secretOf: SecretOf): HttpAuth | null => {
  if (auth?.basic !== undefined) {
    return { kind: "basic", username: auth.basic.username, password: secretOf([...path, "auth", "basic", "password"]) };
  }
  return auth?.bearer === undefined ? null : { kind: "bearer", token: secretOf([...path, "auth", "bearer"]) };
};

const toClientCertificate = (
  file: FileOf<"http">["client_certificate"],
  path: Path,
  secretOf: SecretOf,
): ClientCertificate | null => {
  if (file === undefined) return null;
  const at = [...path, "client_certificate"];
  return { certPem: secretOf([...at, "cert"]), keyPem: secretOf([...at, "key"]) };
};

const toDns = (file: FileOf<"dns">) => {
  const record = file.record ?? "A";
  const transport = file.transport ?? "udp";
  const answers = file.expect?.answers?.map((answer) => normaliseAnswer(record, answer) ?? answer) ?? null;
  return {
    type: "dns",
    name: normaliseDomain(file.name) ?? file.name,
    record,
    host: toHost(file.resolver),
    port: file.port ?? (transport === "tls" ? 853 : 53),
    transport,
    expect: { rcode: file.expect?.rcode ?? "NOERROR", answers },
    assertions: toAssertions(file.assertions),
  } satisfies Omit<DnsProbeDefinition, "id" | "intervalMs" | "timeoutMs" | "locations">;
};

const toHeartbeat = (file: FileOf<"heartbeat">, path: Path, secretOf: SecretOf): HeartbeatProbeDefinition => {
  const schedule: HeartbeatProbeDefinition["schedule"] =
    file.cron === undefined
      ? { kind: "interval", everyMs: toDuration(file.interval ?? "") }
      : { kind: "cron", expression: file.cron.trim(), timeZone: file.time_zone ?? "UTC" };
  const intervalMs = durationMs(schedule.kind === "interval" ? Math.min(schedule.everyMs, MINUTE_MS) : MINUTE_MS);
  return {
    type: "heartbeat",
    id: file.id,
    intervalMs,
    timeoutMs: toTimeout(undefined, intervalMs),
    locations: file.locations,
    schedule,
    graceMs: toDuration(file.grace ?? "1m"),
    token: secretOf([...path, "token"]),
  };
};

const toExtraction = (file: NonNullable<StepFile["extract"]>[number]): Extraction => {
  const { name } = file;
  if (file.json_path !== undefined) return { name, from: "json_path", path: file.json_path };
  if (file.header !== undefined) return { name, from: "header", header: file.header.toLowerCase() };
  return { name, from: "pattern", pattern: file.pattern ?? "" };
};

const toStep = (file: StepFile, path: Path, journeyMs: DurationMs, secretOf: SecretOf): JourneyStep => ({
  id: file.id,
  name: file.name ?? file.id,
  url: file.url,
  method: file.method ?? "GET",
  headers: toHeaders(file.headers),
  body: file.body ?? null,
  auth: toAuth(file.auth, path, secretOf),
  maxRedirects: file.max_redirects ?? MAX_REDIRECTS,
  timeoutMs: toTimeout(file.timeout, journeyMs),
  assertions: withDefaultStatus(toAssertions(file.assertions)),
  extract: (file.extract ?? []).map(toExtraction),
  always: file.always ?? false,
});

const toJourney = (file: FileOf<"journey">, path: Path, secretOf: SecretOf): JourneyProbeDefinition => {
  const intervalMs = toDuration(file.interval);
  const timeoutMs = toTimeout(file.timeout, intervalMs, DEFAULT_JOURNEY_TIMEOUT_MS);
  return {
    type: "journey",
    id: file.id,
    intervalMs,
    timeoutMs,
    locations: file.locations,
    steps: file.steps.map((step, index) => toStep(step, [...path, "steps", index], timeoutMs, secretOf)),
    assertions: toAssertions(file.assertions),
  };
};

const toHost = (text: string): string => readHost(text) ?? text;

const toHttp = (file: FileOf<"http">, path: Path, secretOf: SecretOf) => ({
  type: "http" as const,
  url: file.url,
  method: file.method ?? "GET",
  headers: toHeaders(file.headers),
  body: file.body ?? null,
  auth: toAuth(file.auth, path, secretOf),
  clientCertificate: toClientCertificate(file.client_certificate, path, secretOf),
  http2: file.http2 ?? false,
  connection: file.connection ?? "fresh",
  maxRedirects: file.max_redirects ?? MAX_REDIRECTS,
  assertions: withDefaultStatus(toAssertions(file.assertions)),
});

const toWebsocket = (file: FileOf<"websocket">, path: Path, secretOf: SecretOf) => ({
  type: "websocket" as const,
  url: file.url,
  headers: toHeaders(file.headers),
  auth: toAuth(file.auth, path, secretOf),
  send: file.send ?? null,
  expect: file.expect ?? null,
  assertions: toAssertions(file.assertions),
});

const toHealthJson = (file: FileOf<"health_json">, path: Path, secretOf: SecretOf) => ({
  type: "health_json" as const,
  url: file.url,
  headers: toHeaders(file.headers),
  auth: toAuth(file.auth, path, secretOf),
  clientCertificate: toClientCertificate(file.client_certificate, path, secretOf),
  maxRedirects: file.max_redirects ?? MAX_REDIRECTS,
  assertions: toAssertions(file.assertions),
});

const toHostCheck = (file: FileOf<"tcp" | "tls" | "icmp" | "grpc">) => {
  const host = toHost(file.host);
  const assertions = toAssertions(file.assertions);
  switch (file.type) {
    case "tcp":
      return {
        type: file.type,
        host,
        port: file.port,
        send: file.send ?? null,
        expect: file.expect ?? null,
        assertions,
      };
    case "tls": {
      const serverName = file.server_name?.toLowerCase() ?? host;
      const minProtocol = file.min_protocol ?? "TLSv1.2";
      return { type: file.type, host, port: file.port ?? 443, serverName, minProtocol, assertions };
    }
    case "icmp":
      return { type: file.type, host, count: file.count ?? 3, assertions };
    case "grpc":
      return {
        type: file.type,
        host,
        port: file.port ?? 443,
        service: file.service ?? "",
        tls: file.tls ?? true,
        assertions,
      };
  }
};

/** A probe of the file as the engine knows it, defaults filled in. @param path where it stands in the file. */
export const toProbe = (file: ProbeFile, path: Path, secretOf: SecretOf): ProbeDefinition => {
  if (file.type === "heartbeat") return toHeartbeat(file, path, secretOf);
  if (file.type === "journey") return toJourney(file, path, secretOf);
  const intervalMs = toDuration(file.interval);
  const common = { id: file.id, intervalMs, timeoutMs: toTimeout(file.timeout, intervalMs), locations: file.locations };
  switch (file.type) {
    case "http":
      return { ...common, ...toHttp(file, path, secretOf) };
    case "dns":
      return { ...common, ...toDns(file) };
    case "websocket":
      return { ...common, ...toWebsocket(file, path, secretOf) };
    case "health_json":
      return { ...common, ...toHealthJson(file, path, secretOf) };
    case "tcp":
    case "tls":
    case "icmp":
    case "grpc":
      return { ...common, ...toHostCheck(file) };
  }
};
