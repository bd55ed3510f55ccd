import type { Fault } from "../config-error.ts";
import type { Ids, Placed } from "../references.ts";
import { checkReferences, collectIds, fieldOf, mappingsOf } from "../references.ts";
import type { Suggest } from "../suggest.ts";

type Deps = { readonly services: Ids; readonly suggest: Suggest };

const checkNames = (templates: readonly Placed[]): Fault[] => {
  const seen = new Set<unknown>();
  return templates.flatMap((template): Fault[] => {
    const { path, value } = fieldOf(template, "name");
    if (typeof value !== "string") return [];
    if (seen.has(value)) return [{ path, kind: "duplicate", message: "is the name of another template already" }];
    seen.add(value);
    return [];
  });
};

/** Services that templates name, each once. */
const checkAffected = (template: Placed, { services, suggest }: Deps): Fault[] => {
  const affected = mappingsOf(template, "affected");
  const list: Placed = {
    path: template.path,
    value: { service: affected.map(({ value }) => value.service) },
  };
  return checkReferences(list, "service", services, suggest).map((fault) => {
    const index = Number(fault.path.at(-1));
    return { ...fault, path: [...(affected[index]?.path ?? template.path), "service"] };
  });
};

/** Checks ids, names and the services that templates of incidents and maintenances name. */
export const checkDesk = (root: Placed, deps: Deps): Fault[] => {
  const templates = mappingsOf(root, "incident_templates");
  return [
    ...collectIds("template", [root], "incident_templates", { isOptional: true }).faults,
    ...checkNames(templates),
    ...templates.flatMap((template) => checkAffected(template, deps)),
    ...collectIds("maintenance", [root], "maintenances", { isOptional: true }).faults,
    ...mappingsOf(root, "maintenances").flatMap((one) => checkReferences(one, "services", deps.services, deps.suggest)),
  ];
};
