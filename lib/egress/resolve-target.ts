import { lookup } from "node:dns/promises";
import { judgeAddress } from "./address-policy.ts";
import type { AllowList, CompiledAllowList } from "./allow-list.ts";
import { allowedLoopback, compileAllowList } from "./allow-list.ts";
import { hostOf } from "./judge-url.ts";

/** All addresses of a name, in the order to try them. Rejects with a Node error whose `code` says why there is none. */
export type Resolver = (name: string) => Promise<readonly string[]>;

/** The operating system's resolver, with its hosts file and search rules. */
export const systemResolver: Resolver = async (name) => {
  const found = await lookup(name, { all: true, order: "ipv4first" });
  return found.map(({ address }) => address);
};

export type ResolvedTarget =
  | { readonly kind: "ready"; readonly addresses: readonly string[] }
  | { readonly kind: "denied"; readonly reason: string }
  | { readonly kind: "unresolved"; readonly detail: string };

const UNRESOLVED_CODE = /^E[A-Z_]+$/;
const detailOf = (error: unknown): string => {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return UNRESOLVED_CODE.test(code) ? code : "ENOTFOUND";
};

/**
 * Judges all addresses of one name: one that may not be reached refuses the name, since an attacker's resolver may
 * list a harmless address beside the one it wants.
 */
export const judgeResolved = (host: string, addresses: readonly string[], allow: CompiledAllowList): ResolvedTarget => {
  if (addresses.length === 0) return { kind: "unresolved", detail: "ENODATA" };
  const nameIsListed = allow.names.has(host);
  for (const address of addresses) {
    const { verdict, reason } = judgeAddress(address, allow, nameIsListed);
    if (verdict === "deny") return { kind: "denied", reason };
  }
  return { kind: "ready", addresses };
};

/**
 * The addresses that a judged URL with a name may be connected to: what the resolver says now, once. The caller connects
 * to these and never resolves again.
 */
export const resolveTarget = async (url: URL, allow: AllowList, resolver: Resolver): Promise<ResolvedTarget> => {
  const host = hostOf(url);
  const compiled = compileAllowList(allow);
  if (host === "localhost" || host.endsWith(".localhost")) {
    return judgeResolved(host, allowedLoopback(compiled), compiled);
  }
  try {
    return judgeResolved(host, await resolver(host), compiled);
  } catch (error) {
    return { kind: "unresolved", detail: detailOf(error) };
  }
};
