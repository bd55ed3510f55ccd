import type { Cursor } from "./fidelity.ts";

/** The server of a PromQL SLO as it is written in nines.yaml. Secrets never come along: they are `env:` references to be filled in. */
export type SourceFile = { readonly url: string };

/** Addresses from the command line: by the name that the file uses, and for all others. */
export type SourceOption = { readonly byName: ReadonlyMap<string, string>; readonly standard: string | null };

/** Stands in when neither the file nor the command line names a server. */
const PLACEHOLDER_URL = "http://localhost:9090";

const ADDRESS_KEYS = ["url", "address", "endpoint", "host", "prometheusAddress"] as const;

const addressIn = (details: Cursor): Cursor | null => {
  const fields = ADDRESS_KEYS.map((key) => details.at(key));
  return fields.find((field) => typeof field.value === "string" && /^https?:\/\//.test(field.value)) ?? null;
};

/** The address of a source: the command line wins, then the DataSource's connection details. */
export const sourceFor = (
  options: SourceOption,
  name: string | null,
  document: Cursor | null,
  at: Cursor,
): SourceFile => {
  const chosen = (name === null ? undefined : options.byName.get(name)) ?? options.standard;
  if (chosen !== null) {
    at.keep(`source ${chosen}`);
    return { url: chosen };
  }
  const field = document === null ? null : addressIn(document.at("spec").at("connectionDetails"));
  if (field !== null) {
    const url = (field.text() ?? "").replace(/\/+$/, "");
    field.keep(`source ${url}`);
    return { url };
  }
  at.change(`no address is known; ${PLACEHOLDER_URL} stands in, name the right one with --source URL`);
  return { url: PLACEHOLDER_URL };
};
