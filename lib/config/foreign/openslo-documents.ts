import type { Cursor, Fidelity } from "./fidelity.ts";
import { isRecord } from "./fidelity.ts";

export const OPENSLO_VERSION = "openslo/v1";
const KINDS = [
  "DataSource",
  "Service",
  "SLO",
  "SLI",
  "AlertPolicy",
  "AlertCondition",
  "AlertNotificationTarget",
] as const;
export type Kind = (typeof KINDS)[number];

/** The documents of all files by kind and name. */
export type Documents = {
  readonly all: readonly Cursor[];
  readonly find: (kind: Kind, name: string) => Cursor | null;
};

const nameOf = (document: unknown): string => {
  const metadata = isRecord(document) ? document.metadata : undefined;
  const name = isRecord(metadata) ? metadata.name : undefined;
  return typeof name === "string" || typeof name === "number" ? String(name) : "(without name)";
};

const isKind = (value: unknown): value is Kind => KINDS.some((kind) => kind === value);

/**
 * Sorts OpenSLO documents; a document may also be a list of them. What is no OpenSLO v1 is noted as refused.
 */
export const readOpenSloDocuments = (parsed: readonly unknown[], fidelity: Fidelity): Documents => {
  const all: Cursor[] = [];
  for (const document of parsed.flatMap((each) => (Array.isArray(each) ? (each as unknown[]) : [each]))) {
    if (document === null || document === undefined) continue;
    const kind = isRecord(document) ? document.kind : undefined;
    const object = `${typeof kind === "string" ? kind : "document"}/${nameOf(document)}`;
    const version = isRecord(document) ? document.apiVersion : undefined;
    if (!isRecord(document)) fidelity.refused(object, "(document): a mapping with apiVersion and kind is due");
    else if (version !== OPENSLO_VERSION) {
      const got = typeof version === "string" ? `"${version}"` : "nothing";
      fidelity.refused(object, `apiVersion: only ${OPENSLO_VERSION} is known, got ${got}`);
    } else if (!isKind(kind)) {
      fidelity.refused(
        object,
        `kind: one of ${KINDS.join(", ")} is due, got ${typeof kind === "string" ? `"${kind}"` : "nothing"}`,
      );
    } else all.push(fidelity.cursor(object, document));
  }
  return {
    all,
    find: (kind, name) =>
      all.find((each) => each.at("kind").value === kind && each.at("metadata").at("name").text() === name) ?? null,
  };
};
