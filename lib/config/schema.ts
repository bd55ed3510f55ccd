import { z } from "zod";
import { EVENT_TYPES } from "#lib/contracts/events.ts";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { DAY_MS, SECOND_MS } from "#lib/core/units.ts";
import type { Check } from "./scalars.ts";
import { checkAllowEntry, checkName, checkTimeZone, duration, number, text } from "./scalars.ts";
import { id, LIMITS, name, reference } from "./schema-fields.ts";
import { referenceChecks } from "./schema-location.ts";
import { ProbeFile } from "./schema-probe.ts";
import { checkPageUrl, checkWebUrl } from "./url-rules.ts";

/**
 * The one source of the configuration file: its types, its checks of single values, the JSON Schema for editors and the
 * reference. What takes two values to judge (ids, references, conflicts, the address policy) is in check-relations.ts.
 */

export const MAX_PROBES = 10_000;

const checkObjective: Check<number> = (value) =>
  value > 50 && value < 100 ? null : { kind: "range", message: `must be over 50 and under 100, got ${value}` };
const checkFactor: Check<number> = (value) =>
  value > 0 && value <= 1_000_000 ? null : { kind: "range", message: `must be over 0, got ${value}` };
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
});

const LocationFile = z.strictObject({
  id: id("location"),
  name: name("What people call the location", { "x-default": "the id" }).optional(),
  reference_checks: referenceChecks,
});

const BurnRatePairFile = z.strictObject({
  long: duration(LIMITS.alertWindow, { description: "Long window: how much must be burnt" }),
  short: duration(LIMITS.alertWindow, {
    description: "Short window, below the long one: whether it still burns. At least three intervals are used",
  }),
  factor: number(checkFactor, {
    description: "How many times faster than allowed the budget must burn in both windows",
    exclusiveMinimum: 0,
    "x-limits": "over 0; factor x (100 - objective) under 100",
  }),
  severity: z
    .enum(["page", "ticket"])
    .meta({ description: "Whether it wakes someone", "x-default": "`page` for a long window up to 6h, else `ticket`" })
    .optional(),
  notify: z
    .array(reference("notification"))
    .meta({ description: "Who is told", "x-default": "every notification that subscribes to the event" })
    .optional(),
});

const SloFile = z.strictObject({
  id: id("SLO, in the whole file"),
  sli: z
    .enum(["availability", "latency"])
    .meta({ description: "What counts as good: an answer as asserted, or an answer within `threshold`" }),
  threshold: duration(
    { min: 1, max: DAY_MS },
    { description: "For `latency`, and required there: the longest good answer", "x-default": "none" },
  ).optional(),
  probes: z.array(reference("probe")).min(1).meta({ description: "Whose slots are counted" }),
  objective: number(checkObjective, {
    description: "Percent of good events that is promised; kept exactly as written",
    exclusiveMinimum: 50,
    exclusiveMaximum: 100,
  }),
  window: duration(
    { ...LIMITS.alertWindow, max: 366 * DAY_MS },
    { description: "Rolling window that the promise is about" },
  ),
  burn_rate_alerts: z
    .array(BurnRatePairFile)
    .min(1)
    .max(20)
    .meta({
      description: "When to alert",
      "x-default": "page at 2 % of the budget in 1h and 5 % in 6h, ticket at 10 % in 1d and in 3d",
    })
    .optional(),
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
  probes: z
    .array(ProbeFile)
    .min(1)
    .meta({ description: "Checks of the service", "x-limits": "1 or more; 10,000 in the whole file" }),
  slos: z.array(SloFile).meta({ description: "Promises about the service", default: [] }).optional(),
});

const NotificationFile = z.strictObject({
  id: id("notification"),
  type: z.enum(["webhook"]).meta({ description: "Kind of receiver" }),
  url: text(checkWebUrl, {
    description: "Where events are posted. `http` and private addresses need `egress.allow`",
    format: "uri",
    "x-type": "URL",
  }),
  secret: text(() => null, {
    description: "Key that deliveries are signed with: `env:NAME`, `file:PATH`, or `whsec_` and base64",
    "x-type": "secret",
    "x-limits": "24 to 64 bytes",
  }),
  events: z
    .array(z.enum([...EVENT_TYPES, "*"]))
    .min(1)
    .meta({ description: "Types of events to send; `*` for all", default: ["*"] })
    .optional(),
  timeout: duration(
    { min: 1, max: 30 * SECOND_MS },
    { description: "How long the receiver may take to answer", default: "5s" },
  ).optional(),
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
});
export type ConfigFile = z.infer<typeof ConfigFile>;
