import { z } from "zod";
import { Identifier } from "./values.ts";

export const LocationResource = z
  .strictObject({
    id: Identifier,
    name: z.string(),
    managedBy: z.literal("file").meta({ description: "Locations stand in nines.yaml and are changed there" }),
    probeCount: z.number().int().nonnegative().meta({ description: "Probes that run from here" }),
  })
  .meta({ id: "Location", description: "Where checks run from" });
export type LocationResource = z.infer<typeof LocationResource>;
