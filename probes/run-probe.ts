import type { HttpProbeDefinition } from "#lib/core/definitions.ts";
import type { AllowList } from "#lib/egress/allow-list.ts";
import { DEFAULT_CAPS } from "#lib/egress/types.ts";
import type { CheckDeps, CheckResult, HttpTarget } from "./checks/http.ts";
import { checkHttp } from "./checks/http.ts";
import type { ScheduledProbe } from "./scheduler.ts";

const httpTargetOf = (definition: HttpProbeDefinition, allow: AllowList): HttpTarget => ({
  url: definition.url,
  method: definition.method,
  headers: definition.headers,
  body: definition.body,
  timeoutMs: definition.timeoutMs,
  connectTimeoutMs: null,
  maxRedirects: definition.maxRedirects,
  caps: DEFAULT_CAPS,
  assertions: definition.assertions,
  allow,
  caPem: null,
});

/**
 * How the scheduler runs a probe of any type. `allow` is asked at every run, so that a new configuration holds at once.
 */
export const createProbeRunner =
  (deps: Omit<CheckDeps, "signal"> & { readonly allow: () => AllowList }) =>
  ({ definition }: ScheduledProbe, signal: AbortSignal): Promise<CheckResult> => {
    switch (definition.type) {
      case "http":
        return checkHttp(httpTargetOf(definition, deps.allow()), { ...deps, signal });
    }
  };
