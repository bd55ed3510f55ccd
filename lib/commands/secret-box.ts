import { createCipheriv, createDecipheriv, createHash, randomBytes as systemRandomBytes } from "node:crypto";
import { AppError } from "#lib/core/errors.ts";

/** AES-256-GCM. `context` says where a secret stands; a ciphertext that was moved to another place does not open. */
export type SecretBox = {
  /** `v1.<key id>.<nonce>.<data and tag>`, the last two in base64url. Two seals of one text differ. */
  readonly seal: (plain: string, context: string) => string;
  /** @throws AppError SECRET_KEY_INVALID when the text was sealed with another key, in another context, or was changed. */
  readonly open: (cipher: string, context: string) => string;
  /** Whether a text was sealed with the key that seals now. */
  readonly isCurrent: (cipher: string) => boolean;
};

/** The keys in use, the one that seals first. Asked again when a text was sealed with a key that is not known. */
export type SecretKeys = () => readonly Uint8Array[];

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ALGORITHM = "aes-256-gcm";

/** Where an endpoint's address and signing secret stand. */
export const endpointUrlContext = (endpointId: string): string => `endpoints:${endpointId}:url`;

/** Where the signing secret of an endpoint is sealed for. */
export const endpointSecretContext = (endpointId: string): string => `endpoints:${endpointId}:secret`;

/** Where the header fields of an endpoint are sealed for. */
export const endpointHeadersContext = (endpointId: string): string => `endpoints:${endpointId}:headers`;

const refuse = (why: string, cause?: unknown): never => {
  throw new AppError("SECRET_KEY_INVALID", `a stored secret cannot be opened: ${why}`, { cause });
};

/** Names a key without telling anything of it: the second part of what it sealed. */
export const keyIdOf = (key: Uint8Array): string =>
  createHash("sha256").update("nines key id").update(key).digest("hex").slice(0, 8);

type NamedKey = { readonly id: string; readonly key: Uint8Array };

const nameKey = (key: Uint8Array): NamedKey => {
  if (key.length !== 32)
    throw new AppError("SECRET_KEY_INVALID", `the key must have 32 bytes, this one has ${key.length}`);
  return { id: keyIdOf(key), key };
};

/**
 * Seals with the first key and opens with any of them, so that keys can be replaced while everything runs. `keys` is one
 * key, or what tells them. @throws AppError SECRET_KEY_INVALID when a key has not 32 bytes, or there is none.
 */
export const createSecretBox = (
  keys: Uint8Array | SecretKeys,
  { randomBytes = systemRandomBytes }: { randomBytes?: (size: number) => Uint8Array } = {},
): SecretBox => {
  const readKeys = (): NamedKey[] => (typeof keys === "function" ? keys() : [keys]).map(nameKey);
  let known = readKeys();
  const current = (): NamedKey => {
    if (typeof keys === "function") known = readKeys();
    const [first] = known;
    if (first === undefined) throw new AppError("SECRET_KEY_INVALID", "there is no key");
    return first;
  };
  const keyOf = (id: string | undefined): Uint8Array | undefined => {
    const found = known.find((one) => one.id === id);
    if (found !== undefined || typeof keys !== "function") return found?.key;
    known = readKeys();
    return known.find((one) => one.id === id)?.key;
  };

  const seal = (plain: string, context: string): string => {
    const { id: keyId, key } = current();
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(context, "utf8"));
    const data = Buffer.concat([cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return `v1.${keyId}.${Buffer.from(nonce).toString("base64url")}.${data.toString("base64url")}`;
  };

  const open = (text: string, context: string): string => {
    const [version, sealedWith, nonceText, dataText, ...rest] = text.split(".");
    if (version !== "v1" || nonceText === undefined || dataText === undefined || rest.length > 0) {
      return refuse("it has an unknown form");
    }
    const key = keyOf(sealedWith);
    if (key === undefined) return refuse("it was sealed with another NINES_SECRET_KEY");
    const nonce = Buffer.from(nonceText, "base64url");
    const data = Buffer.from(dataText, "base64url");
    if (nonce.length !== NONCE_BYTES || data.length < TAG_BYTES) return refuse("it is cut short");
    const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(context, "utf8"));
    decipher.setAuthTag(data.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(data.subarray(0, -TAG_BYTES)), decipher.final()]).toString("utf8");
    } catch (error) {
      return refuse("it was changed or belongs elsewhere", error);
    }
  };
  return { seal, open, isCurrent: (text) => text.split(".")[1] === current().id };
};
