import type { LocationDefinition, ServiceDefinition } from "#lib/core/definitions.ts";
import { formatDuration } from "#lib/core/duration.ts";
import type { ExportContext, Section } from "./context.ts";
import { known, said, unless } from "./context.ts";
import { exportProbe } from "./probe.ts";
import type { Intervals } from "./slo.ts";
import { exportSlo, exportThreshold } from "./slo.ts";

/** A location as the file has it, without what is a default. */
export const exportLocation = ({ id, name, referenceChecks }: LocationDefinition): Section =>
  said({
    id,
    name: unless(name, id),
    reference_checks: referenceChecks?.map((check) => ({
      id: check.id,
      url: check.url,
      interval: formatDuration(check.intervalMs),
      timeout: formatDuration(check.timeoutMs),
    })),
  });

/** A service in the words of the file. `intervals` are those of all probes; `publishesSlos` false: customers do not see its objectives. */
export const exportService = (
  service: ServiceDefinition,
  { intervals, publishesSlos, context }: { intervals: Intervals; publishesSlos: boolean; context: ExportContext },
): Section =>
  said({
    id: service.id,
    name: service.name,
    description: known(service.description),
    group: known(service.group),
    publish_slos: unless(publishesSlos, true),
    depends_on: service.dependsOn,
    probes: service.probes.map((probe) => exportProbe(probe, context)),
    slos: unless(
      service.slos.map((slo) => exportSlo(slo, intervals, context)),
      [],
    ),
    threshold_alerts: service.thresholdAlerts?.map((alert) => exportThreshold(alert, context)),
  });
