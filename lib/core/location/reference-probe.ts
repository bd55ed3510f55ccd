import type { HttpProbeDefinition, ReferenceCheck } from "../definitions.ts";

/** Ids of probes hold no slash, so that a reference check never stands for one of them. */
const PREFIX = "reference/";

/** The id of the check that a run is of; null when it is of a probe. */
export const referenceIdOf = (probeId: string): string | null =>
  probeId.startsWith(PREFIX) ? probeId.slice(PREFIX.length) : null;

/** A reference check as a probe, so that it is scheduled, run and recorded like any other. */
export const referenceProbe = (check: ReferenceCheck, locationId: string): HttpProbeDefinition => ({
  type: "http",
  id: `${PREFIX}${check.id}`,
  url: check.url,
  method: "GET",
  headers: {},
  body: null,
  auth: null,
  clientCertificate: null,
  http2: false,
  connection: "fresh",
  intervalMs: check.intervalMs,
  timeoutMs: check.timeoutMs,
  maxRedirects: 0,
  locations: [locationId],
  assertions: [{ type: "status", op: "in", value: ["2xx", "3xx"] }],
});
