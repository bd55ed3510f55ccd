import { z } from "zod";

export const Liveness = z.strictObject({ status: z.literal("ok") }).meta({ id: "Liveness" });

export const Readiness = z
  .strictObject({
    status: z.enum(["ok", "degraded"]),
    checks: z.strictObject({
      database: z.strictObject({
        status: z.enum(["ok", "failed", "unknown"]),
        latencyMs: z.number().nonnegative().nullable(),
        code: z.string().nullable().meta({ description: "Why it failed: a code of the error catalogue" }),
      }),
      snapshot: z.strictObject({
        status: z.enum(["ok", "stale", "failed"]),
        dataAsOf: z.string().nullable(),
        ageSeconds: z.number().nonnegative().nullable(),
      }),
      page: z.strictObject({ status: z.enum(["ok", "failed"]) }),
    }),
  })
  .meta({ id: "Readiness" });
export type Readiness = z.infer<typeof Readiness>;

export const PageHealth = z
  .strictObject({ status: z.enum(["ok", "failed"]), dataAsOf: z.string().nullable() })
  .meta({ id: "PageHealth" });
