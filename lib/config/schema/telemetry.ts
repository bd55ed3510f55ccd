import { z } from "zod";
import { checkTraceUrl } from "../rules/url.ts";
import { text } from "../scalars.ts";

/** Where the traces of runs can be looked at. */
export const TelemetryFile = z.strictObject({
  trace_url: text(checkTraceUrl, {
    description:
      "Address of a trace in your tracing tool, with `{traceId}` where its id goes; the dashboards link to it",
    "x-type": "URL with `{traceId}`",
    "x-limits": "http or https, `{traceId}` after the host, no user name, 2,048 characters",
    "x-default": "none",
  }).optional(),
});
