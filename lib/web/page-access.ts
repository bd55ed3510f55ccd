import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import type { PageAudience } from "#lib/contracts/snapshot-pages.ts";
import { sessionTokenOf } from "#lib/read/require-session.ts";
import type { Session } from "#lib/read/web-context.ts";

/** What a page's audience says of a visitor. */
export type Admission =
  | { readonly kind: "admitted" }
  /** Signing in would help. */
  | { readonly kind: "sign_in" }
  /** For everybody else the page does not exist. */
  | { readonly kind: "absent" };

const ADMITTED: Admission = { kind: "admitted" };

const familyOf = (address: string): "ipv4" | "ipv6" => (isIP(address) === 4 ? "ipv4" : "ipv6");

const listOf = (networks: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(bits), familyOf(address));
  }
  return list;
};

/** IPv4 written as IPv6, as a socket that takes both tells it, is the IPv4 address. */
const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "");

/**
 * The one place that decides who may see a page and everything drawn from it: its documents, feeds, badges and events.
 * @param clientAddress of the one who asks, behind the proxies that are trusted.
 */
export const createPageAccess = (
  audience: PageAudience,
  findSession: (token: string) => Promise<Session | null>,
): ((req: IncomingMessage, clientAddress: string) => Promise<Admission>) => {
  switch (audience.kind) {
    case "public":
      return () => Promise.resolve(ADMITTED);
    case "sign_in":
      return async (req) => {
        const token = sessionTokenOf(req.headers.cookie);
        const session = token === null ? null : await findSession(token);
        return session === null ? { kind: "sign_in" } : ADMITTED;
      };
    case "networks": {
      const list = listOf(audience.networks);
      return (_req, clientAddress) => {
        const address = plainAddress(clientAddress);
        const isInside = isIP(address) !== 0 && list.check(address, familyOf(address));
        return Promise.resolve(isInside ? ADMITTED : { kind: "absent" });
      };
    }
  }
};
