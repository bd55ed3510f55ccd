import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { JWK } from "jose";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT } from "jose";
import { agentName, INGEST_AUDIENCE } from "#lib/contracts/ingest.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { makeFolders } from "#lib/runtime/make-folders.ts";
import { writeFileAtomic } from "#lib/runtime/write-file-atomic.ts";

const FILE = "agent-key.json";
/** Tokens are made for one request each; this is how long that one may take on its way. */
const LIFE_SECONDS = 120;

type PrivateJwk = {
  readonly kty: "EC";
  readonly crv: "P-256";
  readonly x: string;
  readonly y: string;
  readonly d: string;
};
type KeyFile = { readonly location: string; readonly privateKey: PrivateJwk };

/** Who an agent is: its location and a key pair whose private half never leaves this machine. */
export type AgentIdentity = {
  readonly locationId: string;
  readonly kid: string;
  /** With `kid`, `alg` and `use`: what is registered on the server. */
  readonly publicJwk: JWK;
  readonly isNew: boolean;
  /** A token for one request, at an instant of the server's clock. */
  readonly sign: (now: EpochMs) => Promise<string>;
};

const privateJwkOf = (jwk: Partial<Record<string, unknown>> | undefined): PrivateJwk | null => {
  const { kty, crv, x, y, d } = jwk ?? {};
  const isText = typeof x === "string" && typeof y === "string" && typeof d === "string";
  return kty === "EC" && crv === "P-256" && isText ? { kty, crv, x, y, d } : null;
};

const make = async (locationId: string): Promise<KeyFile> => {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = privateJwkOf((await exportJWK(privateKey)) as Record<string, unknown>);
  if (jwk === null) throw new AppError("INTERNAL", "the key pair could not be made");
  return { location: locationId, privateKey: jwk };
};

const parse = (text: string): KeyFile | null => {
  try {
    const { location, privateKey } = JSON.parse(text) as Partial<Record<string, unknown>>;
    const jwk = privateJwkOf(privateKey as Record<string, unknown>);
    return typeof location === "string" && jwk !== null ? { location, privateKey: jwk } : null;
  } catch {
    return null;
  }
};

const read = async (path: string): Promise<KeyFile | null> => {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new AppError("PERMISSION_DENIED", `the key ${path} cannot be read`, { cause: error });
  }
  const file = parse(text);
  if (file !== null) return file;
  throw new AppError("SECRET_KEY_INVALID", `${path} holds no key of an agent; move it away, and register the new key`);
};

/**
 * Opens the key pair in a data folder, or makes one (ES256, file mode 0600) when there is none.
 * @throws AppError USAGE when the folder is of another location's agent; PERMISSION_DENIED, SECRET_KEY_INVALID.
 */
export const openIdentity = async (args: {
  dataDir: string;
  locationId: string;
  randomBytes: RandomBytes;
}): Promise<AgentIdentity> => {
  const { dataDir, locationId, randomBytes } = args;
  const path = join(dataDir, FILE);
  let file: KeyFile | null;
  let isNew = false;
  try {
    await makeFolders(dataDir, 0o700);
    file = await read(path);
    if (file === null) {
      file = await make(locationId);
      await writeFileAtomic(path, `${JSON.stringify(file)}\n`);
      isNew = true;
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("PERMISSION_DENIED", `${dataDir} cannot be written; choose another with --data`, {
      cause: error,
    });
  }
  if (file.location !== locationId)
    throw new AppError("USAGE", `${dataDir} belongs to the agent of "${file.location}"; choose another with --data`);
  const { kty, crv, x, y } = file.privateKey;
  const kid = await calculateJwkThumbprint({ kty, crv, x, y });
  const key = await importJWK({ ...file.privateKey }, "ES256");
  const sign = (now: EpochMs): Promise<string> => {
    const seconds = Math.floor(now / 1_000);
    return new SignJWT({})
      .setProtectedHeader({ alg: "ES256", kid, typ: "JWT" })
      .setIssuer(agentName(locationId))
      .setAudience(INGEST_AUDIENCE)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + LIFE_SECONDS)
      .setJti(Buffer.from(randomBytes(16)).toString("base64url"))
      .sign(key);
  };
  return { locationId, kid, publicJwk: { kty, crv, x, y, kid, alg: "ES256", use: "sig" }, isNew, sign };
};
