import type { SecureContext } from "node:tls";
import { createSecureContext } from "node:tls";

const MAX_CONTEXTS = 64;
const contexts = new Map<string, SecureContext>();

/**
 * The trust settings for a connection, made once: a context of its own per request costs half as much again as the
 * whole handshake. `caPem` replaces the public authorities. @throws when the PEM cannot be read.
 */
export const secureContextFor = (caPem: string | undefined): SecureContext => {
  const key = caPem ?? "";
  const known = contexts.get(key);
  if (known !== undefined) return known;
  const made = createSecureContext(caPem === undefined ? {} : { ca: caPem });
  if (contexts.size >= MAX_CONTEXTS) contexts.clear();
  contexts.set(key, made);
  return made;
};
