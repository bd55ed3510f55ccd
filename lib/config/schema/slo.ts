import { z } from "zod";
import { BUDGET_ACTIONS, CALENDAR_PERIODS, EXCLUSION_TREATMENTS, NO_DATA_POLICIES } from "#lib/core/definitions.ts";
import { DAY_MS } from "#lib/core/units.ts";
import { checkAnchor, checkDate } from "../rules/date.ts";
import type { Check } from "../scalars.ts";
import { checkInteger, checkName, checkTimeZone, duration, number, text } from "../scalars.ts";
import { auth, headers, id, LIMITS, reference, webUrl } from "./fields.ts";

// What the file promises about a service. What takes two values to judge is in rules/slo.ts and rules/sli.ts.

const checkObjective: Check<number> = (value) =>
  value > 50 && value < 100 ? null : { kind: "range", message: `must be over 50 and under 100, got ${value}` };
const checkFactor: Check<number> = (value) =>
  value > 0 && value <= 1_000_000 ? null : { kind: "range", message: `must be over 0, got ${value}` };
const checkTarget: Check<number> = (value) =>
  value > 0 && value <= 100 ? null : { kind: "range", message: `must be over 0 and at most 100, got ${value}` };
const checkShare: Check<number> = (value) =>
  value >= -1_000 && value <= 100 ? null : { kind: "range", message: `must be between -1000 and 100, got ${value}` };

/** Text of several lines for people, such as a rationale. */
const checkProse =
  (max: number): Check<string> =>
  (value) => {
    if (value.trim() === "") return { kind: "format", message: "must not be empty" };
    return value.length > max ? { kind: "limit", message: `must have at most ${max} characters` } : null;
  };

const MAX_NAME = 200;
const MAX_PROSE = 4_000;
const person = (description: string) =>
  text(checkName(MAX_NAME), { description, minLength: 1, maxLength: MAX_NAME, "x-default": "none" });
const prose = (description: string) =>
  text(checkProse(MAX_PROSE), { description, minLength: 1, maxLength: MAX_PROSE, "x-default": "none" });
const date = (description: string) =>
  text(checkDate, { description, "x-type": "date", "x-limits": "`YYYY-MM-DD`", "x-default": "none" });

export const severity = z.enum(["page", "ticket"]);
export const notify = z
  .array(reference("notification"))
  .meta({ description: "Who is told", "x-default": "every notification that subscribes to the event" })
  .optional();

/** A query of PromQL; whether the source understands it is known when it is asked. */
export const query = (description: string) =>
  text(checkProse(MAX_PROSE), {
    description,
    minLength: 1,
    maxLength: MAX_PROSE,
    "x-type": "PromQL",
    "x-default": "none",
  });

export const promqlSource = z
  .strictObject({
    url: webUrl("Base address of a server with the Prometheus API. Private addresses need `egress.allow`"),
    headers,
    auth,
  })
  .meta({ description: "The server that PromQL queries are sent to", "x-default": "none" });

const guard = (description: string, standard: string) =>
  number(checkInteger(0, 1_000_000), {
    description,
    type: "integer",
    minimum: 0,
    maximum: 1_000_000,
    "x-default": `${standard}; 0 for PromQL`,
  }).optional();

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
  severity: severity
    .meta({ description: "Whether it wakes someone", "x-default": "`page` for a long window up to 6h, else `ticket`" })
    .optional(),
  min_bad: z
    .strictObject({
      long: guard("In the long window", "3"),
      short: guard("In the short window", "2, or 3 for a page with six slots and more in it"),
    })
    .meta({
      description: "Bad events that are needed before the alert fires",
      "x-default": "as few as keep chance failures from paging",
    })
    .optional(),
  notify,
});

const CalendarWindowFile = z.strictObject({
  calendar: z.enum(CALENDAR_PERIODS).meta({ description: "Period on the calendar; the budget starts anew with each" }),
  time_zone: text(checkTimeZone, {
    description: "Zone whose midnights begin a period",
    "x-default": "`page.time_zone`",
    "x-type": "IANA time zone",
  }).optional(),
  anchor: text(checkAnchor, {
    description: "Wall time at which some period begins",
    "x-type": "date",
    "x-limits": "`YYYY-MM-DD` or `YYYY-MM-DD hh:mm:ss`",
    "x-default": "midnight of the first day; weeks begin on Monday",
  }).optional(),
});

const window = z
  .union([
    duration({ ...LIMITS.alertWindow, max: 366 * DAY_MS }, { description: "Rolling window" }),
    CalendarWindowFile.meta({ description: "A window of the calendar" }),
  ])
  .meta({
    description: "What the promise is about: a rolling window such as `28d`, or `{ calendar: month }`",
    "x-type": "duration or mapping",
    "x-limits": "rolling: 1m to 366d, whole minutes",
  });

const treatment = (description: string, standard: string) =>
  z.enum(EXCLUSION_TREATMENTS).meta({ description, default: standard }).optional();

const DocumentFile = z.strictObject({
  owner: person("Who answers for the SLO").optional(),
  reviewers: z.array(person("Name")).meta({ description: "Who has reviewed it", default: [] }).optional(),
  approver: person("Who has agreed to it").optional(),
  review_date: date("When it is due for review; after that day it says so").optional(),
  rationale: prose("Why this objective and this window").optional(),
  runbook: webUrl("What to do when the budget burns").optional(),
});

const BudgetRuleFile = z.strictObject({
  remaining_below: number(checkShare, {
    description: "Percent of the budget: the rule applies while less than that remains",
    minimum: -1_000,
    maximum: 100,
  }),
  action: z.enum(BUDGET_ACTIONS).meta({
    description: "`freeze` closes the gate for releases, `slow` and `review` ask for care, `inform` only tells",
  }),
  owner: person("Who sees to it").optional(),
  escalation: person("Who decides when the owner does not").optional(),
  note: prose("What it means in practice").optional(),
  from: date("First day on which the rule is in force").optional(),
  until: date("Last day on which the rule is in force").optional(),
});

export const SLI_KINDS = [
  "availability",
  "latency",
  "timeslice",
  "ratio_timeslices",
  "journey",
  "component",
  "promql",
] as const;

/** Fields that belong to some SLIs only. */
const sliFields = {
  threshold: duration(
    { min: 1, max: DAY_MS },
    { description: "For `latency`, also as `base`, and required there: the longest good answer", "x-default": "none" },
  ).optional(),
  base: z
    .enum(["availability", "latency"])
    .meta({ description: "For timeslices: what the slots in a slice are judged by", "x-default": "`availability`" })
    .optional(),
  slice: duration(
    { ...LIMITS.alertWindow, max: DAY_MS },
    {
      description: "For timeslices, and required there: length of a slice; a day holds a whole number",
      "x-default": "none",
    },
  ).optional(),
  slice_target: number(checkTarget, {
    description: "For `timeslice`, and required there: percent of good slots below which a slice is bad",
    exclusiveMinimum: 0,
    maximum: 100,
    "x-limits": "over 0, at most 100",
    "x-default": "none",
  }).optional(),
  no_data: z
    .enum(NO_DATA_POLICIES)
    .meta({ description: "For timeslices: how a slice without events counts", "x-default": "`ignore`" })
    .optional(),
  part: text(checkName(MAX_NAME), {
    description: "For `component`, and required there: which part of the health document, such as `db:primary`",
    maxLength: MAX_NAME,
    "x-default": "none",
  }).optional(),
  source: promqlSource.optional(),
  good: query("For `promql`: number of good events in the minute that ends at the time of the query").optional(),
  total: query("For `promql`: number of all events in the same minute").optional(),
} as const;

export const SloFile = z.strictObject({
  id: id("SLO, in the whole file"),
  sli: z.enum(SLI_KINDS).meta({
    description:
      "What counts as good: an answer as asserted, an answer within `threshold`, a slice of time, a journey, a part of a health document, or events of PromQL",
  }),
  ...sliFields,
  probes: z
    .array(reference("probe"))
    .min(1)
    .meta({ description: "Whose slots are counted", "x-default": "required, but for `promql`, which has none" })
    .optional(),
  locations: z
    .array(reference("location"))
    .min(1)
    .meta({ description: "Locations of the probes that are counted", "x-default": "all of them" })
    .optional(),
  count: z
    .enum(["slots", "runs"])
    .meta({ description: "Whether the locations vote on each slot, or each run counts by itself", default: "slots" })
    .optional(),
  combine: z
    .enum(["sum", "any_bad", "weighted"])
    .meta({
      description:
        "How several probes become one SLI: all slots together; minutes, bad when any probe is; slots by `weights`",
      default: "sum",
    })
    .optional(),
  weights: z
    .record(z.string(), z.number())
    .meta({
      description: "For `weighted`, and required there: weight by probe",
      "x-type": "mapping of numbers",
      "x-limits": "whole numbers from 1 to 1000",
      "x-default": "1 each",
    })
    .optional(),
  objective: number(checkObjective, {
    description: "Percent of good events that is promised; kept exactly as written",
    exclusiveMinimum: 50,
    exclusiveMaximum: 100,
  }),
  window,
  burn_rate_alerts: z
    .array(BurnRatePairFile)
    .min(1)
    .max(20)
    .meta({
      description: "When to alert",
      "x-default": "page at 2 % of the budget in 1h and 5 % in 6h, ticket at 10 % in 1d and in 3d",
    })
    .optional(),
  core: z
    .boolean()
    .meta({
      description: "Whether it decides the public state of the service",
      "x-default": "`true`, but for `promql` and `component`, which have no live slots",
    })
    .optional(),
  exclusions: z
    .strictObject({
      announced: treatment("Maintenance that was announced ahead", "exclude"),
      emergency: treatment("Maintenance that was not", "count"),
      retroactive: treatment("What was excluded afterwards; a second person approves first", "exclude"),
    })
    .meta({ description: "What becomes of events in maintenance and in excluded times" })
    .optional(),
  document: DocumentFile.meta({ description: "Who stands behind the SLO, and why it is what it is" }).optional(),
  budget_policy: z
    .array(BudgetRuleFile)
    .min(1)
    .max(20)
    .meta({
      description: "What follows when the budget runs low",
      "x-default": "nothing, and releases are never frozen",
    })
    .optional(),
});
export type SloFile = z.infer<typeof SloFile>;
