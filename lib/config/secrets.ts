import type { Complaint } from "./config-error.ts";

/** Where secrets come from; a test passes its own. */
export type SecretSources = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Throws when the file cannot be read. */
  readonly readFile: (path: string) => Uint8Array;
};

export type ResolvedSecret =
  | { readonly ok: true; readonly secret: string }
  | { readonly ok: false; readonly complaint: Complaint };

const PREFIX = "whsec_";
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const MIN_BYTES = 24;
const MAX_BYTES = 64;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

const refuse = (kind: Complaint["kind"], message: string): ResolvedSecret => ({
  ok: false,
  complaint: { kind, message },
});

/**
 * A signing key in its own form; `where` begins the message ("the file that it names "). Nothing of the key is repeated
 * in a message, not even its length.
 */
const readKey = (text: string, where: string): ResolvedSecret => {
  const encoded = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : null;
  if (encoded === null || !BASE64.test(encoded)) {
    return refuse("format", `${where}must be env:NAME, file:PATH or ${PREFIX} and base64`);
  }
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.length < MIN_BYTES || bytes.length > MAX_BYTES) {
    return refuse("range", `${where}must hold ${MIN_BYTES} to ${MAX_BYTES} bytes in base64`);
  }
  // Receivers' libraries differ in what they make of missing padding, so it has to be there.
  if (encoded.length % 4 !== 0) return refuse("format", `${where}must have the = signs that end base64`);
  return { ok: true, secret: text };
};

const readReferred = (text: string, where: string): ResolvedSecret => {
  const result = readKey(text, where);
  if (result.ok || result.complaint.kind !== "format") return result;
  return refuse("format", `${where}must be ${PREFIX} and base64`);
};

const fromEnv = (name: string, { env }: SecretSources): ResolvedSecret => {
  if (!ENV_NAME.test(name)) return refuse("format", "must name an environment variable after env:");
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value === undefined || value === "") return refuse("reference", "names an environment variable that is not set");
  return readReferred(value.trim(), "the environment variable that it names ");
};

const fromFile = (path: string, { readFile }: SecretSources): ResolvedSecret => {
  if (path === "") return refuse("format", "must name a file after file:");
  try {
    return readReferred(new TextDecoder().decode(readFile(path)).trim(), "the file that it names ");
  } catch {
    return refuse("reference", "names a file that cannot be read");
  }
};

/** Follows `env:NAME` and `file:PATH` to the signing key of a webhook: `whsec_` and the base64 of 24 to 64 bytes. */
export const resolveSecret = (text: string, sources: SecretSources): ResolvedSecret => {
  if (text.startsWith("env:")) return fromEnv(text.slice("env:".length), sources);
  if (text.startsWith("file:")) return fromFile(text.slice("file:".length), sources);
  return readKey(text, "");
};

const MAX_CREDENTIAL = 65_536;

/** What stands behind `env:NAME` or `file:PATH`, without the line end that editors add; any text but nothing. */
export const resolveCredential = (text: string, { env, readFile }: SecretSources): ResolvedSecret => {
  const [, source, name = ""] = /^(env|file):(.*)$/.exec(text) ?? [];
  if (source === undefined || name === "" || (source === "env" && !ENV_NAME.test(name))) {
    return refuse("format", "must be env:NAME or file:PATH; secrets do not stand in this file");
  }
  let value: string | undefined;
  try {
    value =
      source === "env" ? (Object.hasOwn(env, name) ? env[name] : undefined) : new TextDecoder().decode(readFile(name));
  } catch {
    return refuse("reference", "names a file that cannot be read");
  }
  const secret = value?.replace(/[\r\n]+$/, "") ?? "";
  if (secret === "") {
    const what = source === "env" ? "an environment variable that is not set" : "an empty file";
    return refuse("reference", `names ${what}`);
  }
  return secret.length <= MAX_CREDENTIAL
    ? { ok: true, secret }
    : refuse("limit", `must hold at most ${MAX_CREDENTIAL} characters`);
};
