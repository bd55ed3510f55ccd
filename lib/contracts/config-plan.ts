import { z } from "zod";
import { ManagedBy } from "./configured.ts";
import { Instant } from "./values.ts";

const IdList = z.array(z.string());

const PlannedChange = z
  .strictObject({
    action: z.enum(["add", "change", "remove"]),
    kind: z.enum(["location", "service", "probe", "slo", "endpoint", "settings"]),
    id: z.string(),
    managedBy: ManagedBy,
    fields: z
      .array(
        z.strictObject({
          path: z.string(),
          from: z.unknown().meta({ description: "Left out: there was none" }),
          to: z.unknown(),
        }),
      )
      .meta({ description: "Of a change. That a secret differs is told; secrets never are" }),
  })
  .meta({ id: "PlannedChange" });

const FileFault = z
  .strictObject({
    path: z.string().meta({ description: "Empty for faults of the whole file", example: "services[0].probes[0].url" }),
    kind: z.string().meta({ example: "missing" }),
    message: z.string(),
    line: z.number().int().positive().nullable(),
    cure: z.string().meta({ description: "What to do about it" }),
  })
  .meta({ id: "ConfigFault" });

export const ConfigPlanResource = z
  .strictObject({
    state: z
      .enum(["same", "differs", "faulty", "unreadable", "none"])
      .meta({ description: "`faulty`: what was in force stays in force; `none`: this instance has no file" }),
    file: z.string().nullable().meta({ description: "Name of the file, without its folder", example: "nines.yaml" }),
    readAt: Instant,
    version: z.string().nullable().meta({ description: "Version in force; null before the first" }),
    changes: z.array(PlannedChange).meta({ description: "What an apply of the file would change now" }),
    madeByHand: z.strictObject({ services: IdList, probes: IdList, slos: IdList, endpoints: IdList }).nullable().meta({
      description: "What is in force and does not stand in the file: it stays. Null when nothing was compared",
    }),
    faults: z.array(FileFault).meta({ description: "At most 200, in the order of the file" }),
    faultCount: z.number().int().nonnegative(),
  })
  .meta({ id: "ConfigPlan", description: "The configuration file as it is now, beside what is in force" });
export type ConfigPlanResource = z.infer<typeof ConfigPlanResource>;
