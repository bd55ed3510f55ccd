import ipaddr from "ipaddr.js";

/** CIDRs ("10.20.0.0/16"), addresses and host names ("wiki") that may be reached although they are not globally reachable. */
export type AllowList = readonly string[];

export type CompiledAllowList = {
  readonly networks: readonly (readonly [network: ipaddr.IPv4 | ipaddr.IPv6, prefix: number])[];
  /** Lower case, without a trailing dot. */
  readonly names: ReadonlySet<string>;
};

const cache = new WeakMap<AllowList, CompiledAllowList>();

const networkOf = (entry: string): readonly [ipaddr.IPv4 | ipaddr.IPv6, number] | null => {
  const text = entry.replace(/^\[|\]$/g, "");
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  if (!ipaddr.isValid(text)) return null;
  const address = ipaddr.parse(text);
  return [address, address instanceof ipaddr.IPv4 ? 32 : 128];
};

/** Reads an allow-list once; the same array is never read twice. An entry that is no network is a host name. */
export const compileAllowList = (allow: AllowList): CompiledAllowList => {
  const known = cache.get(allow);
  if (known !== undefined) return known;
  const networks: (readonly [ipaddr.IPv4 | ipaddr.IPv6, number])[] = [];
  const names = new Set<string>();
  for (const entry of allow) {
    const network = networkOf(entry);
    if (network === null) names.add(entry.toLowerCase().replace(/\.$/, ""));
    else networks.push(network);
  }
  const compiled = { networks, names };
  cache.set(allow, compiled);
  return compiled;
};

/** Whether an address lies in one of the networks that the owner opened. */
export const allowsAddress = (allow: CompiledAllowList, address: ipaddr.IPv4 | ipaddr.IPv6): boolean =>
  allow.networks.some(([network, prefix]) => network.kind() === address.kind() && address.match(network, prefix));

const LOOPBACK = ["127.0.0.1", "::1"] as const;

/** The loopback addresses that the list opens: what `localhost` may stand for (RFC 6761 needs no lookup for it). */
export const allowedLoopback = (allow: CompiledAllowList): readonly string[] =>
  LOOPBACK.filter((text) => allow.names.has("localhost") || allowsAddress(allow, ipaddr.parse(text)));
