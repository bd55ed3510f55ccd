import { VARIABLE_NAME, variablesIn } from "#lib/core/template.ts";
import { MINUTE_MS, SECOND_MS } from "#lib/core/units.ts";
import { checkJsonPath, checkPattern } from "../assertion-values.ts";
import type { Complaint, Fault } from "../config-error.ts";
import type { Mapping } from "../read-document.ts";
import { isMapping } from "../read-document.ts";
import type { Placed } from "../references.ts";
import { collectIds, fieldOf, mappingsOf } from "../references.ts";
import type { EgressRules } from "../rules/egress.ts";
import { checkHeaderName } from "../rules/header.ts";
import { readDuration } from "../scalars.ts";
import type { Suggest } from "../suggest.ts";
import { didYouMean } from "../suggest.ts";
import type { SecretDeps } from "./request.ts";
import { checkAssertions, checkAuth, checkHeaders, placed } from "./request.ts";

const SOURCES = { json_path: checkJsonPath, header: checkHeaderName, pattern: checkPattern } as const;

const checkExtraction = (extraction: Placed<Mapping>): Fault[] => {
  const { path, value } = extraction;
  const given = Object.keys(SOURCES).filter((key) => value[key] !== undefined) as (keyof typeof SOURCES)[];
  const [first, second] = given;
  const shape: Fault[] =
    first === undefined
      ? [{ path: [...path, "json_path"], kind: "missing", message: "is required, or header or pattern in its place" }]
      : second === undefined
        ? []
        : [{ path: [...path, second], kind: "conflict", message: `cannot stand beside ${first}` }];
  const isBadName = typeof value.name === "string" && !VARIABLE_NAME.test(value.name);
  const message = "must be lower-case letters, digits and underscores, and start with a letter";
  return [
    ...shape,
    ...(isBadName ? placed([...path, "name"], { kind: "format", message }) : []),
    ...given.flatMap((key) => {
      const text = value[key];
      return typeof text === "string" ? placed([...path, key], SOURCES[key](text)) : [];
    }),
  ];
};

/** The texts of a step that may hold variables, with their places. */
const templatesOf = (step: Placed<Mapping>): readonly Placed<string>[] => {
  const headers = fieldOf(step, "headers");
  const names = isMapping(headers.value) ? Object.keys(headers.value) : [];
  const all = [fieldOf(step, "url"), ...names.map((name) => fieldOf(headers, name)), fieldOf(step, "body")];
  return all.filter((each): each is Placed<string> => typeof each.value === "string");
};

const checkVariables = (step: Placed<Mapping>, known: ReadonlySet<string>, suggest: Suggest): Fault[] =>
  templatesOf(step).flatMap(({ path, value }): Fault[] => {
    const unknown = variablesIn(value).find((name) => !known.has(name));
    if (unknown === undefined) return [];
    const message = `uses the variable "${unknown}", which no earlier step extracts${didYouMean(suggest(unknown, known))}`;
    return [{ path, kind: "reference", message }];
  });

const LONGEST_DEFAULT_MS = MINUTE_MS / 2;

/** The deadline of the whole journey; null when it is not known. */
const deadlineOf = ({ value }: Placed<Mapping>): number | null => {
  if (value.timeout !== undefined) return readDuration(value.timeout);
  const interval = readDuration(value.interval);
  return interval === null || interval < SECOND_MS ? null : Math.min(LONGEST_DEFAULT_MS, interval);
};

const checkStepTimeout = (step: Placed<Mapping>, deadlineMs: number | null): Complaint | null => {
  const timeout = readDuration(step.value.timeout);
  if (timeout === null || deadlineMs === null || timeout <= deadlineMs) return null;
  return { kind: "conflict", message: "must not be longer than the timeout of the journey" };
};

export type JourneyDeps = SecretDeps & { readonly rules: EgressRules; readonly suggest: Suggest };

/** Checks the steps of a journey against each other and against the policy. */
export const checkJourney = (probe: Placed<Mapping>, deps: JourneyDeps): Fault[] => {
  const known = new Set<string>();
  // A name with a fault of its own may be the one that a later step means.
  let isComplete = true;
  const deadlineMs = deadlineOf(probe);
  const steps = mappingsOf(probe, "steps").flatMap((step): Fault[] => {
    const { url } = step.value;
    const extractions = mappingsOf(step, "extract");
    const faults = [
      ...(typeof url === "string" ? placed([...step.path, "url"], deps.rules.checkStepUrl(url)) : []),
      ...checkHeaders(step),
      ...checkAuth(step, deps),
      ...placed([...step.path, "timeout"], checkStepTimeout(step, deadlineMs)),
      ...(isComplete ? checkVariables(step, known, deps.suggest) : []),
      ...checkAssertions(step),
      ...extractions.flatMap(checkExtraction),
      ...checkRepeatedNames(extractions),
    ];
    for (const { value } of extractions) {
      if (typeof value.name === "string" && VARIABLE_NAME.test(value.name)) known.add(value.name);
      else isComplete = false;
    }
    return faults;
  });
  return [...collectIds("step of the journey", [probe], "steps").faults, ...steps];
};

const checkRepeatedNames = (extractions: readonly Placed<Mapping>[]): Fault[] => {
  const names = extractions.map(({ value }) => value.name);
  return extractions
    .filter(({ value }, index) => typeof value.name === "string" && names.indexOf(value.name) < index)
    .map(({ path }) => ({ path: [...path, "name"], kind: "duplicate", message: "is extracted twice in this step" }));
};
