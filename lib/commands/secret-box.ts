import { createCipheriv, createDecipheriv, createHash, randomBytes as systemRandomBytes } from "node:crypto";
import { AppError } from "#lib/core/errors.ts";

/** AES-256-GCM. `context` says where a secret stands; a ciphertext that was moved to another place does not open. */
export type SecretBox = {
  /** `v1.<key id>.<nonce>.<data and tag>`, the last two in base64url. Two seals of one text differ. */
  readonly seal: (plain: string, context: string) => string;
  /** @throws AppError SECRET_KEY_INVALID when the text was sealed with another key, in another context, or was changed. */
  readonly open: (cipher: string, context: string) => string;
};

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ALGORITHM = "aes-256-gcm";

/** Where an endpoint's address and signing secret stand. */
export const endpointUrlContext = (endpointId: string): string => `endpoints:${endpointId}:url`;
export const endpointSecretContext = (endpointId: string): string => `endpoints:${endpointId}:secret`;

const refuse = (why: string, cause?: unknown): never => {
  throw new AppError("SECRET_KEY_INVALID", `a stored secret cannot be opened: ${why}`, { cause });
};

/** @throws AppError SECRET_KEY_INVALID when the key has not 32 bytes. */
export const createSecretBox = (
  key: Uint8Array,
  { randomBytes = systemRandomBytes }: { randomBytes?: (size: number) => Uint8Array } = {},
): SecretBox => {
  if (key.length !== 32)
    throw new AppError("SECRET_KEY_INVALID", `the key must have 32 bytes, this one has ${key.length}`);
  const keyId = createHash("sha256").update("nines key id").update(key).digest("hex").slice(0, 8);

  const seal = (plain: string, context: string): string => {
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
    if (sealedWith !== keyId) return refuse("it was sealed with another NINES_SECRET_KEY");
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
  return { seal, open };
};
