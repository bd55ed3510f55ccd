import { Document, Scalar } from "yaml";
import type { Config } from "#lib/core/definitions.ts";
import { isSecretHeader } from "#lib/core/without-secrets.ts";
import { exportConfig, toTree } from "./export/config.ts";
import type { ExportContext } from "./export/context.ts";

export type YamlExport = {
  readonly text: string;
  /** Variables that the text names, with the secrets that they stand for. */
  readonly env: Readonly<Record<string, string>>;
  /** Headers that hold a secret, for which the file takes no reference: their values have to be written in. */
  readonly headers: readonly string[];
};

/** What stands in the place of a header's value until somebody writes it in. */
const FILL_IN = "(secret)";
const MOST_NAMED = 500;

const nameOf = (place: readonly string[], taken: Readonly<Record<string, string>>): string => {
  const words = place
    .join("_")
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, "_");
  const name = /^[A-Z_]/.test(words) ? words : `_${words}`;
  if (!Object.hasOwn(taken, name)) return name;
  for (let count = 2; ; count += 1) if (!Object.hasOwn(taken, `${name}_${count}`)) return `${name}_${count}`;
};

const commentOf = (names: readonly string[], headers: readonly string[]): string => {
  const some = (all: readonly string[]) => [
    ...all.slice(0, MOST_NAMED).map((name) => `   ${name}`),
    ...(all.length > MOST_NAMED ? [`   and ${all.length - MOST_NAMED} more`] : []),
  ];
  return [
    " The configuration in force, with what was made by API. It holds no secret.",
    ...(names.length === 0 ? [] : [" Set these variables to the secrets before it is applied:", ...some(names)]),
    ...(headers.length === 0
      ? []
      : [` Write the values of these headers in, where ${FILL_IN} stands:`, ...some(headers)]),
  ].join("\n");
};

/** Numbers whose decimals count keep them: 99.90 stays 99.90. */
const keepDecimals = (document: Document, written: ReadonlyMap<string, string>): void => {
  for (const [key, text] of written) {
    const node = document.getIn(JSON.parse(key) as unknown[], true);
    if (node instanceof Scalar) node.minFractionDigits = text.split(".")[1]?.length ?? 0;
  }
};

/** A configuration as the text of a file. Applied where the variables are set, it gives the same definitions. */
export const toYaml = (config: Config): YamlExport => {
  const env: Record<string, string> = {};
  const headers: string[] = [];
  const context: ExportContext = {
    secret: (value, place) => {
      const name = nameOf(place, env);
      env[name] = value;
      return `env:${name}`;
    },
    header: (name, value, place) => {
      if (!isSecretHeader(name)) return value;
      headers.push(`${place.join(" ")}: ${name}`);
      return FILL_IN;
    },
  };
  const { root, written } = toTree(exportConfig(config, context));
  const document = new Document(root, { aliasDuplicateObjects: false });
  keepDecimals(document, written);
  document.commentBefore = commentOf(Object.keys(env), headers);
  return { text: document.toString({ lineWidth: 0 }), env, headers };
};
