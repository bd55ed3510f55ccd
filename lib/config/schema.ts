import { z } from "zod";
import { checkAllowEntry, checkName, checkSourceAddress, text } from "./scalars.ts";
import { DeadManFile } from "./schema/dead-man.ts";
import { IncidentTemplateFile, MaintenanceFile } from "./schema/desk.ts";
import { id, name, reference } from "./schema/fields.ts";
import { IdentityFile } from "./schema/identity.ts";
import { IncidentsFile } from "./schema/incidents.ts";
import { referenceChecks } from "./schema/location.ts";
import { MailFile } from "./schema/mail.ts";
import { NotificationFile } from "./schema/notification.ts";
import { PageFile } from "./schema/page.ts";
import { ExtraPageFile, StaticSiteFile } from "./schema/pages.ts";
import { ProbeFile } from "./schema/probe.ts";
import { SloFile } from "./schema/slo.ts";
import { TelemetryFile } from "./schema/telemetry.ts";
import { ThresholdAlertFile } from "./schema/threshold.ts";

/**
 * The one source of the configuration file: its types, its checks of single values, the JSON Schema for editors and the
 * reference. What takes two values to judge (ids, references, conflicts, the address policy) is in check/relations.ts.
 */

export const MAX_PROBES = 10_000;

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
  group: name("Services with the same group stand together on the page; `Shop / Payments` is a group within a group", {
    "x-default": "none",
  }).optional(),
  probes: z.array(ProbeFile).meta({
    description: "Checks of the service",
    "x-limits": "1 or more, but none where an SLO counts by PromQL; 10,000 in the whole file",
  }),
  slos: z.array(SloFile).meta({ description: "Promises about the service", default: [] }).optional(),
  publish_slos: z
    .boolean()
    .meta({ description: "Whether customers see objectives, budgets and burn rates of the service", default: true })
    .optional(),
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
  sandbox: z
    .boolean()
    .meta({ description: "Whether this installation is there to try things out: test keys open it", default: false })
    .optional(),
  page: PageFile.meta({ description: "The status page" }).optional(),
  pages: z
    .array(ExtraPageFile)
    .max(50)
    .meta({ description: "Pages beside it, each at hosts of its own, with some of the services", default: [] })
    .optional(),
  static_site: StaticSiteFile.meta({ description: "The page as files", "x-default": "none" }).optional(),
  egress: EgressFile.meta({ description: "Where probes and webhooks may connect to" }).optional(),
  locations: z.array(LocationFile).min(1).meta({ description: "Places that probes run from" }),
  services: z.array(ServiceFile).min(1).meta({ description: "What customers know, in the order of the page" }),
  notifications: z
    .array(NotificationFile)
    .meta({ description: "Who is told about alerts and incidents", default: [] })
    .optional(),
  incidents: IncidentsFile.meta({ description: "How alerts become incidents" }).optional(),
  incident_templates: z
    .array(IncidentTemplateFile)
    .max(500)
    .meta({ description: "Texts to begin an incident with", default: [] })
    .optional(),
  maintenances: z
    .array(MaintenanceFile)
    .max(500)
    .meta({ description: "Planned work; what leaves the list is called off", default: [] })
    .optional(),
  dead_man: DeadManFile.meta({
    description: "An outside watcher that is called while Nines works",
    "x-default": "none",
  }).optional(),
  mail: MailFile.meta({
    description: "The server that mails to subscribers go through; without it nobody can subscribe by mail",
    "x-default": "none",
  }).optional(),
  telemetry: TelemetryFile.meta({ description: "Where traces are kept", "x-default": "none" }).optional(),
  identity: IdentityFile.meta({ description: "Who may sign in, and whose tokens machines may show" }).optional(),
});
export type ConfigFile = z.infer<typeof ConfigFile>;
