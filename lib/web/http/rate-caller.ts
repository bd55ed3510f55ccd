import type { IncomingMessage } from "node:http";
import { forwardedAddress } from "#lib/core/rate/caller-network.ts";

/** The address of whoever asks: of the peer, or as `trustedHops` proxies of ours tell it (T22). */
export const clientAddressOf = (req: IncomingMessage, trustedHops: number): string => {
  const forwarded = req.headers["x-forwarded-for"];
  const text = Array.isArray(forwarded) ? forwarded.join(",") : forwarded;
  return forwardedAddress(req.socket.remoteAddress ?? "", text, trustedHops);
};
