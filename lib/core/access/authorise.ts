/** What a scope is about: a resource of `/v1`. One word here opens `word:read` and `word:write`. */
const SCOPED_RESOURCES = [
  "alerts",
  "audit",
  "config",
  "deliveries",
  "endpoints",
  "events",
  "exclusions",
  "incidents",
  "jobs",
  "keys",
  "maintenances",
  "probes",
  "services",
  "silences",
  "slos",
  "statements",
  "subscribers",
  "users",
] as const;
export type ScopedResource = (typeof SCOPED_RESOURCES)[number];
export type Scope = `${ScopedResource}:${"read" | "write"}`;

/** Every scope that a key may hold, in the order of the alphabet. */
export const SCOPES: readonly Scope[] = SCOPED_RESOURCES.flatMap((resource) => [
  `${resource}:read` as const,
  `${resource}:write` as const,
]);

const KNOWN: ReadonlySet<string> = new Set(SCOPES);

/** Whether a text names a scope that there is. */
export const isScope = (text: string): text is Scope => KNOWN.has(text);

type Known<Kind extends string> = {
  readonly kind: Kind;
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
};

/** Who asks: nobody known, a key of the API, a person who is signed in, or a machine with a token of the identity provider. */
export type Principal = { readonly kind: "anonymous" } | Known<"key"> | Known<"user"> | Known<"client">;

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
 * The one place that decides who may do what: an operation without a scope is for everybody, any other for those
 * who hold its scope.
 */
export const authorise = (principal: Principal, operation: { readonly scope: Scope | null }): Verdict => {
  if (operation.scope === null) return { kind: "allowed" };
  if (principal.kind === "anonymous") return { kind: "unauthenticated" };
  return holdsScope(principal.scopes, operation.scope)
    ? { kind: "allowed" }
    : { kind: "forbidden", missing: operation.scope };
};

const ACTOR_PREFIXES = { key: "api_key", user: "user", client: "client" } as const;

/** How the audit log names a principal. */
export const actorOf = (principal: Principal): string =>
  principal.kind === "anonymous" ? "anonymous" : `${ACTOR_PREFIXES[principal.kind]}:${principal.id}`;
