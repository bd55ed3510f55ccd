import { z } from "zod";
import { Instant } from "./api.ts";

const Hash = z.string().regex(/^[0-9a-f]{64}$/);

export const AuditEntryResource = z
  .strictObject({
    id: z.string().meta({ description: "Its place in the order of writing" }),
    at: Instant,
    actor: z
      .string()
      .meta({ description: "`user:…`, `api_key:…`, `client:…`, `cli`, `config` or a part of the service" }),
    action: z.string().meta({ description: "`<thing>.<what happened>`", example: "user.role_changed" }),
    subject: z.string(),
    before: z.unknown().meta({ description: "Never a secret; null for what is new" }),
    after: z.unknown(),
    chain: z
      .strictObject({ sequence: z.number().int().min(1), previousHash: Hash, hash: Hash })
      .meta({ description: "`hash` is the SHA-256 of `previousHash`, a line end and the text of the row" }),
  })
  .meta({ id: "AuditEntry", description: "Who changed what, in a chain of hashes" });
export type AuditEntryResource = z.infer<typeof AuditEntryResource>;
