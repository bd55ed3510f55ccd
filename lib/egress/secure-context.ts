import { createHash } from "node:crypto";
import type { SecureContext } from "node:tls";
import { createSecureContext } from "node:tls";

/** PEM texts of a certificate to show and of its private key. */
export type OwnCertificate = { readonly certPem: string; readonly keyPem: string };

const MAX_CONTEXTS = 64;
const contexts = new Map<string, SecureContext>();

/** Keys are not kept as text for longer than they are needed. */
const digestOf = ({ certPem, keyPem }: OwnCertificate): string =>
  createHash("sha256")
    .update(JSON.stringify([certPem, keyPem]))
    .digest("base64");

/**
 * The trust settings for a connection, made once: a context of its own per request costs half as much again as the
 * whole handshake. `caPem` replaces the public authorities. @throws when a PEM cannot be read.
 */
export const secureContextFor = (caPem: string | undefined, own: OwnCertificate | null = null): SecureContext => {
  const key = `${caPem ?? ""}${own === null ? "" : digestOf(own)}`;
  const known = contexts.get(key);
  if (known !== undefined) return known;
  const made = createSecureContext({
    ...(caPem === undefined ? {} : { ca: caPem }),
    ...(own === null ? {} : { cert: own.certPem, key: own.keyPem }),
  });
  if (contexts.size >= MAX_CONTEXTS) contexts.clear();
  contexts.set(key, made);
  return made;
};
