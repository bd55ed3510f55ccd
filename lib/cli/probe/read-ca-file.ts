import { readSmallFile } from "#lib/config/read-capped.ts";

/** Bundles of every public authority are a quarter of this. */
const MAX_CA_BYTES = 1_000_000;

const CERTIFICATE = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/;

/**
 * The text of a PEM file. @throws when it cannot be read, is larger than 1 MB or no regular file, or holds no
 * certificate: with no authority to trust, every target would look at fault.
 */
export const readCaFile = (path: string): string => {
  const text = new TextDecoder().decode(readSmallFile(path, MAX_CA_BYTES));
  if (!CERTIFICATE.test(text)) throw new RangeError("no certificate in PEM form");
  return text;
};
