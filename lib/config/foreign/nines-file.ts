import type { Document } from "yaml";
import { parseAllDocuments, stringify } from "yaml";
import { AppError } from "#lib/core/errors.ts";
import type { Fidelity } from "./fidelity.ts";
import type { ImportedSlo, SloFile } from "./imported.ts";

const MAX_ALIASES = 100;
const MAX_ID = 63;

/** What stands in nines.yaml after an import. */
export type NinesFile = {
  readonly version: 1;
  readonly egress?: { readonly allow: readonly string[] };
  readonly locations: readonly { readonly id: string; readonly name: string }[];
  readonly services: readonly {
    readonly id: string;
    readonly name: string;
    readonly description?: string;
    readonly probes: readonly never[];
    readonly slos: readonly SloFile[];
  }[];
};

/** Aliases are followed when the data is read, so their faults come late and without a line. */
const dataOf = (document: Document): unknown => {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown;
  } catch (error) {
    if (error instanceof RangeError) throw new AppError("CONFIG_INVALID", "it is nested too deep");
    throw new AppError("CONFIG_INVALID", error instanceof Error ? error.message : "an alias cannot be followed");
  }
};

/**
 * All documents of a YAML or JSON text; plain data only.
 * @throws AppError CONFIG_INVALID with the line when the text is no YAML, or holds nothing.
 */
export const parseDocuments = (text: string): unknown[] => {
  const documents = parseAllDocuments(text, { version: "1.2", schema: "core", uniqueKeys: true });
  if (!Array.isArray(documents) || documents.length === 0) throw new AppError("CONFIG_INVALID", "it is empty");
  return documents.map((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      if (error.code === "RESOURCE_EXHAUSTION") throw new AppError("CONFIG_INVALID", "it is nested too deep");
      const line = error.linePos?.[0].line;
      throw new AppError("CONFIG_INVALID", `line ${line ?? "?"}: ${error.message.split("\n")[0] ?? "not YAML"}`);
    }
    return dataOf(document);
  });
};

const urlOf = ({ source }: SloFile): string | null =>
  typeof source === "object" && source !== null && "url" in source && typeof source.url === "string"
    ? source.url
    : null;

/** Gives SLOs of the same id a number, because ids are unique in a file. */
const withUniqueIds = (imported: readonly ImportedSlo[], fidelity: Fidelity): ImportedSlo[] => {
  const taken = new Set<string>();
  return imported.map((each) => {
    let id = each.slo.id;
    for (let number = 2; taken.has(id); number += 1) id = `${each.slo.id.slice(0, MAX_ID - 4)}-${number}`;
    taken.add(id);
    if (id === each.slo.id) return each;
    fidelity.cursor(`SLO/${each.slo.id}`, null).change(`id ${id}: another SLO has the same`);
    return { ...each, slo: { ...each.slo, id } };
  });
};

/** Puts imported SLOs together as a configuration. `needsAllow` tells whether an address has to be opened by `egress.allow`. */
export const toNinesFile = (
  imported: readonly ImportedSlo[],
  needsAllow: (url: string) => boolean,
  fidelity: Fidelity,
): NinesFile => {
  const slos = withUniqueIds(imported, fidelity);
  const ids = [...new Set(slos.map(({ service }) => service.id))];
  const urls = [...new Set(slos.flatMap(({ slo }) => urlOf(slo) ?? []))];
  const allow = [...new Set(urls.filter(needsAllow).map((url) => new URL(url).hostname.replace(/^\[|\]$/g, "")))];
  return {
    version: 1,
    ...(allow.length === 0 ? {} : { egress: { allow } }),
    locations: [{ id: "local", name: "Local" }],
    services: ids.map((id) => {
      const own = slos.filter(({ service }) => service.id === id);
      const named = own.find(({ service }) => service.name !== id)?.service ?? own[0]?.service;
      const description = own.find(({ service }) => service.description !== null)?.service.description ?? null;
      return {
        id,
        name: named?.name ?? id,
        ...(description === null ? {} : { description }),
        probes: [],
        slos: own.map(({ slo }) => slo),
      };
    }),
  };
};

/** The configuration as YAML. */
export const ninesYaml = (file: NinesFile): string => stringify(file, { lineWidth: 0, version: "1.2" });
