import { withDefaultStatus } from "#lib/core/assertions.ts";
import type {
  Assertion,
  ClientCertificate,
  DnsProbeDefinition,
  Extraction,
  HeartbeatProbeDefinition,
  HttpProbeDefinition,
  JourneyProbeDefinition,
  JourneyStep,
  ProbeDefinition,
} from "#lib/core/definitions.ts";
import { formatDuration } from "#lib/core/duration.ts";
import type { DurationMs } from "#lib/core/units.ts";
import { SECOND_MS } from "#lib/core/units.ts";
import type { ExportContext, Section } from "./context.ts";
import { exportAssertion, exportAuth, exportHeaders, known, said, unless } from "./context.ts";

/** The longest time that is given to a run when the file does not say, as in to/probe.ts. */
const DEFAULT_TIMEOUT_MS = 10 * SECOND_MS;
const DEFAULT_JOURNEY_TIMEOUT_MS = 30 * SECOND_MS;
const MAX_REDIRECTS = 10;

const exportTimeout = (timeoutMs: DurationMs, withinMs: DurationMs, longestMs = DEFAULT_TIMEOUT_MS) =>
  timeoutMs === Math.min(longestMs, withinMs) ? undefined : formatDuration(timeoutMs);

const exportAssertions = (assertions: readonly Assertion[], standard: readonly Assertion[] = []) =>
  unless(assertions, standard)?.map(exportAssertion);

const exportCertificate = (
  certificate: ClientCertificate | null,
  place: readonly string[],
  { secret }: ExportContext,
): Section | undefined =>
  certificate === null
    ? undefined
    : {
        cert: secret(certificate.certPem, [...place, "certificate"]),
        key: secret(certificate.keyPem, [...place, "key"]),
      };

const exportRequest = (
  request: Pick<HttpProbeDefinition, "url" | "method" | "headers" | "body" | "auth" | "maxRedirects">,
  place: readonly string[],
  context: ExportContext,
): Section => ({
  url: request.url,
  method: unless(request.method, "GET"),
  headers: exportHeaders(request.headers, place, context),
  body: known(request.body),
  auth: exportAuth(request.auth, place, context),
  max_redirects: unless(request.maxRedirects, MAX_REDIRECTS),
});

const exportDns = (probe: DnsProbeDefinition): Section => ({
  name: probe.name,
  record: unless(probe.record, "A"),
  resolver: probe.host,
  port: unless(probe.port, probe.transport === "tls" ? 853 : 53),
  transport: unless(probe.transport, "udp"),
  expect: unless<Section>(said({ rcode: probe.expect.rcode, answers: known(probe.expect.answers) }), {
    rcode: "NOERROR",
  }),
});

const exportExtraction = (one: Extraction): Section => {
  switch (one.from) {
    case "json_path":
      return { name: one.name, json_path: one.path };
    case "header":
      return { name: one.name, header: one.header };
    case "pattern":
      return { name: one.name, pattern: one.pattern };
  }
};

const exportStep = (step: JourneyStep, journey: JourneyProbeDefinition, context: ExportContext): Section =>
  said({
    id: step.id,
    name: unless(step.name, step.id),
    ...exportRequest(step, [journey.id, step.id], context),
    timeout: exportTimeout(step.timeoutMs, journey.timeoutMs),
    assertions: exportAssertions(step.assertions, withDefaultStatus([])),
    extract: unless(step.extract, [])?.map(exportExtraction),
    always: unless(step.always, false),
  });

const exportHeartbeat = (probe: HeartbeatProbeDefinition, { secret }: ExportContext): Section => {
  const { schedule, graceMs } = probe;
  return {
    ...(schedule.kind === "interval"
      ? { interval: formatDuration(schedule.everyMs) }
      : { cron: schedule.expression, time_zone: unless(schedule.timeZone, "UTC") }),
    grace: unless(formatDuration(graceMs), "1m"),
    token: secret(probe.token, [probe.id, "token"]),
    locations: probe.locations,
  };
};

/** What the types have beside the fields of all. */
const exportOwn = (probe: Exclude<ProbeDefinition, HeartbeatProbeDefinition>, context: ExportContext): Section => {
  const place = [probe.id];
  const assertions = exportAssertions(probe.assertions);
  const webAssertions = () => exportAssertions(probe.assertions, withDefaultStatus([]));
  switch (probe.type) {
    case "http":
      return {
        ...exportRequest(probe, place, context),
        client_certificate: exportCertificate(probe.clientCertificate, place, context),
        http2: unless(probe.http2, false),
        connection: unless(probe.connection, "fresh"),
        assertions: webAssertions(),
      };
    case "health_json":
      return {
        ...exportRequest({ ...probe, method: "GET", body: null }, place, context),
        client_certificate: exportCertificate(probe.clientCertificate, place, context),
        assertions,
      };
    case "websocket": {
      const { url, send, expect } = probe;
      const headers = exportHeaders(probe.headers, place, context);
      const auth = exportAuth(probe.auth, place, context);
      return { url, headers, auth, send: known(send), expect: known(expect), assertions };
    }
    case "tcp":
      return { host: probe.host, port: probe.port, send: known(probe.send), expect: known(probe.expect), assertions };
    case "tls":
      return {
        host: probe.host,
        port: unless(probe.port, 443),
        server_name: unless(probe.serverName, probe.host),
        min_protocol: unless(probe.minProtocol, "TLSv1.2"),
        assertions,
      };
    case "dns":
      return { ...exportDns(probe), assertions };
    case "icmp":
      return { host: probe.host, count: unless(probe.count, 3), assertions };
    case "grpc":
      return {
        host: probe.host,
        port: unless(probe.port, 443),
        service: unless(probe.service, ""),
        tls: unless(probe.tls, true),
        assertions,
      };
    case "journey":
      return { steps: probe.steps.map((step) => exportStep(step, probe, context)), assertions };
  }
};

/** A probe in the words of the file, so that reading it gives the same definition again. Defaults are left out. */
export const exportProbe = (probe: ProbeDefinition, context: ExportContext): Section => {
  const { id, type } = probe;
  if (probe.type === "heartbeat") return said({ id, type, ...exportHeartbeat(probe, context) });
  const { intervalMs, timeoutMs, locations } = probe;
  const longest = probe.type === "journey" ? DEFAULT_JOURNEY_TIMEOUT_MS : DEFAULT_TIMEOUT_MS;
  return said({
    id,
    type,
    interval: formatDuration(intervalMs),
    timeout: exportTimeout(timeoutMs, intervalMs, longest),
    locations,
    ...exportOwn(probe, context),
  });
};
