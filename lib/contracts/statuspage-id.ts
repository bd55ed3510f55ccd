import { createHash } from "node:crypto";

export type StatuspageIdKind = "page" | "component" | "group" | "incident" | "update" | "maintenance";

const LENGTH = 12;
const SPACE = 36n ** BigInt(LENGTH);

/**
 * The id that the Statuspage-compatible API gives to a thing of ours: 12 characters of lower-case base36, the same on
 * every instance and for ever. Twelve characters are 62 bits: at a million ids a clash has odds of one in ten million.
 */
export const statuspageId = (kind: StatuspageIdKind, id: string): string => {
  const digest = createHash("sha256").update(`${kind}\n${id}`).digest("hex");
  return (BigInt(`0x${digest}`) % SPACE).toString(36).padStart(LENGTH, "0");
};
