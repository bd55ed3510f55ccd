import { z } from "zod";
import { DAY_MS, SECOND_MS } from "#lib/core/units.ts";
import { checkAddressUrl } from "../rules/notification.ts";
import { duration, text } from "../scalars.ts";

// The section `dead_man`. What takes more than one value to judge is in check/dead-man.ts.

const DEAD_MAN_METHODS = ["GET", "POST"] as const;

export const DeadManFile = z.strictObject({
  url: text(checkAddressUrl, {
    description:
      "Address of an outside watcher that pages when it hears nothing. Whoever knows it can silence the watcher: better `env:NAME` or `file:PATH`",
    format: "uri",
    "x-type": "URL, or secret",
    "x-limits": "`env:NAME` and `file:PATH` too",
  }),
  interval: duration(
    { min: 10 * SECOND_MS, max: DAY_MS },
    { description: "How often to call, on the beat of the clock", default: "1m" },
  ).optional(),
  method: z.enum(DEAD_MAN_METHODS).meta({ description: "How to call", default: "GET" }).optional(),
});
export type DeadManFile = z.infer<typeof DeadManFile>;
