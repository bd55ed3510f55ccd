import { isIP } from "node:net";
import type { Check } from "../scalars.ts";

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** A host name in lower case, as it stands in a Host header, without a port. */
export const checkHostName: Check<string> = (value) =>
  HOST_NAME.test(value) ? null : { kind: "format", message: "must be a host name in lower case, without a port" };

/** An address, or a network as CIDR. */
export const checkNetwork: Check<string> = (value) => {
  const [address = "", bits, ...rest] = value.split("/");
  const family = isIP(address);
  const isBits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
  return family !== 0 && isBits && rest.length === 0
    ? null
    : { kind: "format", message: "must be an address or a network such as 10.20.0.0/16" };
};
