import type { Config, ServiceDefinition } from "#lib/core/definitions.ts";
import type { IncidentPolicy } from "#lib/core/incidents/policy.ts";
import { DEFAULT_POLICY } from "#lib/core/incidents/policy.ts";
import type { Path } from "./config-error.ts";
import type { ConfigFile } from "./schema.ts";
import { toDeadMan } from "./to/dead-man.ts";
import { toIncidentTemplate, toMaintenance } from "./to/desk.ts";
import { toEndpoint } from "./to/endpoint.ts";
import { toIdentity } from "./to/identity.ts";
import { toMail } from "./to/mail.ts";
import { toPage } from "./to/page.ts";
import { toExtraPage } from "./to/pages.ts";
import { toProbe } from "./to/probe.ts";
import type { SourceOf } from "./to/slo.ts";
import { toSlo, toThresholdAlert } from "./to/slo.ts";
import { toReferenceCheck } from "./to-reference-check.ts";

type ServiceFile = ConfigFile["services"][number];

const toIncidentPolicy = (policy: NonNullable<ConfigFile["incidents"]>): IncidentPolicy => ({
  onAlert: policy.on_alert ?? DEFAULT_POLICY.onAlert,
  singleLocation: policy.single_location ?? DEFAULT_POLICY.singleLocation,
});

type Sections = Pick<Config, "incidentTemplates" | "maintenances" | "deadMan" | "mail" | "identity">;

/** The sections that a file may leave out whole. */
const toSections = (file: ConfigFile, timeZone: string, secretAt: (path: Path) => string | null): Sections => ({
  ...(file.incident_templates === undefined
    ? {}
    : { incidentTemplates: file.incident_templates.map(toIncidentTemplate) }),
  ...(file.maintenances === undefined
    ? {}
    : { maintenances: file.maintenances.map((one) => toMaintenance(one, timeZone)) }),
  ...(file.dead_man === undefined ? {} : { deadMan: toDeadMan(file.dead_man, secretAt(["dead_man", "url"])) }),
  ...(file.mail === undefined ? {} : { mail: toMail(file.mail, (key) => secretAt(["mail", key])) }),
  ...(file.identity === undefined ? {} : { identity: toIdentity(file.identity) }),
});

/** A file without faults as the engine knows it, defaults filled in. */
export const normalise = (file: ConfigFile, secrets: ReadonlyMap<string, string>, sourceOf: SourceOf): Config => {
  const secretOf = (path: Path): string => secrets.get(JSON.stringify(path)) ?? "";
  const probesOf = file.services.map((service, index) =>
    service.probes.map((probe, at) => toProbe(probe, ["services", index, "probes", at], secretOf)),
  );
  const intervals = new Map(probesOf.flat().map((probe) => [probe.id, probe.intervalMs] as const));
  const shared = { intervals, pageTimeZone: file.page?.time_zone ?? "UTC", sourceOf, secretOf };
  const toService = (service: ServiceFile, index: number): ServiceDefinition => {
    const probes = probesOf[index] ?? [];
    const pathOf = (key: string, at: number): Path => ["services", index, key, at];
    const alerts = service.threshold_alerts?.map((alert, at) =>
      toThresholdAlert(alert, probes, { ...shared, path: pathOf("threshold_alerts", at) }),
    );
    return {
      id: service.id,
      name: service.name,
      description: service.description ?? null,
      group: service.group ?? null,
      probes,
      slos: (service.slos ?? []).map((slo, at) => toSlo(slo, { ...shared, path: pathOf("slos", at) })),
      ...(service.depends_on === undefined ? {} : { dependsOn: service.depends_on }),
      ...(alerts === undefined ? {} : { thresholdAlerts: alerts }),
    };
  };
  const page = toPage(file);
  return {
    version: 1,
    ...(file.sandbox === true ? { isSandbox: true } : {}),
    page,
    ...(file.pages === undefined ? {} : { pages: file.pages.map((one) => toExtraPage(one, page)) }),
    ...(file.static_site === undefined ? {} : { staticSite: file.static_site }),
    egress: {
      allow: file.egress?.allow ?? [],
      ...(file.egress?.source_addresses === undefined ? {} : { sourceAddresses: file.egress.source_addresses }),
    },
    locations: file.locations.map(({ id, name, reference_checks }) => ({
      id,
      name: name ?? id,
      ...(reference_checks === undefined ? {} : { referenceChecks: reference_checks.map(toReferenceCheck) }),
    })),
    services: file.services.map(toService),
    notifications: (file.notifications ?? []).map((entry, index) =>
      toEndpoint(entry, {
        path: ["notifications", index],
        pageTimeZone: shared.pageTimeZone,
        secretAt: (path) => secrets.get(JSON.stringify(path)) ?? null,
      }),
    ),
    ...(file.telemetry?.trace_url === undefined ? {} : { telemetry: { traceUrl: file.telemetry.trace_url } }),
    ...(file.incidents === undefined ? {} : { incidents: toIncidentPolicy(file.incidents) }),
    ...toSections(file, page.timeZone, (path) => secrets.get(JSON.stringify(path)) ?? null),
  };
};
