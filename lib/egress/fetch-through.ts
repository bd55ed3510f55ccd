import type { Clock } from "#lib/runtime/clock.ts";
import type { AllowList } from "./allow-list.ts";
import { sendRequest } from "./request.ts";
import type { Resolver } from "./resolve-target.ts";
import { DEFAULT_CAPS } from "./types.ts";

const TIMEOUT_MS = 10_000;

type FetchInit = {
  readonly method?: string | undefined;
  readonly headers?: Headers | Record<string, string> | readonly (readonly [string, string])[] | undefined;
  readonly body?: unknown;
  readonly signal?: AbortSignal | null | undefined;
};

export type FetchThrough = (url: string, init?: FetchInit) => Promise<Response>;

const bodyOf = (body: unknown): string | Uint8Array | null => {
  if (body === undefined || body === null) return null;
  if (typeof body === "string" || body instanceof Uint8Array) return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError("this body cannot be sent");
};

/** Of 204 and the like, which carry no body. */
const isBodiless = (status: number): boolean => status === 204 || status === 205 || status === 304;

/**
 * `fetch` for libraries that let theirs be replaced: the same address policy, caps and deadline as every other request
 * of ours, no redirect, a fresh connection each time. Rejects with a TypeError that names neither address nor header.
 */
export const createFetchThrough =
  (args: {
    readonly clock: Pick<Clock, "monotonicMs">;
    readonly allow: () => AllowList | Promise<AllowList>;
    readonly resolver?: Resolver;
    readonly caPem?: string;
  }): FetchThrough =>
  async (url, init = {}) => {
    const headers = Object.fromEntries(new Headers(init.headers as ConstructorParameters<typeof Headers>[0]));
    const { result } = await sendRequest({
      url,
      method: init.method ?? "GET",
      headers,
      body: bodyOf(init.body),
      timeoutMs: TIMEOUT_MS,
      connectTimeoutMs: null,
      maxRedirects: 0,
      caps: DEFAULT_CAPS,
      bodyPolicy: "full",
      allow: await args.allow(),
      signal: init.signal ?? new AbortController().signal,
      clock: args.clock,
      ...(args.resolver === undefined ? {} : { resolver: args.resolver }),
      ...(args.caPem === undefined ? {} : { caPem: args.caPem }),
    });
    if (result.kind === "failed") throw new TypeError(`the request failed: ${result.class}`);
    // The body is decoded already: what said how it was encoded would mislead.
    const kept = result.headers.filter(([name]) => name !== "content-encoding" && name !== "content-length");
    return new Response(isBodiless(result.status) ? null : Uint8Array.from(result.body), {
      status: result.status,
      headers: kept.map(([name, value]): [string, string] => [name, value]),
    });
  };
