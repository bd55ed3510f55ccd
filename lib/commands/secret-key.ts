import { randomBytes as systemRandomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "#lib/core/errors.ts";
import { writeFileAtomic } from "#lib/runtime/write-file-atomic.ts";
import type { SecretBox } from "./secret-box.ts";
import { createSecretBox } from "./secret-box.ts";

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

/** The file's keys, the one that seals first; older ones follow on lines of their own. */
const parseKeys = (text: string, path: string): Buffer[] => {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.length === 0 ? [parseKey("", path)] : lines.map((line) => parseKey(line, path));
};

const readKeyFile = async (path: string): Promise<Buffer[] | null> => {
  try {
    return parseKeys(await readFile(path, "utf8"), path);
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

/** The keys that secrets in the database are sealed with, the one in use first; `file` where they stand in a file. */
export type SecretKeySet = { readonly keys: readonly Buffer[]; readonly file: string | null };

type KeyArgs = {
  /** NINES_SECRET_KEY. */
  readonly value: string | null | undefined;
  /** NINES_SECRET_KEY_OLD: keys that open and do not seal. */
  readonly oldValues?: readonly string[];
  readonly dataDir: string;
};

const isSet = (value: string | null | undefined): value is string =>
  value !== null && value !== undefined && value.trim() !== "";

/** The keys that are there already; null when there are none. @throws AppError as `loadSecretKeys` */
export const findSecretKeys = async ({ value, oldValues = [], dataDir }: KeyArgs): Promise<SecretKeySet | null> => {
  const old = oldValues.map((text) => parseKey(text, "NINES_SECRET_KEY_OLD"));
  if (isSet(value)) return { keys: [parseKey(value, "NINES_SECRET_KEY"), ...old], file: null };
  const file = join(dataDir, FILE_NAME);
  const keys = await readKeyFile(file);
  return keys === null ? null : { keys: [...keys, ...old], file };
};

/**
 * The keys that secrets in the database are sealed with: `value` when it is set, else the file `secret.key` in the data
 * folder, which is made on first start, readable by its owner only.
 * @throws AppError SECRET_KEY_INVALID, or PERMISSION_DENIED when the file cannot be read.
 */
export const loadSecretKeys = async (
  args: KeyArgs & { readonly randomBytes?: (size: number) => Uint8Array },
): Promise<SecretKeySet> => {
  const found = await findSecretKeys(args);
  if (found !== null) return found;
  await mkdir(args.dataDir, { recursive: true });
  const file = join(args.dataDir, FILE_NAME);
  await makeKeyFile(file, (args.randomBytes ?? systemRandomBytes)(KEY_BYTES));
  return (await findSecretKeys(args)) ?? { keys: [parseKey("", file)], file };
};

/** Replaces the keys of a file at once: whoever reads it gets the old ones or the new ones. */
export const writeKeyFile = (file: string, keys: readonly Uint8Array[]): Promise<void> =>
  writeFileAtomic(file, keys.map((key) => `${Buffer.from(key).toString("base64")}\n`).join(""), { mode: 0o600 });

/**
 * A box for a process of the service. Keys of a file are read again when they are needed, so that a rotation reaches
 * every process without a restart.
 */
export const openSecretBox = (settings: {
  readonly secretKey: string;
  readonly oldSecretKeys?: readonly string[];
  readonly secretKeyFile?: string | null;
}): SecretBox => {
  const given = [settings.secretKey, ...(settings.oldSecretKeys ?? [])].map((text) => Buffer.from(text, "base64"));
  const { secretKeyFile = null } = settings;
  return createSecretBox(() => {
    if (secretKeyFile === null) return given;
    try {
      return [...parseKeys(readFileSync(secretKeyFile, "utf8"), secretKeyFile), ...given];
    } catch {
      // A file that is away or being replaced changes nothing for what runs.
      return given;
    }
  });
};
