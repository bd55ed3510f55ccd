import { z } from "zod";
import { Instant } from "./values.ts";

export const RevokedTokenResource = z
  .strictObject({
    issuer: z.string().meta({ example: "https://idp.example.com" }),
    jti: z.string().meta({ example: "7d0b1f0e" }),
    reason: z.string().nullable(),
    revokedBy: z.string().meta({ description: "As in the audit log", example: "key:key_01k8f0" }),
    keptUntil: Instant.meta({ description: "By then the token would have ended by itself" }),
  })
  .meta({ id: "RevokedToken", description: "A token of an identity provider that opens nothing any more" });
export type RevokedTokenResource = z.infer<typeof RevokedTokenResource>;
