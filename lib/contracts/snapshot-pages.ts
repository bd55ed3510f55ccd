import { z } from "zod";
import { LANGUAGES } from "#lib/core/languages.ts";

/**
 * The pages that are drawn from one snapshot: which services each shows, at which hosts, and to whom. The first one is
 * the main page, which answers every host that belongs to no other.
 */

export const MAIN_PAGE_ID = "main";

export const PageAudience = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("public") }),
  /** Whoever is signed in. */
  z.strictObject({ kind: z.literal("sign_in") }),
  /** Whoever comes from one of these CIDRs. */
  z.strictObject({ kind: z.literal("networks"), networks: z.array(z.string()).min(1) }),
]);
export type PageAudience = z.infer<typeof PageAudience>;

export const SnapshotPage = z.strictObject({
  id: z.string(),
  name: z.string(),
  url: z.string().nullable(),
  description: z.string().optional(),
  timeZone: z.string(),
  languages: z.array(z.enum(LANGUAGES)).min(1),
  /** Host names in lower case, without a port. */
  hosts: z.array(z.string()),
  audience: PageAudience,
  /** In the order of the snapshot. */
  serviceIds: z.array(z.string()),
});
export type SnapshotPage = z.infer<typeof SnapshotPage>;
