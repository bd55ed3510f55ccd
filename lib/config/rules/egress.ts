import { BlockList, isIP } from "node:net";
import type { Complaint } from "../config-error.ts";
import { checkAllowEntry } from "../scalars.ts";
import { readHost } from "./host.ts";
import { checkSocketUrl, checkStepUrl, checkWebUrl, withoutVariables } from "./url.ts";

/** The address policy's static judgement, without any lookup. It lives in lib/egress, which configuration may not import. */
export type JudgeUrl = (
  url: string,
  allow: readonly string[],
) => { readonly verdict: "allow" | "deny"; readonly stage: string; readonly reason: string };

export type EgressRules = {
  /** What the policy says of a probe's address. Addresses that are wrong by themselves are told elsewhere. */
  readonly checkProbeUrl: (url: string) => Complaint | null;
  readonly checkSocketUrl: (url: string) => Complaint | null;
  /** The same for the step of a journey, whose path and query may hold variables. */
  readonly checkStepUrl: (url: string) => Complaint | null;
  /** The same for a host that is no URL. */
  readonly checkHost: (host: string) => Complaint | null;
  readonly checkWebhookUrl: (url: string) => Complaint | null;
};

const familyOf = (address: string): "ipv4" | "ipv6" => (isIP(address) === 4 ? "ipv4" : "ipv6");

/** Whether a host is named by the list, as an address inside one of its networks or as a name. */
const createCovers = (allow: readonly string[]): ((host: string) => boolean) => {
  const networks = new BlockList();
  const names = new Set<string>();
  for (const entry of allow) {
    const [address = "", prefix] = entry.split("/");
    if (isIP(address) === 0) names.add(entry.toLowerCase());
    else if (prefix === undefined) networks.addAddress(address, familyOf(address));
    else networks.addSubnet(address, Number(prefix), familyOf(address));
  }
  return (host) => {
    if (isIP(host) !== 0) return networks.check(host, familyOf(host));
    const isLocal = host === "localhost" && (networks.check("127.0.0.1", "ipv4") || networks.check("::1", "ipv6"));
    return names.has(host) || isLocal;
  };
};

/**
 * The rules of the address policy for one file.
 * @param allow `egress.allow` as read; when it holds a fault, nothing is refused that it might have meant to allow.
 */
export const createEgressRules = (allow: unknown, judgeUrl: JudgeUrl): EgressRules => {
  const isReadable =
    allow === undefined ||
    (Array.isArray(allow) && allow.every((entry) => typeof entry === "string" && checkAllowEntry(entry) === null));
  const entries: readonly string[] = isReadable && Array.isArray(allow) ? allow : [];
  const covers = createCovers(entries);

  const judge = (url: string): Complaint | null => {
    if (!isReadable) return null;
    const { verdict, reason } = judgeUrl(url, entries);
    if (verdict === "allow") return null;
    return { kind: "unsafe", message: `is refused by the address policy (${reason}); egress.allow can permit it` };
  };
  const checkProbeUrl = (url: string) => (checkWebUrl(url) === null ? judge(url) : null);
  const checkWebhookUrl = (url: string): Complaint | null => {
    const complaint = checkProbeUrl(url);
    if (complaint !== null || checkWebUrl(url) !== null || !isReadable) return complaint;
    const { protocol, hostname } = new URL(url);
    if (protocol === "https:" || covers(hostname.replace(/^\[|\]$/g, "").replace(/\.$/, ""))) return null;
    return { kind: "unsafe", message: "must use https; plain http is only for hosts that egress.allow names" };
  };
  return {
    checkProbeUrl,
    checkWebhookUrl,
    // The policy knows http and https; ws and wss are the same on the way to the first answer.
    checkSocketUrl: (url) => (checkSocketUrl(url) === null ? judge(url.replace(/^ws/i, "http")) : null),
    checkStepUrl: (url) => (checkStepUrl(url) === null ? judge(withoutVariables(url)) : null),
    checkHost: (text) => {
      const host = readHost(text);
      return host === null ? null : judge(`https://${isIP(host) === 6 ? `[${host}]` : host}/`);
    },
  };
};
