/** What a scope is about: a resource of `/v1`. One word here opens `word:read` and `word:write`. */
export const SCOPED_RESOURCES = [
  "alerts",
  "deliveries",
  "endpoints",
  "events",
  "exclusions",
  "keys",
  "maintenances",
  "probes",
  "silences",
  "statements",
] as const;
export type ScopedResource = (typeof SCOPED_RESOURCES)[number];
export type Scope = `${ScopedResource}:${"read" | "write"}`;

/** Every scope that a key may hold, in the order of the alphabet. */
export const SCOPES: readonly Scope[] = SCOPED_RESOURCES.flatMap((resource) => [
  `${resource}:read` as const,
  `${resource}:write` as const,
]);

const KNOWN: ReadonlySet<string> = new Set(SCOPES);
export const isScope = (text: string): text is Scope => KNOWN.has(text);

/** Who asks. */
export type Principal =
  | { readonly kind: "anonymous" }
  | { readonly kind: "key"; readonly id: string; readonly name: string; readonly scopes: readonly Scope[] };

export const ANONYMOUS: Principal = { kind: "anonymous" };

export type Verdict =
  | { readonly kind: "allowed" }
  /** Nobody is known to ask: credentials are missing. */
  | { readonly kind: "unauthenticated" }
  | { readonly kind: "forbidden"; readonly missing: Scope };

/** Whether scopes hold what is asked for. Who may write a resource may read it. */
export const holdsScope = (held: readonly Scope[], wanted: Scope): boolean =>
  held.includes(wanted) || (wanted.endsWith(":read") && held.includes(wanted.replace(/:read$/, ":write") as Scope));

/**
 * The one place that decides who may do what: an operation without a scope is for everybody, any other for keys that
 * hold its scope.
 */
export const authorise = (principal: Principal, operation: { readonly scope: Scope | null }): Verdict => {
  if (operation.scope === null) return { kind: "allowed" };
  if (principal.kind === "anonymous") return { kind: "unauthenticated" };
  return holdsScope(principal.scopes, operation.scope)
    ? { kind: "allowed" }
    : { kind: "forbidden", missing: operation.scope };
};

/** How the audit log names a principal. */
export const actorOf = (principal: Principal): string =>
  principal.kind === "key" ? `api_key:${principal.id}` : "anonymous";
