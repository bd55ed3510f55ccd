import { z } from "zod";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { checkAllowEntry, checkName, checkSourceAddress, checkTimeZone, text } from "./scalars.ts";
import { DeadManFile } from "./schema-dead-man.ts";
import { id, name, reference } from "./schema-fields.ts";
import { referenceChecks } from "./schema-location.ts";
import { NotificationFile } from "./schema-notification.ts";
import { ProbeFile } from "./schema-probe.ts";
import { SloFile } from "./schema-slo.ts";
import { ThresholdAlertFile } from "./schema-threshold.ts";
import { checkPageUrl } from "./url-rules.ts";

/**
 * The one source of the configuration file: its types, its checks of single values, the JSON Schema for editors and the
 * reference. What takes two values to judge (ids, references, conflicts, the address policy) is in check-relations.ts.
 */

export const MAX_PROBES = 10_000;

const PageFile = z.strictObject({
  name: name("Title of the status page", { default: "Status" }).optional(),
  url: text(checkPageUrl, {
    description: "Public address of the page; named in feeds and events",
    format: "uri",
    "x-type": "URL",
  }).optional(),
  time_zone: text(checkTimeZone, {
    description: "Zone of days and times on the page",
    default: "UTC",
    "x-type": "IANA time zone",
  }).optional(),
  languages: z
    .array(z.enum(LANGUAGES))
    .min(1)
    .meta({
      description: "Languages of the page; the first one is shown to visitors who ask for none of them",
      default: ["en"],
    })
    .optional(),
});

const EgressFile = z.strictObject({
  allow: z
    .array(text(checkAllowEntry, { description: "CIDR, address or host name", "x-type": "CIDR, address or name" }))
    .meta({ description: "What may be reached although it is not globally reachable", default: [] })
    .optional(),
  source_addresses: z
    .array(text(checkSourceAddress, { description: "Address or CIDR", "x-type": "address or CIDR" }))
    .max(100)
    .meta({
      description: "Where our requests come from, for receivers that keep a list; shown by `/v1/meta`",
      default: [],
    })
    .optional(),
});

const LocationFile = z.strictObject({
  id: id("location"),
  name: name("What people call the location", { "x-default": "the id" }).optional(),
  reference_checks: referenceChecks,
});

const ServiceFile = z.strictObject({
  id: id("service"),
  name: name("What customers call the service"),
  description: text(checkName(2_000), {
    description: "One or two sentences for customers",
    maxLength: 2_000,
    "x-default": "none",
  }).optional(),
  group: name("Services with the same group stand together on the page", { "x-default": "none" }).optional(),
  probes: z.array(ProbeFile).meta({
    description: "Checks of the service",
    "x-limits": "1 or more, but none where an SLO counts by PromQL; 10,000 in the whole file",
  }),
  slos: z.array(SloFile).meta({ description: "Promises about the service", default: [] }).optional(),
  depends_on: z
    .array(reference("service"))
    .meta({ description: "Services that this one cannot work without, never in a circle", default: [] })
    .optional(),
  threshold_alerts: z
    .array(ThresholdAlertFile)
    .max(50)
    .meta({ description: "Alerts on figures as they are, beside those on burn rates", default: [] })
    .optional(),
});

export const ConfigFile = z.strictObject({
  version: z.literal(1).meta({ description: "Version of this format" }),
  page: PageFile.meta({ description: "The status page" }).optional(),
  egress: EgressFile.meta({ description: "Where probes and webhooks may connect to" }).optional(),
  locations: z.array(LocationFile).min(1).meta({ description: "Places that probes run from" }),
  services: z.array(ServiceFile).min(1).meta({ description: "What customers know, in the order of the page" }),
  notifications: z
    .array(NotificationFile)
    .meta({ description: "Who is told about alerts and incidents", default: [] })
    .optional(),
  dead_man: DeadManFile.meta({
    description: "An outside watcher that is called while Nines works",
    "x-default": "none",
  }).optional(),
});
export type ConfigFile = z.infer<typeof ConfigFile>;
