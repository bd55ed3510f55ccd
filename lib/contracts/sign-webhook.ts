import { createHmac } from "node:crypto";

const PREFIX = "whsec_";
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The key inside a `whsec_…` secret (base64 of 24 to 64 bytes), or null when the text is no such secret. */
export const keyOfSecret = (secret: string): Uint8Array | null => {
  if (!secret.startsWith(PREFIX)) return null;
  const text = secret.slice(PREFIX.length);
  if (!BASE64.test(text)) return null;
  const key = Buffer.from(text, "base64");
  return key.length >= 24 && key.length <= 64 ? key : null;
};

export type WebhookToSign = {
  /** The event's id: the same on every retry. */
  readonly id: string;
  /** Of this attempt, whole seconds since 1970. */
  readonly timestampSeconds: number;
  /** The bytes that are sent. */
  readonly body: Uint8Array;
  /** All live secrets, newest first: during a rotation every one of them signs. */
  readonly secrets: readonly string[];
};

export type SignatureHeaders = {
  readonly "webhook-id": string;
  readonly "webhook-timestamp": string;
  readonly "webhook-signature": string;
  readonly "x-nines-signature": string;
};

/**
 * Both sets of signature headers: Standard Webhooks 1.0.0 over `id.timestamp.body`, and `x-nines-signature` over
 * `timestamp.body`. @throws RangeError when there is no secret or one of them is malformed; the text never holds it.
 */
export const signWebhook = ({ id, timestampSeconds, body, secrets }: WebhookToSign): SignatureHeaders => {
  const keys = secrets.map(keyOfSecret);
  if (keys.length === 0 || keys.includes(null)) {
    throw new RangeError("a signing secret must be whsec_ followed by 24 to 64 bytes in base64");
  }
  const timestamp = String(timestampSeconds);
  const sign = (prefix: string, encoding: "base64" | "hex") =>
    keys.map((key) =>
      createHmac("sha256", key as Uint8Array)
        .update(prefix)
        .update(body)
        .digest(encoding),
    );
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": sign(`${id}.${timestamp}.`, "base64")
      .map((value) => `v1,${value}`)
      .join(" "),
    "x-nines-signature": [`t=${timestamp}`, ...sign(`${timestamp}.`, "hex").map((value) => `v1=${value}`)].join(","),
  };
};
