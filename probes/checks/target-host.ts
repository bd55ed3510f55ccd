import type { ProbeDefinition } from "#lib/core/definitions.ts";

const hostOfUrl = (url: string): string => URL.parse(url)?.host ?? "";

/** What the limit of connections to one host counts by: host and port. Heartbeats ask nobody and share no limit. */
export const targetHostOf = (definition: ProbeDefinition): string => {
  switch (definition.type) {
    case "http":
    case "websocket":
    case "health_json":
      return hostOfUrl(definition.url);
    case "journey":
      return hostOfUrl(definition.steps[0]?.url ?? "");
    case "tcp":
    case "tls":
    case "dns":
    case "grpc":
      return `${definition.host}:${definition.port}`;
    case "icmp":
      return definition.host;
    case "heartbeat":
      return `heartbeat ${definition.id}`;
  }
};
