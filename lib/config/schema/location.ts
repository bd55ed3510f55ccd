import { z } from "zod";
import { MINUTE_MS, SECOND_MS } from "#lib/core/units.ts";
import { checkWebUrl } from "../rules/url.ts";
import { checkId, duration, ID, text } from "../scalars.ts";

/** Most reference checks of one location: three are plenty, and each is a request every few seconds. */
const MAX_REFERENCE_CHECKS = 10;

const ReferenceCheckFile = z.strictObject({
  id: text(checkId, {
    description: "Identifies the check within its location; named in `prober.blind`",
    pattern: ID.source,
    "x-type": "id",
  }),
  url: text(checkWebUrl, {
    description: "Address that can be reached whenever the location sees at all. Private addresses need `egress.allow`",
    format: "uri",
    "x-type": "URL",
    "x-limits": "http or https, no user name, 2,048 characters",
  }),
  interval: duration(
    { min: SECOND_MS, max: MINUTE_MS },
    { description: "Time between two runs", default: "10s" },
  ).optional(),
  timeout: duration(
    { min: 1, max: MINUTE_MS },
    { description: "Deadline of a run; at most the interval", "x-default": "the interval, at most 3s" },
  ).optional(),
});

export const referenceChecks = z
  .array(ReferenceCheckFile)
  .max(MAX_REFERENCE_CHECKS)
  .meta({
    description:
      "Checks by which the location finds out whether it can see: while more than half of them fail, its votes do not count",
    default: [],
  })
  .optional();

export type ReferenceCheckFile = z.infer<typeof ReferenceCheckFile>;
