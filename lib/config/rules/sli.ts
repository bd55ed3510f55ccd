import type { SliKind } from "#lib/core/definitions.ts";
import { DAY_MS } from "#lib/core/units.ts";
import type { Fault } from "../config-error.ts";
import type { Mapping } from "../read-document.ts";
import { isMapping } from "../read-document.ts";
import type { Placed } from "../references.ts";
import { entriesOf, fieldOf } from "../references.ts";
import { readDurationWithin } from "../scalars.ts";
import { LIMITS } from "../schema/fields.ts";
import { SLI_KINDS } from "../schema/slo.ts";

/** A probe as it is written, which may be wrong in any way. */
export type WrittenProbes = ReadonlyMap<string, Mapping>;

type Needs = { readonly required: readonly string[]; readonly optional: readonly string[] };

const PROBE_FIELDS = ["probes", "locations", "count", "combine", "weights"] as const;
const FIELDS: Readonly<Record<SliKind, Needs>> = {
  availability: { required: ["probes"], optional: [] },
  latency: { required: ["probes", "threshold"], optional: [] },
  timeslice: { required: ["probes", "slice", "slice_target"], optional: ["base", "no_data"] },
  ratio_timeslices: { required: ["probes", "slice"], optional: ["base", "no_data"] },
  journey: { required: ["probes"], optional: [] },
  component: { required: ["probes", "part"], optional: [] },
  promql: { required: ["source", "good", "total"], optional: [] },
};
const OWN_FIELDS = ["threshold", "base", "slice", "slice_target", "no_data", "part", "source", "good", "total"];
const EXAMPLES: Readonly<Record<string, string>> = {
  threshold: ", such as 300ms",
  slice: ", such as 5m",
  slice_target: ", such as 95",
  part: ", such as db:primary",
};

const isSli = (value: unknown): value is SliKind => SLI_KINDS.some((kind) => kind === value);

/** The SLI of an SLO, when it is a known one. */
const sliKindOf = (slo: Placed<Mapping>): SliKind | null => (isSli(slo.value.sli) ? slo.value.sli : null);

const ownersOf = (field: string): string =>
  SLI_KINDS.filter((kind) => FIELDS[kind].required.includes(field) || FIELDS[kind].optional.includes(field)).join(
    " or ",
  );

const needsOf = (sli: SliKind, slo: Placed<Mapping>): Needs => {
  const needs = FIELDS[sli];
  const { base } = slo.value;
  const isSlice = sli === "timeslice" || sli === "ratio_timeslices";
  if (!isSlice || base === undefined || base === "availability") return needs;
  if (base === "latency") return { ...needs, required: [...needs.required, "threshold"] };
  return { ...needs, optional: [...needs.optional, "threshold"] };
};

const checkFields = (sli: SliKind, slo: Placed<Mapping>): Fault[] => {
  const { required, optional } = needsOf(sli, slo);
  const missing = required.filter((field) => slo.value[field] === undefined);
  const known = [...required, ...optional, ...(sli === "promql" ? [] : PROBE_FIELDS)];
  const extra = [...OWN_FIELDS, ...PROBE_FIELDS].filter(
    (field) => slo.value[field] !== undefined && !known.includes(field),
  );
  return [
    ...missing.map((field): Fault => {
      const message = field === "probes" ? "is required" : `is required for the SLI ${sli}${EXAMPLES[field] ?? ""}`;
      return { path: [...slo.path, field], kind: "missing", message };
    }),
    ...extra.map((field): Fault => {
      const isOfProbes = PROBE_FIELDS.some((each) => each === field);
      const owner = isOfProbes ? "SLIs of probes" : `the SLI ${ownersOf(field)}`;
      return { path: [...slo.path, field], kind: "conflict", message: `belongs to ${owner}, but sli is ${sli}` };
    }),
  ];
};

const checkSlice = (slo: Placed<Mapping>): Fault[] => {
  const slice = readDurationWithin({ ...LIMITS.alertWindow, max: DAY_MS }, slo.value.slice);
  if (slice === null || DAY_MS % slice === 0) return [];
  const message = "must go into a day without a rest, such as 1m, 5m or 1h";
  return [{ path: [...slo.path, "slice"], kind: "range", message }];
};

const PROBE_TYPES: Partial<Record<SliKind, string>> = { journey: "journey", component: "health_json" };

const checkProbeTypes = (sli: SliKind, slo: Placed<Mapping>, probes: WrittenProbes): Fault[] => {
  const due = PROBE_TYPES[sli];
  if (due === undefined) return [];
  return entriesOf(slo, "probes").flatMap(({ path, value }): Fault[] => {
    const type = typeof value === "string" ? probes.get(value)?.type : undefined;
    if (typeof type !== "string" || type === due) return [];
    return [{ path, kind: "conflict", message: `must be a probe of the type ${due} for the SLI ${sli}` }];
  });
};

/** A location that no probe of the SLO runs from would never be counted. */
const checkLocations = (slo: Placed<Mapping>, probes: WrittenProbes, known: ReadonlySet<string>): Fault[] => {
  const lists = entriesOf(slo, "probes").map(({ value }) =>
    typeof value === "string" ? probes.get(value)?.locations : undefined,
  );
  if (lists.length === 0 || !lists.every(Array.isArray)) return [];
  const seen = new Set<unknown>(lists.flat());
  return entriesOf(slo, "locations").flatMap(({ path, value }): Fault[] =>
    typeof value !== "string" || seen.has(value) || !known.has(value)
      ? []
      : [{ path, kind: "conflict", message: "is a location that none of the SLO's probes runs from" }],
  );
};

const MAX_WEIGHT = 1_000;

const checkWeights = (slo: Placed<Mapping>): Fault[] => {
  const { path, value: weights } = fieldOf(slo, "weights");
  const isWeighted = slo.value.combine === "weighted";
  if (weights === undefined) {
    return isWeighted ? [{ path, kind: "missing", message: "is required for combine: weighted" }] : [];
  }
  // A word that `combine` does not know is told of there: it may well have meant weighted.
  if (!isWeighted) {
    const isKnown = [undefined, "sum", "any_bad"].includes(slo.value.combine as string | undefined);
    return isKnown ? [{ path, kind: "conflict", message: "belongs to combine: weighted" }] : [];
  }
  if (!isMapping(weights)) return [];
  const probes = entriesOf(slo, "probes").map(({ value }) => value);
  if (probes.length === 0) return [];
  return Object.entries(weights).flatMap(([id, weight]): Fault[] => {
    const place = [...path, id];
    if (!probes.includes(id))
      return [{ path: place, kind: "reference", message: "is not among the probes of the SLO" }];
    if (typeof weight !== "number") return [];
    if (!Number.isInteger(weight)) return [{ path: place, kind: "type", message: "must be a whole number" }];
    const isWithin = weight >= 1 && weight <= MAX_WEIGHT;
    return isWithin
      ? []
      : [{ path: place, kind: "range", message: `must be between 1 and ${MAX_WEIGHT}, got ${weight}` }];
  });
};

/** Checks what an SLI needs and what it has no use for. Silent when the SLI itself is unknown. */
export const checkSli = (slo: Placed<Mapping>, probes: WrittenProbes, locations: ReadonlySet<string>): Fault[] => {
  const sli = sliKindOf(slo);
  if (sli === null) return [];
  const isNeverCore = (sli === "promql" || sli === "component") && slo.value.core === true;
  const message = `cannot be true for the SLI ${sli}: it has no slots to watch live`;
  return [
    ...checkFields(sli, slo),
    ...checkSlice(slo),
    ...checkProbeTypes(sli, slo, probes),
    ...(sli === "promql" ? [] : [...checkLocations(slo, probes, locations), ...checkWeights(slo)]),
    ...(isNeverCore ? [{ path: [...slo.path, "core"], kind: "conflict" as const, message }] : []),
  ];
};
