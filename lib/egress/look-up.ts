import { isIP } from "node:net";
import type { AllowList } from "./allow-list.ts";
import { failed } from "./end-once.ts";
import { hostOf, judgeUrl } from "./judge-url.ts";
import type { ResolvedTarget, Resolver } from "./resolve-target.ts";
import { resolveTarget, systemResolver } from "./resolve-target.ts";
import type { Stopwatch } from "./stopwatch.ts";
import type { Failure } from "./types.ts";
import { BLOCKED } from "./types.ts";

export type LookUpArgs = {
  readonly allow: AllowList;
  readonly resolver?: Resolver | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly stopwatch: Stopwatch;
};

export type Addresses = { readonly kind: "ready"; readonly addresses: readonly string[] };

/** Waits for a look-up no longer than the deadline; a look-up cannot be cancelled, its late answer is dropped. */
const resolveWithin = (url: URL, args: LookUpArgs): Promise<ResolvedTarget | Failure> =>
  new Promise((settle) => {
    const end = (result: ResolvedTarget | Failure) => {
      clearTimeout(timer);
      args.signal.removeEventListener("abort", onAbort);
      settle(result);
    };
    const onAbort = () => end(failed("skipped", "shutdown"));
    const timer = setTimeout(
      () => end(failed("timeout", "dns")),
      Math.max(0, args.timeoutMs - args.stopwatch.elapsedMs()),
    );
    args.signal.addEventListener("abort", onAbort);
    resolveTarget(url, args.allow, args.resolver ?? systemResolver).then(end, () =>
      end(failed("internal_error", "resolver")),
    );
  });

/**
 * The addresses that the host of a judged URL may be connected to, looked up once, with the time counted as `dns`.
 * `timeoutMs` counts from the start of the stopwatch. Never rejects.
 */
export const lookUp = async (url: URL, args: LookUpArgs): Promise<Addresses | Failure> => {
  if (args.signal.aborted) return failed("skipped", "shutdown");
  const host = hostOf(url);
  if (isIP(host) !== 0) {
    args.stopwatch.touch("dns");
    return { kind: "ready", addresses: [host] };
  }
  args.stopwatch.enter("dns");
  const target = await resolveWithin(url, args);
  args.stopwatch.pause();
  if (target.kind === "denied") return BLOCKED;
  return target.kind === "unresolved" ? failed("dns_error", target.detail) : target;
};

const NO_HOST = /[\s/\\?#@%[\]]/;

/**
 * A host name or address as a URL, so that it is read by the one parser that all judgements work on. Null when it is
 * neither, or holds a port.
 */
const urlOfHost = (host: string): URL | null => {
  if (NO_HOST.test(host) || (host.includes(":") && isIP(host) !== 6)) return null;
  return URL.parse(`https://${isIP(host) === 6 ? `[${host}]` : host}/`);
};

/** The same for a host that is no URL, as checks other than HTTP have it. It is judged first. */
export const lookUpHost = async (host: string, args: LookUpArgs): Promise<Addresses | Failure> => {
  const url = urlOfHost(host);
  if (url === null || judgeUrl(url.href, args.allow).verdict === "deny") return BLOCKED;
  return lookUp(url, args);
};
