import { z } from "zod";
import { Identifier, Instant } from "./values.ts";

/** Who owns a row of the configuration. */
export const ManagedBy = z
  .enum(["file", "ui"])
  .meta({ description: "`file`: stands in nines.yaml and is changed there; `ui`: made by API or on a page" });
export type ManagedBy = z.infer<typeof ManagedBy>;

export const ConfiguredResource = z
  .strictObject({
    id: Identifier,
    kind: z.enum(["service", "probe", "slo"]),
    serviceId: Identifier,
    managedBy: ManagedBy,
    change: z.enum(["created", "updated", "deleted"]),
    actor: z.string().meta({ description: "Who did it, as in the audit log", example: "user:usr_01k8f0" }),
    version: z.string().meta({ description: "Version of the configuration since then", example: "12" }),
  })
  .meta({ id: "ConfiguredThing", description: "A service, probe or SLO that was made, changed or ended by hand" });
export type ConfiguredResource = z.infer<typeof ConfiguredResource>;

/** Types of events of a change by hand, and what each means. Changes of the file have the history of versions. */
export const CONFIGURED_TYPES = [
  "service.created",
  "service.updated",
  "service.deleted",
  "probe.created",
  "probe.updated",
  "probe.deleted",
  "slo.created",
  "slo.updated",
  "slo.deleted",
] as const;
export type ConfiguredType = (typeof CONFIGURED_TYPES)[number];

export const CONFIGURED_DESCRIPTIONS: Readonly<Record<ConfiguredType, string>> = {
  "service.created": "A service was made by API or on a page.",
  "service.updated": "A service was changed by API or on a page.",
  "service.deleted": "A service was ended by API or on a page.",
  "probe.created": "A probe was made by API or on a page.",
  "probe.updated": "A probe was changed by API or on a page.",
  "probe.deleted": "A probe was ended by API or on a page.",
  "slo.created": "An SLO was made by API or on a page.",
  "slo.updated": "An SLO was changed by API or on a page.",
  "slo.deleted": "An SLO was ended by API or on a page.",
};

export const CONFIGURED_DATA = {
  "service.created": ConfiguredResource,
  "service.updated": ConfiguredResource,
  "service.deleted": ConfiguredResource,
  "probe.created": ConfiguredResource,
  "probe.updated": ConfiguredResource,
  "probe.deleted": ConfiguredResource,
  "slo.created": ConfiguredResource,
  "slo.updated": ConfiguredResource,
  "slo.deleted": ConfiguredResource,
} as const;

const IdList = z.array(z.string());

export const ConfigVersionResource = z
  .strictObject({
    id: z.string().meta({ description: "Number of the version", example: "12" }),
    actor: z.string().meta({ description: "`config` is the file", example: "config" }),
    sha256: z.string(),
    changes: z
      .record(z.string(), z.looseObject({}))
      .meta({ description: "By table: ids that were added, changed, revived and retired; counts where they are many" }),
    appliedAt: Instant,
  })
  .meta({ id: "ConfigVersion", description: "One change of the configuration" });
export type ConfigVersionResource = z.infer<typeof ConfigVersionResource>;

export const ConfigResource = z
  .strictObject({
    version: z.string().meta({ example: "12" }),
    sha256: z.string(),
    actor: z.string().meta({ description: "Who made this version; `config` is the file" }),
    appliedAt: Instant,
    counts: z.strictObject({
      locations: z.number().int(),
      services: z.number().int(),
      probes: z.number().int(),
      slos: z.number().int(),
      endpoints: z.number().int(),
    }),
    drift: z
      .strictObject({ services: IdList, probes: IdList, slos: IdList, endpoints: IdList })
      .meta({ description: "What is in force and does not stand in the file" }),
  })
  .meta({ id: "ConfigState", description: "The configuration in force" });
export type ConfigResource = z.infer<typeof ConfigResource>;
