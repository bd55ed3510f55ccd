import type {
  Config,
  EgressDefinition,
  LocationDefinition,
  PageDefinition,
  ServiceDefinition,
} from "#lib/core/definitions.ts";
import type { Opened } from "./open-mirror.ts";

/** Ids of rows that people made by API or on a page. */
export type HandMade = {
  readonly services: ReadonlySet<string>;
  readonly probes: ReadonlySet<string>;
  readonly slos: ReadonlySet<string>;
};

/** What a stored version says beside its rows: no secret is in it. */
export type StoredDocument = {
  readonly page: PageDefinition;
  readonly egress: EgressDefinition;
  readonly locations: readonly LocationDefinition[];
  readonly [key: string]: unknown;
};

type Row = { readonly id: string; readonly position: number };
const inForce = <R extends Row>(
  stored: ReadonlyMap<string, { readonly row: R; readonly isRetired: boolean }>,
): readonly R[] =>
  [...stored.values()]
    .filter(({ isRetired }) => !isRetired)
    .map(({ row }) => row)
    .toSorted((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1));

const idsByHand = (rows: readonly { readonly id: string; readonly managed_by: string }[]): ReadonlySet<string> =>
  new Set(rows.filter((row) => row.managed_by === "ui").map(({ id }) => id));

/** The ids of rows in force that people made by API or on a page. */
export const handMadeOf = (opened: Opened): HandMade => ({
  services: idsByHand(inForce(opened.openedServices)),
  probes: idsByHand(inForce(opened.openedProbes)),
  slos: idsByHand(inForce(opened.openedSlos)),
});

/** Services with their probes and SLOs as the tables hold them, in their order: those of the file, then the others. */
export const servicesInForce = (opened: Opened): readonly ServiceDefinition[] => {
  const probes = inForce(opened.openedProbes);
  const slos = inForce(opened.openedSlos);
  return inForce(opened.openedServices).map((row) => ({
    id: row.id,
    name: row.name,
    description: row.description,
    group: row.group_name,
    probes: probes.filter(({ service_id }) => service_id === row.id).map(({ definition }) => definition),
    slos: slos.filter(({ service_id }) => service_id === row.id).map(({ definition }) => definition),
    ...(row.depends_on.length === 0 ? {} : { dependsOn: row.depends_on }),
    ...(row.threshold_alerts.length === 0 ? {} : { thresholdAlerts: row.threshold_alerts }),
  }));
};

/** The part of the configuration that rows by hand depend on, as it is in force. Nobody is told of anything by it. */
export const configInForce = (opened: Opened, { page, egress, locations }: StoredDocument): Config => ({
  version: 1,
  page,
  egress,
  locations,
  services: servicesInForce(opened),
  notifications: [],
});
