import { createPrivateKey, X509Certificate } from "node:crypto";
import { checkAssertion } from "../assertion-values.ts";
import type { Complaint, Fault, Path } from "../config-error.ts";
import type { Mapping } from "../read-document.ts";
import { isMapping } from "../read-document.ts";
import type { Placed } from "../references.ts";
import { fieldOf, mappingsOf } from "../references.ts";
import { checkHeaderValue, checkRequestHeaderName } from "../rules/header.ts";
import type { SecretSources } from "../secrets.ts";
import { resolveCredential } from "../secrets.ts";

// What probes that send requests have in common: headers, credentials, assertions.

const MAX_HEADERS = 100;

export type SecretDeps = {
  readonly secrets: SecretSources;
  /** Told the value behind each reference that could be followed, for normalise.ts. */
  readonly keepSecret: (path: Path, value: string) => void;
};

/** A complaint about a value as a fault at its path; none for none. */
export const placed = (path: Path, complaint: Complaint | null): Fault[] =>
  complaint === null ? [] : [{ ...complaint, path }];

/** Header fields of a request: number, names, values, and none that the sender writes itself. */
export const checkHeaders = (holder: Placed<Mapping>): Fault[] => {
  const { path, value: headers } = fieldOf(holder, "headers");
  if (!isMapping(headers)) return [];
  const names = Object.keys(headers);
  if (names.length > MAX_HEADERS) return [{ path, kind: "limit", message: `must have at most ${MAX_HEADERS} entries` }];
  const seen = new Set<string>();
  return names.flatMap((name): Fault[] => {
    const place = [...path, name];
    const complaint = checkRequestHeaderName(name);
    if (complaint !== null) return [{ ...complaint, path: place }];
    if (seen.has(name.toLowerCase()))
      return [{ path: place, kind: "duplicate", message: "is there already in other case" }];
    seen.add(name.toLowerCase());
    const value = headers[name];
    return typeof value === "string" ? placed(place, checkHeaderValue(value)) : [];
  });
};

/** The faults of all assertions of a probe. */
export const checkAssertions = (holder: Placed<Mapping>): Fault[] =>
  mappingsOf(holder, "assertions").flatMap((assertion) =>
    checkAssertion(assertion.value).map(({ at, ...complaint }) => ({ ...complaint, path: [...assertion.path, ...at] })),
  );

/** Follows a reference; the value when it is usable, else the fault. Silent about what is told elsewhere. */
export const followSecret = (
  holder: Placed,
  key: string,
  { secrets, keepSecret }: SecretDeps,
  check: (value: string) => Complaint | null = () => null,
): { readonly value: string | null; readonly faults: Fault[] } => {
  const { path, value } = fieldOf(holder, key);
  if (typeof value !== "string" || !/^(?:env|file):/.test(value)) return { value: null, faults: [] };
  const resolved = resolveCredential(value, secrets);
  if (!resolved.ok) return { value: null, faults: placed(path, resolved.complaint) };
  const complaint = check(resolved.secret);
  if (complaint !== null) return { value: null, faults: placed(path, complaint) };
  keepSecret(path, resolved.secret);
  return { value: resolved.secret, faults: [] };
};

const noControls = (value: string): Complaint | null =>
  /\p{Cc}/u.test(value) ? { kind: "format", message: "names a secret that holds control characters" } : null;
const checkToken = (value: string): Complaint | null =>
  /^[\x21-\x7e]{1,8192}$/.test(value)
    ? null
    : { kind: "format", message: "names a token that is not printable ASCII without blanks, or is too long" };

/** Credentials of a request: either basic or bearer, and secrets that can be read. */
export const checkAuth = (probe: Placed<Mapping>, deps: SecretDeps): Fault[] => {
  const { path, value: auth } = fieldOf(probe, "auth");
  if (!isMapping(auth)) return [];
  const both = { path: [...path, "bearer"], kind: "conflict", message: "cannot stand beside basic" } as const;
  const none = { path: [...path, "basic"], kind: "missing", message: "is required, or bearer in its place" } as const;
  const headers = isMapping(probe.value.headers) ? Object.keys(probe.value.headers) : [];
  const isTwice = headers.some((name) => name.toLowerCase() === "authorization");
  const twice = { path, kind: "conflict", message: "cannot stand beside a header authorization" } as const;
  const isNone = Object.keys(auth).length === 0;
  return [
    ...(auth.basic !== undefined && auth.bearer !== undefined ? [both] : []),
    ...(isNone ? [none] : []),
    ...(isTwice ? [twice] : []),
    ...followSecret(fieldOf({ path, value: auth }, "basic"), "password", deps, noControls).faults,
    ...followSecret({ path, value: auth }, "bearer", deps, checkToken).faults,
  ];
};

const readPem = <Read>(read: () => Read, what: string): Read | Complaint => {
  try {
    return read();
  } catch {
    return { kind: "format", message: `names something that is no ${what} in PEM` };
  }
};
const isComplaint = (value: object): value is Complaint => "kind" in value && "message" in value;

/** Certificate and key must be readable and belong together: else every run would fail, with the blame on the target. */
export const checkClientCertificate = (probe: Placed<Mapping>, deps: SecretDeps): Fault[] => {
  const holder = fieldOf(probe, "client_certificate");
  if (!isMapping(holder.value)) return [];
  const cert = followSecret(holder, "cert", deps);
  const key = followSecret(holder, "key", deps);
  const readCert = cert.value === null ? null : readPem(() => new X509Certificate(cert.value ?? ""), "certificate");
  const readKey = key.value === null ? null : readPem(() => createPrivateKey(key.value ?? ""), "private key");
  const { url } = probe.value;
  const isPlain = typeof url === "string" && /^http:/i.test(url);
  const isPair = !(readCert instanceof X509Certificate) || readKey === null || isComplaint(readKey);
  return [
    ...cert.faults,
    ...key.faults,
    ...(readCert !== null && !(readCert instanceof X509Certificate) ? placed([...holder.path, "cert"], readCert) : []),
    ...(readKey !== null && isComplaint(readKey) ? placed([...holder.path, "key"], readKey) : []),
    ...(isPair || readCert.checkPrivateKey(readKey)
      ? []
      : placed([...holder.path, "key"], { kind: "conflict", message: "does not belong to the certificate" })),
    ...(isPlain ? placed(holder.path, { kind: "conflict", message: "needs an address that starts with https" }) : []),
  ];
};
