import { AppError } from "#lib/core/errors.ts";
import type { Cursor, Fidelity } from "./fidelity.ts";
import { isRecord } from "./fidelity.ts";
import type { ImportedService, ImportedSlo } from "./imported.ts";
import { idAt, idOf, objectiveAt } from "./imported.ts";
import { readAlerts } from "./openslo-alerts.ts";
import type { Documents } from "./openslo-documents.ts";
import { readOpenSloDocuments } from "./openslo-documents.ts";
import { readIndicator } from "./openslo-sli.ts";
import { readWindow } from "./openslo-window.ts";
import type { SourceOption } from "./sources.ts";

/**
 * The key under `metadata.annotations` that holds what Nines counts, as JSON: the whole SLI when it counts probes;
 * `{"sli": "promql"}` when the queries of the indicator count the events of a minute as they stand.
 */
export const SLI_ANNOTATION = "nines/sli";

type Context = { readonly documents: Documents; readonly options: SourceOption };

const readService = (slo: Cursor, documents: Documents): ImportedService => {
  const field = slo.at("spec").at("service");
  const name = field.text() ?? field.refuse("is required");
  const id = idAt(field, "service");
  const document = documents.find("Service", name);
  const [display, description] = [document?.at("metadata").at("displayName"), document?.at("spec").at("description")];
  document?.at("metadata").at("name").keep(`service ${id}`);
  if (display?.exists() === true) display.keep("name of the service");
  if (description?.exists() === true) description.keep("description of the service");
  return { id, name: display?.text() ?? name, description: description?.text()?.trim() ?? null };
};

/** The indicator of an objective, or else that of the SLO; inline or by name. */
const readIndicatorSpec = (slo: Cursor, objective: Cursor, documents: Documents): Cursor => {
  const owner =
    objective.at("indicator").exists() || objective.at("indicatorRef").exists() ? objective : slo.at("spec");
  const [inline, ref] = [owner.at("indicator"), owner.at("indicatorRef")];
  if (inline.exists()) return inline.at("spec");
  const name = ref.text() ?? inline.refuse("indicator or indicatorRef is required");
  const found = documents.find("SLI", name) ?? ref.refuse(`no SLI of the name "${name}" is in the files`);
  ref.keep(`SLI ${name}`);
  found
    .at("metadata")
    .at("name")
    .keep(`part of the SLO ${slo.at("metadata").at("name").text() ?? ""}`);
  return found.at("spec");
};

const readOwnSli = (field: Cursor): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(field.text() ?? "");
    if (isRecord(value) && typeof value.sli === "string") {
      field.keep(`SLI ${value.sli}`);
      return value;
    }
  } catch {
    // What is no JSON is refused below with the rest.
  }
  return field.refuse("a JSON object with sli is due");
};

const readSli = (slo: Cursor, objective: Cursor, { documents, options }: Context): Record<string, unknown> => {
  const own = slo.at("metadata").at("annotations").at(SLI_ANNOTATION);
  const ours = own.exists() ? readOwnSli(own) : null;
  if (ours !== null && ours.sli !== "promql") {
    for (const key of ["indicator", "budgetingMethod"])
      slo.at("spec").at(key).keep(`as the annotation ${SLI_ANNOTATION} says`);
    for (const key of ["timeSliceTarget", "timeSliceWindow"])
      if (objective.at(key).exists()) objective.at(key).keep("SLI");
    return ours;
  }
  const indicator = readIndicatorSpec(slo, objective, documents);
  const method = slo.at("spec").at("budgetingMethod");
  const { source, good, total } = readIndicator(indicator, objective, method, {
    documents,
    options,
    isOurs: ours !== null,
  });
  return { sli: "promql", source, good, total };
};

const readTarget = (objective: Cursor): number => {
  const [share, percent] = [objective.at("target"), objective.at("targetPercent")];
  if (share.exists() && percent.exists()) return percent.refuse("either target or targetPercent is due, not both");
  if (percent.exists()) return objectiveAt(percent, "percent");
  return objectiveAt(share, "share");
};

const readObjective = (slo: Cursor, objective: Cursor, id: string, context: Context): ImportedSlo => {
  const spec = slo.at("spec");
  const target = readTarget(objective);
  if (objective.at("compositeWeight").exists()) objective.at("compositeWeight").drop("each part is an SLO of its own");
  const sli = readSli(slo, objective, context);
  const window = readWindow(spec);
  const alerts = readAlerts(slo, context.documents, target);
  const description = spec.at("description");
  const rationale = description.text()?.trim() ?? "";
  if (rationale !== "") description.keep("rationale of the SLO");
  return {
    service: readService(slo, context.documents),
    slo: {
      id,
      ...sli,
      objective: target,
      window,
      ...(alerts === null ? {} : { burn_rate_alerts: alerts }),
      ...(rationale === "" ? {} : { document: { rationale } }),
    },
  };
};

const readSlo = (slo: Cursor, context: Context): ImportedSlo[] => {
  const name = slo.at("metadata").at("name");
  const list = slo.at("spec").at("objectives");
  const objectives = list.items();
  if (objectives.length === 0) return list.refuse("at least one objective is required");
  const id = idAt(name, "SLO");
  if (objectives.length > 1) list.change(`${objectives.length} SLOs, one for each objective`);
  return objectives.map((objective, index) => {
    const display = objective.at("displayName");
    const suffix = idOf(display.text() ?? "") ?? `${index + 1}`;
    if (objectives.length > 1 && display.exists()) display.keep("part of the SLO's id");
    const own = objectives.length === 1 ? id : (idOf(`${id.slice(0, 62 - suffix.length)}-${suffix}`) ?? id);
    return readObjective(slo, objective, own, context);
  });
};

/**
 * Takes OpenSLO v1 over: each objective becomes an SLO that counts by PromQL. Lenient: what Nines has not is dropped with a
 * note; an SLO that cannot be counted is refused with the field that is to blame, and the others are taken over.
 */
export const fromOpenSlo = (parsed: readonly unknown[], options: SourceOption, fidelity: Fidelity): ImportedSlo[] => {
  const documents = readOpenSloDocuments(parsed, fidelity);
  const slos = documents.all.filter((each) => each.at("kind").value === "SLO");
  const imported = slos.flatMap((slo) => {
    try {
      return readSlo(slo, { documents, options });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      fidelity.refused(slo.object, error.detail);
      return [];
    }
  });
  if (slos.length === 0 && documents.all.length > 0) {
    const kinds = [...new Set(documents.all.map((each) => each.at("kind").text()))].join(", ");
    fidelity.refused("(all files)", `kind: there is no SLO, only ${kinds}, which say nothing without one`);
  }
  for (const document of documents.all) {
    for (const key of ["apiVersion", "kind"]) document.at(key).keep("form of the document");
    fidelity.close(document.object, document.value);
  }
  return imported;
};
