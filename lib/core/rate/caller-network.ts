const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** The eight groups of an IPv6 address in full, or null. */
const groupsOf = (text: string): string[] | null => {
  const [head = "", tail, ...more] = text.split("::");
  if (more.length > 0) return null;
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...left, ...Array.from({ length: missing }, () => "0"), ...right];
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))
    ? groups.map((group) => Number.parseInt(group, 16).toString(16))
    : null;
};

/**
 * What an address counts as when requests are counted: an IPv4 address itself (also in IPv6 form), of IPv6 the network of
 * 64 bits, since one household or host has all of it. Text that is no address counts under one name.
 */
export const callerNetwork = (address: string): string => {
  const plain = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(plain)?.[1];
  if (mapped !== undefined || IPV4.test(plain)) return mapped ?? plain;
  const groups = groupsOf(plain);
  return groups === null ? "unknown" : `${groups.slice(0, 4).join(":")}::/64`;
};

/**
 * Who asks: the connection's peer, or with `trustedHops` proxies of ours in front the address that the outermost of them
 * saw. Entries of X-Forwarded-For are taken from the right, because everything left of ours is the caller's own claim.
 */
export const forwardedAddress = (peer: string, forwarded: string | undefined, trustedHops: number): string => {
  if (trustedHops === 0 || forwarded === undefined) return peer;
  const entries = forwarded.split(",").map((entry) => entry.trim());
  const found = entries[entries.length - trustedHops] ?? entries[0] ?? "";
  const bare =
    /^(\d{1,3}(?:\.\d{1,3}){3}):\d+$/.exec(found)?.[1] ?? /^\[([^\]]+)\](?::\d+)?$/.exec(found)?.[1] ?? found;
  return bare === "" ? peer : bare;
};
