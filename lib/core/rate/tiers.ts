import type { RateTier } from "./token-bucket.ts";

export const RATE_TIERS = ["standard", "high", "highest"] as const;
export type RateTierName = (typeof RATE_TIERS)[number];

const FACTORS: Readonly<Record<RateTierName, number>> = { standard: 1, high: 10, highest: 100 };

/** What a tier may ask for, as a multiple of the standard one; a word of a later release counts as standard. */
export const tierOf = (standard: RateTier, name: string | null): RateTier => {
  const factor = FACTORS[(RATE_TIERS as readonly string[]).includes(name ?? "") ? (name as RateTierName) : "standard"];
  return { capacity: standard.capacity * factor, refillPerSecond: standard.refillPerSecond * factor };
};
