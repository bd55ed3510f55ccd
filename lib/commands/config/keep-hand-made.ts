import type { ConfigError } from "#lib/config/config-error.ts";
import { exportConfig } from "#lib/config/export/config.ts";
import type { Config, ServiceDefinition } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import type { HandMade } from "./in-force.ts";
import { allowAll, createVault, namesOfEndpoints, onlyByHand, settleDocument } from "./settle-document.ts";

const MOST_TOLD = 5;

/** A file that contradicts what is stored. The cause has all faults with their paths. */
const contradiction = (errors: readonly ConfigError[]): AppError => {
  const told = errors.slice(0, MOST_TOLD).map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  return new AppError("CONFIG_INVALID", told.join("; "), { cause: { errors } });
};

const conflict = (path: string, message: string): ConfigError => ({ path, kind: "conflict", message });

/** Ids of the file that were taken by API or on a page. */
const takenIds = ({ services }: Config, byHand: HandMade): ConfigError[] =>
  services.flatMap((service, at) => {
    const path = `services[${at}]`;
    const cure = "was made by API already: delete it there, or take another id";
    const taken = (list: "probes" | "slos") =>
      service[list].flatMap(({ id }, index) =>
        byHand[list].has(id) ? [conflict(`${path}.${list}[${index}].id`, `the id "${id}" ${cure}`)] : [],
      );
    return [
      ...(byHand.services.has(service.id) ? [conflict(`${path}.id`, `the id "${service.id}" ${cure}`)] : []),
      ...taken("probes"),
      ...taken("slos"),
    ];
  });

/** What was made by hand for services that the file does not have any more. */
const strandedIds = ({ services }: Config, inForce: readonly ServiceDefinition[], byHand: HandMade): ConfigError[] => {
  const kept = new Set([...services.map(({ id }) => id), ...byHand.services]);
  return inForce
    .filter(({ id }) => !kept.has(id))
    .flatMap((service) => {
      const own = [
        ...service.probes.filter(({ id }) => byHand.probes.has(id)).map(({ id }) => `probe "${id}"`),
        ...service.slos.filter(({ id }) => byHand.slos.has(id)).map(({ id }) => `SLO "${id}"`),
      ];
      if (own.length === 0) return [];
      const message = `must keep "${service.id}": ${own.join(", ")} of it ${own.length === 1 ? "was" : "were"} made by API; delete that first`;
      return [conflict("services", message)];
    });
};

const withHandMade = (
  config: Config,
  inForce: readonly ServiceDefinition[],
  byHand: HandMade,
): readonly ServiceDefinition[] => {
  const stored = new Map(inForce.map((service) => [service.id, service]));
  return [
    ...config.services.map((service) => {
      const other = stored.get(service.id);
      return {
        ...service,
        probes: [...service.probes, ...(other?.probes ?? []).filter(({ id }) => byHand.probes.has(id))],
        slos: [...service.slos, ...(other?.slos ?? []).filter(({ id }) => byHand.slos.has(id))],
      };
    }),
    ...inForce.filter(({ id }) => byHand.services.has(id)),
  ];
};

/**
 * A configuration of the file with everything that was made by hand, which goes on as it is: the whole is judged, because
 * what was made by hand may name what the file has no more.
 * @param hidden ids of services whose objectives customers do not see now.
 * @throws AppError CONFIG_INVALID with the faults as its cause.
 */
export const keepHandMade = (
  config: Config,
  stored: {
    readonly services: readonly ServiceDefinition[];
    readonly byHand: HandMade;
    readonly hidden: readonly string[];
    readonly endpointIds: readonly string[];
  },
): Config => {
  const { byHand } = stored;
  if (byHand.services.size + byHand.probes.size + byHand.slos.size === 0) return config;
  const conflicts = [...takenIds(config, byHand), ...strandedIds(config, stored.services, byHand)];
  if (conflicts.length > 0) throw contradiction(conflicts);
  const hidden = [...(config.page.servicesWithoutSlos ?? []), ...stored.hidden.filter((id) => byHand.services.has(id))];
  const page = hidden.length === 0 ? config.page : { ...config.page, servicesWithoutSlos: hidden };
  const { version, egress, locations } = config;
  const base = withHandMade(config, stored.services, byHand);
  const { context, env } = createVault();
  const ids = [...new Set([...config.notifications.map(({ id }) => id), ...stored.endpointIds])];
  const judged = exportConfig({ version, page, egress, locations, services: base, notifications: [] }, context);
  const document = { ...judged, notifications: namesOfEndpoints(ids, context) };
  const settled = settleDocument(document, { env, judgeUrl: allowAll });
  if (!settled.ok) throw contradiction(settled.errors.map((error) => ({ ...error, kind: "conflict" })));
  return { ...config, page, services: onlyByHand(settled.config.services, base, byHand) };
};
