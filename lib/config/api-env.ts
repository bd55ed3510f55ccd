import { BlockList, isIP } from "node:net";
import { AppError } from "#lib/core/errors.ts";
import type { RateTier } from "#lib/core/rate/token-bucket.ts";
import type { Env } from "./env.ts";

/** How the API is offered to callers. */
export type ApiSettings = {
  /** Proxies of ours in front: so many entries of X-Forwarded-For, from the right, are believed. */
  readonly trustedHops: number;
  /** Origins whose pages may use the API with credentials, exact. */
  readonly corsOrigins: readonly string[];
  /** Networks that may call `/v1` at all; empty: all. */
  readonly allow: readonly string[];
  /** Networks that may not, whatever `allow` says. */
  readonly deny: readonly string[];
  /** For a caller of the usual tier; null: nothing is limited. */
  readonly rateLimit: RateTier | null;
};

const DEFAULT_RATE_TIER: RateTier = { capacity: 100, refillPerSecond: 10 };

const MOST_HOPS = 10;

const refuse = (name: string, message: string): never => {
  throw new AppError("USAGE", `the environment variable ${name} ${message}`);
};

const listOf = (env: Env, name: string): string[] =>
  (env[name] ?? "")
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "");

const isOrigin = (text: string): boolean => {
  try {
    return new URL(text).origin === text && /^https?:/.test(text);
  } catch {
    return false;
  }
};

/** A network such as 10.0.0.0/8, or one address. */
const partsOfNetwork = (text: string): { address: string; bits: number; family: "ipv4" | "ipv6" } | null => {
  const [address = "", bits, ...more] = text.split("/");
  const version = isIP(address);
  const longest = version === 4 ? 32 : 128;
  const length = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (version === 0 || more.length > 0 || !(length >= 0 && length <= longest)) return null;
  return { address, bits: length, family: version === 4 ? "ipv4" : "ipv6" };
};

/** Networks as one that can be asked. What is none is left out: `readApiSettings` refuses it. */
export const networkList = (networks: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const text of networks) {
    const parts = partsOfNetwork(text);
    if (parts !== null) list.addSubnet(parts.address, parts.bits, parts.family);
  }
  return list;
};

const networksOf = (env: Env, name: string): string[] => {
  const networks = listOf(env, name);
  if (networks.every((text) => partsOfNetwork(text) !== null)) return networks;
  return refuse(name, "must be networks such as 10.0.0.0/8, with commas between them");
};

const readRateLimit = (env: Env): RateTier | null => {
  const text = (env.NINES_RATE_LIMIT ?? "").trim();
  if (text === "") return DEFAULT_RATE_TIER;
  if (text === "off") return null;
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
  const [capacity, refillPerSecond] = [Number(match?.[1]), Number(match?.[2])];
  if (capacity > 0 && refillPerSecond > 0) return { capacity, refillPerSecond };
  return refuse("NINES_RATE_LIMIT", "must be a capacity and tokens a second such as 100/10, or off");
};

/** The settings of the API. An empty variable is one that is not set. @throws AppError USAGE */
export const readApiSettings = (env: Env): ApiSettings => {
  const hops = (env.NINES_TRUSTED_HOPS ?? "").trim() || "0";
  if (!/^\d{1,2}$/.test(hops) || Number(hops) > MOST_HOPS)
    refuse("NINES_TRUSTED_HOPS", `must be a whole number from 0 to ${MOST_HOPS}`);
  const corsOrigins = listOf(env, "NINES_CORS_ORIGINS");
  if (!corsOrigins.every(isOrigin))
    refuse("NINES_CORS_ORIGINS", "must be origins such as https://app.example.com, with commas between them");
  return {
    trustedHops: Number(hops),
    corsOrigins,
    allow: networksOf(env, "NINES_API_ALLOW"),
    deny: networksOf(env, "NINES_API_DENY"),
    rateLimit: readRateLimit(env),
  };
};
