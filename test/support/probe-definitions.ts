import type { JourneyStep, ProbeDefinition, ProbeType } from "#lib/core/definitions.ts";
import { durationMs } from "#lib/core/units.ts";

type Target = { readonly host: string; readonly port: number; readonly timeoutMs: number; readonly secret: string };

const timing = (timeoutMs: number) => ({
  id: "probe",
  intervalMs: durationMs(30_000),
  timeoutMs: durationMs(timeoutMs),
  locations: ["fra"],
});
const common = (timeoutMs: number) => ({ ...timing(timeoutMs), assertions: [] });

const step = (url: string, { timeoutMs, secret }: Target): JourneyStep => ({
  id: "first",
  name: "First",
  url,
  method: "GET",
  headers: { "x-api-key": secret },
  body: secret,
  auth: { kind: "bearer", token: secret },
  maxRedirects: 10,
  timeoutMs: durationMs(timeoutMs),
  assertions: [{ type: "status", op: "eq", value: "2xx" }],
  extract: [],
  always: false,
});

const request = ({ secret }: Target) => ({
  headers: { "x-api-key": secret },
  auth: { kind: "basic", username: "probe", password: secret } as const,
  maxRedirects: 10,
});

/** A definition of each type that asks one host and port, with a secret wherever the type can hold one. */
export const DEFINITIONS: Readonly<Record<ProbeType, (target: Target) => ProbeDefinition>> = {
  http: (target) => ({
    ...common(target.timeoutMs),
    ...request(target),
    type: "http",
    url: `http://${target.host}:${target.port}/?key=${target.secret}`,
    method: "POST",
    body: target.secret,
    clientCertificate: null,
    http2: false,
    connection: "fresh",
    assertions: [{ type: "status", op: "eq", value: "2xx" }],
  }),
  tcp: ({ host, port, timeoutMs, secret }) => ({
    ...common(timeoutMs),
    type: "tcp",
    host,
    port,
    send: `AUTH ${secret}\r\n`,
    expect: "^OK$",
  }),
  tls: ({ host, port, timeoutMs }) => ({
    ...common(timeoutMs),
    type: "tls",
    host,
    port,
    serverName: host,
    minProtocol: "TLSv1.2",
  }),
  dns: ({ host, port, timeoutMs }) => ({
    ...common(timeoutMs),
    type: "dns",
    host,
    port,
    name: "example.com",
    record: "A",
    transport: "udp",
    expect: { rcode: "NOERROR", answers: null },
  }),
  icmp: ({ host, timeoutMs }) => ({ ...common(timeoutMs), type: "icmp", host, count: 1 }),
  grpc: ({ host, port, timeoutMs }) => ({ ...common(timeoutMs), type: "grpc", host, port, service: "", tls: false }),
  websocket: (target) => ({
    ...common(target.timeoutMs),
    type: "websocket",
    url: `ws://${target.host}:${target.port}/?key=${target.secret}`,
    headers: { "x-api-key": target.secret },
    auth: { kind: "bearer", token: target.secret },
    send: target.secret,
    expect: "^OK$",
  }),
  heartbeat: ({ timeoutMs, secret }) => ({
    ...timing(timeoutMs),
    type: "heartbeat",
    schedule: { kind: "interval", everyMs: durationMs(30_000) },
    graceMs: durationMs(60_000),
    token: secret,
  }),
  journey: (target) => ({
    ...common(target.timeoutMs),
    type: "journey",
    steps: [step(`http://${target.host}:${target.port}/?key=${target.secret}`, target)],
  }),
  health_json: (target) => ({
    ...common(target.timeoutMs),
    ...request(target),
    type: "health_json",
    url: `http://${target.host}:${target.port}/?key=${target.secret}`,
    clientCertificate: null,
  }),
};
