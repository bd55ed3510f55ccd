import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import type { CompiledAllowList } from "./allow-list.ts";
import { allowsAddress } from "./allow-list.ts";

export type AddressVerdict = { readonly verdict: "allow" | "deny"; readonly reason: string };

type Range = readonly [cidr: string, reason: string];
type CompiledRange<Address> = readonly [network: Address, prefix: number, reason: string];

/** IANA IPv4 special-purpose registry, plus the addresses that clouds answer metadata on. The first match wins. */
const DENIED_V4: readonly Range[] = [
  ["0.0.0.0/8", "unspecified address"],
  ["10.0.0.0/8", "private address"],
  ["172.16.0.0/12", "private address"],
  ["192.168.0.0/16", "private address"],
  ["127.0.0.0/8", "loopback address"],
  ["169.254.0.0/16", "link-local address"],
  ["100.64.0.0/10", "carrier-grade NAT address"],
  ["168.63.129.16/32", "cloud metadata address"],
  ["192.0.0.0/24", "reserved address"],
  ["192.0.2.0/24", "documentation address"],
  ["198.51.100.0/24", "documentation address"],
  ["203.0.113.0/24", "documentation address"],
  ["192.88.99.0/24", "6to4 address"],
  ["198.18.0.0/15", "benchmarking address"],
  ["224.0.0.0/4", "multicast address"],
  ["255.255.255.255/32", "broadcast address"],
  ["240.0.0.0/4", "reserved address"],
];

/** IANA IPv6 special-purpose registry. Whatever lies outside 2000::/3 is refused after this table. */
const DENIED_V6: readonly Range[] = [
  ["::/128", "unspecified address"],
  ["::1/128", "loopback address"],
  ["fe80::/10", "link-local address"],
  ["fec0::/10", "private address"],
  ["fc00::/7", "private address"],
  ["ff00::/8", "multicast address"],
  ["64:ff9b::/96", "NAT64 address"],
  ["64:ff9b:1::/48", "NAT64 address"],
  ["100::/64", "discard address"],
  ["2001::/32", "Teredo address"],
  ["2001:2::/48", "benchmarking address"],
  ["2001:db8::/32", "documentation address"],
  ["2001::/23", "reserved address"],
  ["2002::/16", "6to4 address"],
  ["3ffe::/16", "reserved address"],
  ["3fff::/20", "documentation address"],
];

const compiled = <Address>(ranges: readonly Range[]): readonly CompiledRange<Address>[] =>
  ranges.map(([cidr, reason]) => {
    const [network, prefix] = ipaddr.parseCIDR(cidr);
    return [network as Address, prefix, reason];
  });

const V4 = compiled<ipaddr.IPv4>(DENIED_V4);
const V6 = compiled<ipaddr.IPv6>(DENIED_V6);
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");

const reasonAgainstV4 = (address: ipaddr.IPv4): string | null =>
  V4.find(([network, prefix]) => address.match(network, prefix))?.[2] ?? null;

/** The IPv4 address inside `::a.b.c.d` and `::ffff:a.b.c.d`, through which the kernel or a translator reaches IPv4. */
const embeddedV4 = (address: ipaddr.IPv6): ipaddr.IPv4 | null => {
  const { parts } = address;
  if (parts.slice(0, 5).some((part) => part !== 0) || (parts[5] !== 0 && parts[5] !== 0xffff)) return null;
  const [high, low] = [parts[6] ?? 0, parts[7] ?? 0];
  if (parts[5] === 0 && high === 0 && low <= 1) return null;
  return new ipaddr.IPv4([high >> 8, high & 0xff, low >> 8, low & 0xff]);
};

/** RFC 5214: the interface identifier 0:5efe or 200:5efe is followed by an IPv4 address. */
const isIsatap = ({ parts }: ipaddr.IPv6): boolean => ((parts[4] ?? 0) & 0xfdff) === 0 && parts[5] === 0x5efe;

const reasonAgainstV6 = (address: ipaddr.IPv6): string | null => {
  const inner = embeddedV4(address);
  if (inner !== null) return reasonAgainstV4(inner) ?? "IPv4 address inside an IPv6 address";
  const denied = V6.find(([network, prefix]) => address.match(network, prefix));
  if (denied !== undefined) return denied[2];
  if (!address.match(GLOBAL_UNICAST)) return "reserved address";
  return isIsatap(address) ? "IPv4 address inside an IPv6 address" : null;
};

/** What a listed host name opens beside its own name. Metadata, multicast and reserved ranges need a CIDR. */
const OPENED_BY_NAME: ReadonlySet<string> = new Set([
  "private address",
  "loopback address",
  "carrier-grade NAT address",
]);

/**
 * Whether an address may be connected to: globally reachable, or opened by the allow-list. `nameIsListed` says that
 * the host name it came from stands in the allow-list. Text that is no address is refused, never guessed at.
 */
export const judgeAddress = (text: string, allow: CompiledAllowList, nameIsListed = false): AddressVerdict => {
  // Node's own reading decides: what it takes for a name it would look up at connect, past this judgement.
  if (isIP(text) === 0 || !ipaddr.isValid(text)) return { verdict: "deny", reason: "not an IP address" };
  const address = ipaddr.parse(text);
  if (allowsAddress(allow, address)) return { verdict: "allow", reason: "allowed by egress.allow" };
  if (address instanceof ipaddr.IPv4) return verdictOf(reasonAgainstV4(address), nameIsListed);
  // A mapped address is the IPv4 address itself to the kernel; other embedded forms are not.
  if (address.isIPv4MappedAddress() && allowsAddress(allow, address.toIPv4Address()))
    return { verdict: "allow", reason: "allowed by egress.allow" };
  return verdictOf(reasonAgainstV6(address), nameIsListed);
};

const verdictOf = (reason: string | null, nameIsListed: boolean): AddressVerdict => {
  if (reason === null) return { verdict: "allow", reason: "globally reachable" };
  if (nameIsListed && OPENED_BY_NAME.has(reason)) return { verdict: "allow", reason: "allowed by egress.allow" };
  return { verdict: "deny", reason };
};
