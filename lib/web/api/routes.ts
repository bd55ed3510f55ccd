import type { Operation } from "#lib/contracts/operations/operation.ts";
import { V1_OPERATIONS } from "#lib/contracts/operations.ts";

export type MatchedRoute =
  | { readonly kind: "found"; readonly operation: Operation; readonly params: Readonly<Record<string, string>> }
  /** The address exists, but not for this method. */
  | { readonly kind: "other_method"; readonly path: string; readonly allowed: readonly string[] }
  | { readonly kind: "none" };

const PARAM = /^\{(\w+)\}$/;
const ROUTES = V1_OPERATIONS.map((operation: Operation) => ({
  operation,
  pattern: operation.path.slice(1).split("/"),
}));

const isMatch = (pattern: readonly string[], segments: readonly string[]): boolean =>
  pattern.length === segments.length && pattern.every((part, index) => PARAM.test(part) || part === segments[index]);

/** Paths without a parameter go before those with one: `/v1/keys/current` is not a key named "current". */
const paramsIn = (pattern: readonly string[]): number => pattern.filter((part) => PARAM.test(part)).length;

const paramsOf = (pattern: readonly string[], segments: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    pattern.flatMap((part, index) => {
      const name = PARAM.exec(part)?.[1];
      return name === undefined ? [] : [[name, segments[index] ?? ""]];
    }),
  );

const withHead = (methods: readonly string[]): string[] =>
  methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));

/** The operation at an address. HEAD is answered as GET. */
export const matchRoute = (method: string, segments: readonly string[]): MatchedRoute => {
  const matches = ROUTES.filter(({ pattern }) => isMatch(pattern, segments));
  if (matches.length === 0) return { kind: "none" };
  const fewest = Math.min(...matches.map(({ pattern }) => paramsIn(pattern)));
  const here = matches.filter(({ pattern }) => paramsIn(pattern) === fewest);
  const wanted = method === "HEAD" ? "GET" : method;
  const found = here.find(({ operation }) => operation.method === wanted);
  if (found !== undefined)
    return { kind: "found", operation: found.operation, params: paramsOf(found.pattern, segments) };
  const path = here[0]?.operation.path ?? "/v1/*";
  return { kind: "other_method", path, allowed: withHead(here.map(({ operation }) => operation.method)) };
};
