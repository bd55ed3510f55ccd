import { AppError } from "#lib/core/errors.ts";

export type Env = Readonly<Record<string, string | undefined>>;

const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

/** What the environment says, checked. Null: not set, so that the caller's default applies. */
export type Environment = {
  /** A secret. Null: the embedded PostgreSQL. */
  readonly databaseUrl: string | null;
  readonly configPath: string | null;
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  /** A secret: base64 of 32 bytes. Null: made on first start and kept in the data folder. */
  readonly secretKey: string | null;
  /** Secrets of the same form: keys that were in use before and still open what they sealed. */
  readonly oldSecretKeys: readonly string[];
  readonly logLevel: LogLevel | null;
  readonly nodeEnv: "production" | "development" | "test" | null;
};

export const DEFAULT_CONFIG_PATH = "./nines.yaml";
const DEFAULT_HOST = "0.0.0.0";
const DEFAULT_PORT = 3_000;
const DEFAULT_DATA_DIR = "./.nines";
const KEY_BYTES = 32;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The only place that reads `process.env`; everything else is handed what it needs. */
export const processEnvironment = (): Env => process.env;

/** An empty variable is one that is not set: that is how people switch one off. */
const valueOf = (env: Env, name: string): string | null => {
  const value = env[name]?.trim();
  return value === undefined || value === "" ? null : value;
};

const refuse = (name: string, message: string): never => {
  throw new AppError("USAGE", `the environment variable ${name} ${message}`);
};

const readPort = (env: Env): number => {
  const text = valueOf(env, "PORT");
  if (text === null) return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? port : refuse("PORT", "must be a whole number from 0 to 65535; 0 takes any free port");
};

const readDatabaseUrl = (env: Env): string | null => {
  const text = valueOf(env, "DATABASE_URL");
  if (text === null) return null;
  // Not parsed as a URL: a list of hosts is a valid address of a database but no valid URL.
  return /^postgres(ql)?:\/\/\S+$/.test(text)
    ? text
    : refuse("DATABASE_URL", "must be an address such as postgres://user:password@host:5432/nines");
};

const readWord = <Word extends string>(env: Env, name: string, words: readonly Word[]): Word | null => {
  const text = valueOf(env, name);
  if (text === null) return null;
  return words.find((word) => word === text) ?? refuse(name, `must be one of ${words.join(", ")}`);
};

const readHost = (env: Env): string => {
  const text = valueOf(env, "HOST") ?? DEFAULT_HOST;
  return /^[A-Za-z0-9_.:-]{1,253}$/.test(text)
    ? text
    : refuse("HOST", "must be an address or a host name to listen on");
};

const readSecretKey = (env: Env): string | null => {
  const text = valueOf(env, "NINES_SECRET_KEY");
  if (text === null) return null;
  if (BASE64.test(text) && Buffer.from(text, "base64").length === KEY_BYTES) return text;
  throw new AppError(
    "SECRET_KEY_INVALID",
    `NINES_SECRET_KEY must be ${KEY_BYTES} bytes in base64; make one with: openssl rand -base64 ${KEY_BYTES}`,
  );
};

const readOldSecretKeys = (env: Env): string[] => {
  const texts = (valueOf(env, "NINES_SECRET_KEY_OLD") ?? "").split(",").map((text) => text.trim());
  const keys = texts.filter((text) => text !== "");
  if (keys.every((text) => BASE64.test(text) && Buffer.from(text, "base64").length === KEY_BYTES)) return keys;
  throw new AppError(
    "SECRET_KEY_INVALID",
    `NINES_SECRET_KEY_OLD must be keys as NINES_SECRET_KEY takes one, ${KEY_BYTES} bytes in base64 each, with commas between them`,
  );
};

/**
 * The settings of the environment. Messages name the variable and the cure and never repeat its value.
 * @throws AppError USAGE for a value that cannot be used, SECRET_KEY_INVALID for the key.
 */
export const readEnvironment = (env: Env): Environment => ({
  databaseUrl: readDatabaseUrl(env),
  configPath: valueOf(env, "NINES_CONFIG"),
  host: readHost(env),
  port: readPort(env),
  dataDir: valueOf(env, "NINES_DATA_DIR") ?? DEFAULT_DATA_DIR,
  secretKey: readSecretKey(env),
  oldSecretKeys: readOldSecretKeys(env),
  logLevel: readWord(env, "LOG_LEVEL", LOG_LEVELS),
  nodeEnv: readWord(env, "NODE_ENV", ["production", "development", "test"]),
});
