import type { Config } from "#lib/core/definitions.ts";
import { checkRelations } from "./check/relations.ts";
import { checkStructure } from "./check/structure.ts";
import type { ConfigError, ConfigWarning, Fault, Path } from "./config-error.ts";
import { formatPath, labelOf, MAX_ERRORS } from "./config-error.ts";
import { decodeText } from "./decode-text.ts";
import { findWarnings } from "./feasibility.ts";
import type { Place } from "./locate.ts";
import { createLocator } from "./locate.ts";
import { normalise } from "./normalise.ts";
import { parseYaml } from "./parse-yaml.ts";
import { readSecretFile } from "./read-capped.ts";
import { isMapping, readDocument } from "./read-document.ts";
import type { JudgeUrl } from "./rules/egress.ts";
import { createEgressRules } from "./rules/egress.ts";
import { createSuggester } from "./suggest.ts";

export type ConfigResult =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly ConfigWarning[] }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

export type LoadConfigArgs = {
  readonly bytes: Uint8Array;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads the file of a `file:` reference, relative to the working directory; throws when it cannot. */
  readonly readFile?: (path: string) => Uint8Array;
  readonly judgeUrl: JudgeUrl;
};

/** Comparisons that suggestions may cost in one file. */
const SUGGESTION_BUDGET = 100_000;

const refuse = (fault: Fault): ConfigResult => ({
  ok: false,
  errors: [
    {
      path: formatPath(fault.path),
      kind: fault.kind,
      message: fault.message,
      ...(fault.line === undefined ? {} : { line: fault.line }),
    },
  ],
});

/** Complete sentences say what they are about; the others follow the name of the field. */
const STARTS_ITSELF = /^(?:no |there |the |"|an? )/;
const messageOf = (fault: Fault): string =>
  STARTS_ITSELF.test(fault.message) ? fault.message : `${labelOf(fault.path)} ${fault.message}`;

/** Makes a test for paths at or below those that a fault was found at already. */
const createIsBelow = (faults: readonly Fault[]): ((path: Path) => boolean) => {
  const prefixes = new Set(faults.map((fault) => JSON.stringify(fault.path)));
  if (prefixes.size === 0) return () => false;
  return (path) => path.some((_, index) => prefixes.has(JSON.stringify(path.slice(0, index + 1))));
};

/** Faults of the document's values as errors in the order of the file, each fault once even if aliases repeat it. */
const toErrors = (faults: readonly Fault[], placeOf: (path: Path) => Place): ConfigError[] => {
  const told = new Set<string>();
  const errors: ConfigError[] = [];
  for (const fault of faults) {
    const place = placeOf(fault.path);
    const parent = place.offset ?? `${placeOf(fault.path.slice(0, -1)).offset}/${String(fault.path.at(-1))}`;
    const key =
      fault.kind === "duplicate" || fault.kind === "duplicate_key"
        ? JSON.stringify(fault.path)
        : `${fault.kind} ${parent}`;
    if (told.has(key)) continue;
    told.add(key);
    const line = fault.line ?? place.line;
    errors.push({
      path: formatPath(fault.path),
      kind: fault.kind,
      message: messageOf(fault),
      ...(line === null ? {} : { line }),
    });
    if (errors.length >= MAX_ERRORS) break;
  }
  return errors.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
};

const isList = (segment: string | number | undefined): boolean =>
  ["locations", "services", "probes", "notifications"].includes(String(segment));

type JudgeArgs = Required<Omit<LoadConfigArgs, "bytes">> & { readonly placeOf: (path: Path) => Place };

const judge = (root: unknown, readFaults: readonly Fault[], args: JudgeArgs): ConfigResult => {
  const { placeOf, env, readFile, judgeUrl } = args;
  const suggest = createSuggester(SUGGESTION_BUDGET);
  const structure = checkStructure(root, placeOf, suggest);
  const egress =
    isMapping(root) && isMapping(root.egress) ? root.egress.allow : isMapping(root) ? root.egress : undefined;
  const relations = checkRelations(root, {
    rules: createEgressRules(egress, judgeUrl),
    secrets: { env, readFile },
    suggest,
    hasDoubtfulIds: readFaults.some((fault) => fault.kind === "duplicate_key" && isList(fault.path.at(-1))),
  });
  const isBelow = createIsBelow(readFaults.filter((fault) => fault.kind !== "duplicate_key"));
  const judged = [...structure.faults, ...relations.faults.filter((fault) => !structure.isUnjudged(fault.path))]
    .map((fault) => ({ ...fault, path: structure.toWritten(fault.path) }))
    .filter((fault) => !isBelow(fault.path));
  const errors = toErrors([...readFaults, ...judged], placeOf);
  if (errors.length > 0 || structure.file === null) return { ok: false, errors };
  const config = normalise(structure.file, relations.secrets, (path) => placeOf(path).source);
  return { ok: true, config, warnings: findWarnings(structure.file, config) };
};

export type LoadTreeArgs = Omit<LoadConfigArgs, "bytes"> & {
  /** The document as plain values, in the file's own words. It is changed: misspelt keys are corrected. */
  readonly root: unknown;
  /** How numbers were written whose decimals count, by the JSON text of their path. */
  readonly written: ReadonlyMap<string, string>;
};

/** As `loadConfig`, of a document that was put together and not read from a text: faults have no lines. */
export const loadTree = ({ root, written, readFile = readSecretFile, ...args }: LoadTreeArgs): ConfigResult => {
  const offsets = new Map<string, number>();
  const placeOf = (path: Path): Place => {
    const key = JSON.stringify(path);
    const offset = offsets.get(key) ?? offsets.size;
    offsets.set(key, offset);
    return { line: null, offset, isBlank: false, source: written.get(key) ?? null };
  };
  return judge(root, [], { ...args, readFile, placeOf });
};

/**
 * Reads a configuration file: all faults at once, each with path, kind, message and line, or the configuration with
 * its defaults filled in. It never throws, whatever the bytes are, and no message repeats a secret.
 */
export const loadConfig = ({ bytes, env, readFile = readSecretFile, judgeUrl }: LoadConfigArgs): ConfigResult => {
  const decoded = decodeText(bytes);
  if (!decoded.ok) return refuse(decoded.fault);
  const parsed = parseYaml(decoded.text);
  if (!parsed.ok) return refuse(parsed.fault);
  const read = readDocument(parsed.document, parsed.lines);
  if (!read.ok) return refuse(read.fault);
  const root = read.value;
  if (root === null && read.faults.length === 0)
    return refuse({ path: [], kind: "missing", message: "the file is empty; see nines.example.yaml for a start" });

  return judge(root, read.faults, { placeOf: createLocator(parsed.document, parsed.lines), env, readFile, judgeUrl });
};
