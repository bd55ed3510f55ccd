import { loadConfig } from "#lib/config/load-config.ts";
import type { Config } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";

/** How large an organisation is. Every service has one probe; SLOs are spread over the services. */
export type OrganisationSize = { readonly services: number; readonly slos: number; readonly days: number };

const LOCATIONS = ["local", "fra", "sel"] as const;
const SIGNING = `whsec_${"QUJD".repeat(8)}`;

/** A few probes of each fifty are unlike the others, which run once a minute at one location. */
export const KINDS = { journey: 3, quick: 5, wide: 7 } as const;
const isKind = (index: number, kind: keyof typeof KINDS): boolean => index % 50 === KINDS[kind];

/** How often and from where; a journey has three steps, a quick one has histograms by the minute, a wide one all locations. */
const probeOf = (index: number): object => {
  const id = `probe-${index}`;
  const url = `https://service-${index}.example/`;
  if (isKind(index, "journey")) {
    const steps = ["open", "order", "pay"].map((step) => ({ id: step, url: `${url}${step}` }));
    return { id, type: "journey", steps, interval: "30s", locations: LOCATIONS.slice(0, 2) };
  }
  if (isKind(index, "quick")) return { id, type: "http", url, interval: "10s", locations: LOCATIONS.slice(0, 2) };
  if (isKind(index, "wide")) return { id, type: "http", url, interval: "30s", locations: LOCATIONS };
  return { id, type: "http", url, interval: "1m", locations: ["local"] };
};

const sloOf = (index: number, service: number): object => ({
  id: `slo-${index}`,
  sli: isKind(service, "journey") ? "journey" : "availability",
  probes: [`probe-${service}`],
  objective: 99.9,
  window: "28d",
  document: { owner: `team-${index % 12}` },
});

/** One service in five stands alone; the four after it need it. */
const serviceOf = (index: number, { services, slos }: OrganisationSize): object => ({
  id: `service-${index}`,
  name: `Service ${index}`,
  group: `Group ${index % 10}`,
  ...(index % 5 === 0 ? {} : { depends_on: [`service-${index - (index % 5)}`] }),
  probes: [probeOf(index)],
  slos: Array.from({ length: Math.ceil((slos - index) / services) }, (_, turn) =>
    sloOf(index + turn * services, index),
  ),
});

const endpointOf = (index: number): object => ({
  id: `hook-${index}`,
  type: "webhook",
  url: `https://hooks.example.org/${index}`,
  secret: SIGNING,
});

/** The configuration of an organisation, as a file would say it: `service-0` …, `probe-0` …, `slo-0` …, `hook-0` … */
export const organisationConfig = (size: OrganisationSize): Config => {
  const file = {
    version: 1,
    page: { name: "Acme", url: "https://status.acme.example" },
    locations: LOCATIONS.map((id) => ({ id })),
    services: Array.from({ length: size.services }, (_, index) => serviceOf(index, size)),
    notifications: Array.from({ length: 10 }, (_, index) => endpointOf(index)),
  };
  const result = loadConfig({ bytes: Buffer.from(JSON.stringify(file)), env: {}, judgeUrl });
  if (!result.ok) throw new AppError("CONFIG_INVALID", JSON.stringify(result.errors.slice(0, 3)));
  return result.config;
};
