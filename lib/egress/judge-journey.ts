import { isIP } from "node:net";
import type { AllowList } from "./allow-list.ts";
import { compileAllowList } from "./allow-list.ts";
import type { UrlStage, UrlVerdict } from "./judge-url.ts";
import { hostOf, judgeRedirect, judgeUrl } from "./judge-url.ts";
import { judgeResolved } from "./resolve-target.ts";

type JourneyHop = { readonly url: string; readonly resolves?: readonly string[] | undefined };
export type Journey = JourneyHop & { readonly redirects?: readonly JourneyHop[] | undefined };
export type JourneyVerdict = {
  readonly verdict: "allow" | "deny";
  readonly stage: UrlStage | "resolve" | "redirect";
  readonly reason: string;
};

const MAX_REDIRECTS = 10;

/** Judges the addresses that a name is said to have, after its URL was found good. */
const judgeAddresses = (
  url: URL,
  judged: UrlVerdict,
  resolves: readonly string[] | undefined,
  allow: AllowList,
): JourneyVerdict => {
  if (judged.verdict === "deny" || resolves === undefined || isIP(hostOf(url)) !== 0) return judged;
  const target = judgeResolved(hostOf(url), resolves, compileAllowList(allow));
  switch (target.kind) {
    case "ready":
      return { verdict: "allow", stage: "resolve", reason: "globally reachable" };
    case "denied":
      return { verdict: "deny", stage: "resolve", reason: reasonOfResolved(target.reason) };
    case "unresolved":
      return { verdict: "deny", stage: "resolve", reason: "resolves to no address" };
  }
};

const reasonOfResolved = (reason: string): string =>
  reason === "not an IP address" ? "resolves to no IP address" : `resolves to ${article(reason)} ${reason}`;

const article = (words: string): "a" | "an" => (/^[aeiou]/i.test(words) ? "an" : "a");

const judgeHop = (from: URL, hop: JourneyHop, allow: AllowList): { url: URL; verdict: JourneyVerdict } | null => {
  const next = judgeRedirect(from, hop.url, allow);
  if (next === null) return null;
  const { verdict, reason } = judgeAddresses(next.url, next.judged, hop.resolves, allow);
  return { url: next.url, verdict: { verdict, stage: "redirect", reason } };
};

/**
 * Judges a request and the redirects that are said to follow, without asking the network. `redirects[0]` repeats the
 * first request and carries its addresses; the later ones are the hops, whose URLs may be relative.
 */
export const judgeJourney = ({ url: text, resolves, redirects = [] }: Journey, allow: AllowList): JourneyVerdict => {
  const judged = judgeUrl(text, allow);
  if (judged.verdict === "deny") return judged;
  let url = new URL(text);
  const [first, ...rest] = redirects;
  const repeatsFirst = first === undefined || URL.parse(first.url, url)?.href === url.href;
  let verdict = judgeAddresses(url, judged, resolves ?? (repeatsFirst ? first?.resolves : undefined), allow);
  const hops = repeatsFirst ? rest : redirects;
  if (verdict.verdict === "deny") return verdict;
  for (const [index, hop] of hops.entries()) {
    if (index >= MAX_REDIRECTS) return { verdict: "deny", stage: "redirect", reason: "too many redirects" };
    const next = judgeHop(url, hop, allow);
    if (next === null) return { verdict: "deny", stage: "redirect", reason: "not a URL" };
    ({ url, verdict } = next);
    if (verdict.verdict === "deny") return verdict;
  }
  return verdict;
};
