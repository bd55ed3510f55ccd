import type { Fault, Path } from "../config-error.ts";
import type { Mapping } from "../read-document.ts";
import type { Ids, Placed } from "../references.ts";
import { checkReferences, entriesOf, mappingsOf } from "../references.ts";
import type { Suggest } from "../suggest.ts";

type Edge = { readonly to: string; readonly path: Path };

const edgesOf = (services: readonly Placed<Mapping>[]): ReadonlyMap<string, readonly Edge[]> => {
  const edges = new Map<string, readonly Edge[]>();
  for (const service of services) {
    const { id } = service.value;
    if (typeof id !== "string" || edges.has(id)) continue;
    const own = entriesOf(service, "depends_on").flatMap(({ path, value }) =>
      typeof value === "string" ? [{ to: value, path }] : [],
    );
    edges.set(id, own);
  }
  return edges;
};

/** One fault for each edge that closes a circle when the services are followed in the order of the file. */
const findCircles = (edges: ReadonlyMap<string, readonly Edge[]>): Fault[] => {
  const faults: Fault[] = [];
  const finished = new Set<string>();
  const trail: string[] = [];
  const follow = (id: string): void => {
    trail.push(id);
    for (const { to, path } of edges.get(id) ?? []) {
      const at = trail.indexOf(to);
      if (at !== -1) {
        const circle = [...trail.slice(at), to].join(" -> ");
        const message = to === id ? "must not be the service itself" : `closes a circle: ${circle}`;
        faults.push({ path, kind: "conflict", message });
      } else if (!finished.has(to)) follow(to);
    }
    trail.pop();
    finished.add(id);
  };
  for (const id of edges.keys()) if (!finished.has(id)) follow(id);
  return faults;
};

/** A service is watched by its probes, or counted by another system: one of the two is due. */
export const checkHasProbes = (service: Placed<Mapping>): Fault[] => {
  const { probes } = service.value;
  if (!Array.isArray(probes) || probes.length > 0) return [];
  if (mappingsOf(service, "slos").some(({ value }) => value.sli === "promql")) return [];
  return [{ path: [...service.path, "probes"], kind: "range", message: "must have at least one entry" }];
};

/** Checks what services say of each other. */
export const checkDependencies = (services: readonly Placed<Mapping>[], ids: Ids, suggest: Suggest): Fault[] => [
  ...services.flatMap((service) => checkReferences(service, "depends_on", ids, suggest)),
  ...findCircles(edgesOf(services)),
];
