import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { judgeAddress } from "#lib/egress/address-policy.ts";
import { compileAllowList } from "#lib/egress/allow-list.ts";
import { clientAddressOf } from "./rate-caller.ts";

const NO_ALLOWANCE = compileAllowList([]);
const FORWARDING_HEADERS = ["forwarded", "x-forwarded-for", "x-real-ip", "via"] as const;

/** Whether somebody between the peer and us says to speak for another. */
export const isForwarded = ({ headers }: Pick<IncomingMessage, "headers">): boolean =>
  FORWARDING_HEADERS.some((header) => headers[header] !== undefined);

/** An address of our own machine or network: one that the address policy keeps strangers' requests from. */
export const isNearAddress = (text: string | undefined): boolean => {
  const address = (text ?? "").replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/i, "");
  return isIP(address) !== 0 && judgeAddress(address, NO_ALLOWANCE).verdict === "deny";
};

/**
 * Whether who asks is on our own machine or network, as the connection says it, or the proxies that are trusted. What
 * a proxy says that nobody declared ours makes a stranger of the caller, since it speaks for anybody.
 */
export const isNearCaller = (req: IncomingMessage, trustedHops: number): boolean =>
  (trustedHops > 0 || !isForwarded(req)) && isNearAddress(clientAddressOf(req, trustedHops));
