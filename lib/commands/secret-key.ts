import { randomBytes as systemRandomBytes } from "node:crypto";
import { link, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "#lib/core/errors.ts";
import { writeFileAtomic } from "#lib/runtime/write-file-atomic.ts";

const KEY_BYTES = 32;
const FILE_NAME = "secret.key";
// Standard or URL alphabet, with or without padding: 32 bytes are 43 characters.
const BASE64_KEY = /^[A-Za-z0-9+/_-]{43}=?$/;

const parseKey = (text: string, where: string): Buffer => {
  const trimmed = text.trim();
  const key = BASE64_KEY.test(trimmed) ? Buffer.from(trimmed, "base64") : null;
  if (key?.length === KEY_BYTES) return key;
  throw new AppError(
    "SECRET_KEY_INVALID",
    `${where} must be 32 bytes in base64 (44 characters); make one with: openssl rand -base64 32`,
  );
};

const readKeyFile = async (path: string): Promise<Buffer | null> => {
  try {
    return parseKey(await readFile(path, "utf8"), path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return null;
    if (code === "EACCES" || code === "EPERM") {
      throw new AppError("PERMISSION_DENIED", `the key file ${path} cannot be read (${code})`, { cause: error });
    }
    throw error;
  }
};

/** Writes a new key under the name unless another process was first; either way the file's key is the one that counts. */
const makeKeyFile = async (path: string, key: Uint8Array): Promise<void> => {
  const candidate = `${path}.${systemRandomBytes(6).toString("hex")}.tmp`;
  await writeFileAtomic(candidate, `${Buffer.from(key).toString("base64")}\n`, { mode: 0o600 });
  try {
    await link(candidate, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(candidate, { force: true });
  }
};

/**
 * The key that secrets in the database are sealed with: `value` (NINES_SECRET_KEY) when it is set, else the file
 * `secret.key` in the data folder, which is made on first start, readable by its owner only.
 * @throws AppError SECRET_KEY_INVALID, or PERMISSION_DENIED when the file cannot be read.
 */
export const loadSecretKey = async (args: {
  value: string | null | undefined;
  dataDir: string;
  randomBytes?: (size: number) => Uint8Array;
}): Promise<Buffer> => {
  if (args.value !== null && args.value !== undefined && args.value.trim() !== "") {
    return parseKey(args.value, "NINES_SECRET_KEY");
  }
  const path = join(args.dataDir, FILE_NAME);
  const existing = await readKeyFile(path);
  if (existing !== null) return existing;
  await mkdir(args.dataDir, { recursive: true });
  await makeKeyFile(path, (args.randomBytes ?? systemRandomBytes)(KEY_BYTES));
  return (await readKeyFile(path)) ?? parseKey("", path);
};
