import type {
  Config,
  EndpointDefinition,
  HttpProbeDefinition,
  ServiceDefinition,
  SloDefinition,
} from "#lib/core/definitions.ts";
import { DAY_MS, durationMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";

export const sampleProbe = (changes: Partial<HttpProbeDefinition> = {}): HttpProbeDefinition => ({
  type: "http",
  id: "shop-home",
  url: "https://shop.example/health",
  method: "GET",
  headers: {},
  body: null,
  auth: null,
  clientCertificate: null,
  http2: false,
  connection: "fresh",
  intervalMs: durationMs(30_000),
  timeoutMs: durationMs(5_000),
  maxRedirects: 10,
  locations: ["fra"],
  assertions: [{ type: "status", op: "in", value: ["2xx"] }],
  ...changes,
});

export const sampleSlo = (changes: Partial<SloDefinition> = {}): SloDefinition => ({
  id: "shop-availability",
  sli: { kind: "availability" },
  probes: ["shop-home"],
  objective: "99.9",
  window: { kind: "rolling", durationMs: durationMs(28 * DAY_MS) },
  burnRateAlerts: [
    {
      id: "page_1h_5m",
      severity: "page",
      longMs: durationMs(HOUR_MS),
      shortMs: durationMs(5 * MINUTE_MS),
      factor: "13.44",
      minBadLong: 3,
      minBadShort: 2,
      notify: null,
    },
  ],
  ...changes,
});

export const sampleService = (changes: Partial<ServiceDefinition> = {}): ServiceDefinition => ({
  id: "shop",
  name: "Shop API",
  description: null,
  group: "Shopping",
  probes: [sampleProbe()],
  slos: [sampleSlo()],
  ...changes,
});

export const sampleEndpoint = (changes: Partial<EndpointDefinition> = {}): EndpointDefinition => ({
  id: "oncall",
  type: "webhook",
  url: "https://hooks.example/canary-path?key=canary",
  secret: `whsec_${Buffer.from("canary-canary-canary-canary").toString("base64")}`,
  events: ["alert.firing", "alert.resolved"],
  timeoutMs: durationMs(5_000),
  ...changes,
});

/** One service with one probe and one SLO, one location, one endpoint. */
export const sampleConfig = (changes: Partial<Config> = {}): Config => ({
  version: 1,
  page: { name: "Acme", url: "https://status.acme.example", timeZone: "Asia/Seoul", languages: ["en", "ko"] },
  egress: { allow: [] },
  locations: [{ id: "fra", name: "Frankfurt" }],
  services: [sampleService()],
  notifications: [sampleEndpoint()],
  ...changes,
});
