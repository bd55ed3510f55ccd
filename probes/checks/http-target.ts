import type { HealthJsonProbeDefinition, HttpAuth, HttpProbeDefinition } from "#lib/core/definitions.ts";
import { DEFAULT_CAPS } from "#lib/egress/types.ts";
import type { CheckDeps } from "./check.ts";
import type { HttpTarget } from "./http.ts";

/** The `authorization` header for credentials (RFC 7617 in UTF-8, RFC 6750), or none. */
export const authorizationOf = (auth: HttpAuth | null): Readonly<Record<string, string>> => {
  if (auth === null) return {};
  if (auth.kind === "bearer") return { authorization: `Bearer ${auth.token}` };
  return { authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}` };
};

type HttpLike = Pick<HttpProbeDefinition | HealthJsonProbeDefinition, "url" | "headers" | "auth" | "timeoutMs"> &
  Pick<HttpProbeDefinition, "maxRedirects" | "assertions"> &
  Partial<Pick<HttpProbeDefinition, "method" | "body" | "http2" | "connection" | "clientCertificate">>;

/** The request that a definition stands for. `auth` replaces an `authorization` header. */
export const httpTargetOf = (
  definition: HttpLike,
  { allow, caPem }: Pick<CheckDeps, "allow" | "caPem">,
): HttpTarget => ({
  url: definition.url,
  method: definition.method ?? "GET",
  headers: { ...definition.headers, ...authorizationOf(definition.auth) },
  body: definition.body ?? null,
  timeoutMs: definition.timeoutMs,
  connectTimeoutMs: null,
  maxRedirects: definition.maxRedirects,
  caps: DEFAULT_CAPS,
  assertions: definition.assertions,
  allow,
  caPem: caPem ?? null,
  clientCertificate: definition.clientCertificate ?? null,
  http2: definition.http2 ?? false,
  connection: definition.connection ?? "fresh",
});
