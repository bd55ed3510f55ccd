import { readHost } from "#lib/config/rules/host.ts";
import type { ProbeDefinition } from "#lib/core/definitions.ts";
import { hostOf } from "#lib/egress/judge-url.ts";
import { isNearAddress } from "../http/near-caller.ts";
import type { BlackboxModule, BlackboxTarget } from "./blackbox-facts.ts";

/** What may be asked for through `/probe`, made of a configuration. */
export type ProbeTargets = {
  /** By module and address: exactly what a probe of the configuration asks. */
  readonly exact: ReadonlySet<string>;
  /** Hosts that some probe asks. */
  readonly hosts: ReadonlySet<string>;
  readonly allow: readonly string[];
  /** By resolver: a name that a probe of the configuration asks it for. */
  readonly names: ReadonlyMap<string, string>;
};

const HOST_AND_PORT = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/;
const DNS_PORT = 53;
const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "::1"]);

const keyOf = (target: BlackboxTarget): string => {
  switch (target.module) {
    case "http_2xx":
      return `http ${target.url}`;
    case "icmp":
      return `icmp ${target.host}`;
    case "dns":
      return `dns ${target.host} ${target.port}`;
    case "tcp_connect":
    case "tls_connect":
    case "grpc":
    case "grpc_plain":
      return `tcp ${target.host} ${target.port}`;
  }
};

const hostOfTarget = (target: BlackboxTarget): string =>
  target.module === "http_2xx" ? hostOf(new URL(target.url)) : target.host;

const ofUrl = (text: string): { keys: string[]; hosts: string[] } => {
  const url = URL.parse(text);
  if (url === null) return { keys: [], hosts: [] };
  const isSecure = url.protocol === "https:" || url.protocol === "wss:";
  const host = hostOf(url);
  return { keys: [`http ${url.href}`, `tcp ${host} ${url.port || (isSecure ? 443 : 80)}`], hosts: [host] };
};

const ofProbe = (definition: ProbeDefinition): { keys: string[]; hosts: string[] } => {
  switch (definition.type) {
    case "http":
    case "health_json":
    case "websocket":
      return ofUrl(definition.url);
    case "icmp":
      return { keys: [`icmp ${definition.host}`], hosts: [definition.host] };
    case "dns":
      return { keys: [`dns ${definition.host} ${definition.port}`], hosts: [definition.host] };
    case "tcp":
    case "tls":
    case "grpc":
      return { keys: [`tcp ${definition.host} ${definition.port}`], hosts: [definition.host] };
    case "journey":
    case "heartbeat":
      return { keys: [], hosts: [] };
  }
};

/** What `/probe` answers for: the targets of these probes, and what egress.allow opens. */
export const probeTargetsOf = (definitions: readonly ProbeDefinition[], allow: readonly string[]): ProbeTargets => {
  const all = definitions.map(ofProbe);
  return {
    exact: new Set(all.flatMap(({ keys }) => keys)),
    hosts: new Set(all.flatMap(({ hosts }) => hosts)),
    allow,
    names: new Map(definitions.flatMap((probe) => (probe.type === "dns" ? [[probe.host, probe.name] as const] : []))),
  };
};

const readHostAndPort = (text: string, standardPort: number | null): { host: string; port: number } | null => {
  const match = HOST_AND_PORT.exec(text);
  const host = readHost((match?.[1] ?? text).replace(/^\[|\]$/g, ""));
  const port = match === null ? standardPort : Number(match[2]);
  return host === null || port === null || port < 1 || port > 65_535 ? null : { host, port };
};

/** Reads a target as the exporter does: a URL, where `http://` may be left out, or host and port. Null when it is none. */
export const readTarget = (module: BlackboxModule, text: string, targets: ProbeTargets): BlackboxTarget | null => {
  if (module === "http_2xx") {
    const url = URL.parse(/^https?:\/\//i.test(text) ? text : `http://${text}`);
    return url === null || url.hostname === "" ? null : { module, url: url.href };
  }
  if (module === "icmp") {
    const host = readHost(text.replace(/^\[|\]$/g, ""));
    return host === null ? null : { module, host };
  }
  const place = readHostAndPort(text, module === "dns" ? DNS_PORT : null);
  if (place === null) return null;
  if (module === "tcp_connect" || module === "tls_connect") return { module, ...place };
  if (module !== "dns") return { module, ...place };
  return { module, ...place, name: targets.names.get(place.host) ?? "example.com" };
};

/** The names and single addresses of an allow-list; ranges open nothing here. `localhost` stands for its addresses. */
const listedHosts = (allow: readonly string[]): Set<string> => {
  const hosts = allow.flatMap((entry) => {
    const single = entry.replace(/\/(32|128)$/, "").replace(/^\[|\]$/g, "");
    return single.includes("/") ? [] : (readHost(single) ?? []);
  });
  return new Set(hosts.some((host) => LOOPBACK.has(host)) ? [...hosts, "localhost"] : hosts);
};

/**
 * Whether a target may be asked for. By anybody: exactly what a probe of the configuration asks. By a caller near us,
 * such as a Prometheus beside us: all of a host that is probed, or that `egress.allow` lists by itself. An open `/probe`
 * would let strangers look into our network and use us against others.
 */
export const mayProbe = (
  target: BlackboxTarget,
  targets: ProbeTargets,
  caller: { readonly peer: string | undefined; readonly isForwarded: boolean },
): boolean => {
  if (targets.exact.has(keyOf(target))) return true;
  if (caller.isForwarded || !isNearAddress(caller.peer)) return false;
  const host = hostOfTarget(target);
  return targets.hosts.has(host) || listedHosts(targets.allow).has(host);
};
