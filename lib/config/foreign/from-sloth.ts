import { AppError } from "#lib/core/errors.ts";
import { readEachDocument } from "./each-document.ts";
import type { Cursor, Fidelity } from "./fidelity.ts";
import type { ImportedService, ImportedSlo, PairFile } from "./imported.ts";
import { idAt, idOf, objectiveAt } from "./imported.ts";
import type { CountQueries } from "./promql-text.ts";
import { countOver, isRewritten, rawCounts, unknownTemplate, withoutBad } from "./promql-text.ts";
import type { SourceOption } from "./sources.ts";
import { sourceFor } from "./sources.ts";

const SPEC_VERSION = "prometheus/v1";
const CRD_VERSION = "sloth.slok.dev/v1";
/** Sloth's own default, a flag of its command line. */
const WINDOW = "30d";
/** Google SRE workbook for 30 days, as Sloth has it. */
const PAGES: readonly PairFile[] = [
  { long: "1h", short: "5m", factor: 14.4, severity: "page" },
  { long: "6h", short: "30m", factor: 6, severity: "page" },
];
const TICKETS: readonly PairFile[] = [
  { long: "1d", short: "2h", factor: 3, severity: "ticket" },
  { long: "3d", short: "6h", factor: 1, severity: "ticket" },
];

/** The same field in the plain form (snake case) and in the Kubernetes form (camel case). */
const either = (cursor: Cursor, plain: string): Cursor => {
  const camel = plain.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
  return cursor.at(camel).exists() ? cursor.at(camel) : cursor.at(plain);
};

const queryAt = (field: Cursor): string => {
  const query = field.text();
  if (query === null || query.trim() === "") return field.refuse("a PromQL query is required");
  const template = unknownTemplate(query);
  return template === null ? query : field.refuse(`the template ${template} is not known`);
};

const readSli = (sli: Cursor): CountQueries => {
  const [events, raw, plugin] = [sli.at("events"), sli.at("raw"), sli.at("plugin")];
  if (plugin.exists()) return plugin.refuse("is code of Sloth; write the queries out as events");
  if (raw.exists()) {
    const field = either(raw, "error_ratio_query");
    const query = queryAt(field);
    field.change("good and total: every minute weighs the same, since traffic is not known");
    return rawCounts(query, "failure")("1m");
  }
  if (!events.exists()) return sli.refuse("events or raw is required");
  const [errorField, totalField] = [either(events, "error_query"), either(events, "total_query")];
  const [bad, total] = [countOver(queryAt(errorField), true, "1m"), countOver(queryAt(totalField), true, "1m")];
  for (const [field, becomes] of [
    [errorField, "good: total without these"],
    [totalField, "total"],
  ] as const) {
    if (isRewritten(queryAt(field))) field.change(`${becomes}: rewritten to count the events of one minute`);
    else field.keep(becomes);
  }
  return { good: withoutBad(total, bad), total };
};

/** Null: the default alerts of 30 days, which are Sloth's. */
const readAlerts = (alerting: Cursor): readonly PairFile[] | null => {
  const [page, ticket] = [either(alerting, "page_alert"), either(alerting, "ticket_alert")];
  const isOff = (alert: Cursor): boolean => alert.at("disable").value === true;
  for (const field of ["name", "labels", "annotations"]) {
    if (alerting.at(field).exists()) alerting.at(field).drop("events carry the ids of service, SLO and pair");
  }
  for (const alert of [page, ticket]) {
    if (alert.at("for").exists()) alert.at("for").drop("the short window takes its place");
    if (alert.at("labels").exists())
      alert.at("labels").drop("who is told stands under `notifications` of the configuration");
  }
  if (isOff(page) && isOff(ticket)) {
    alerting.change("an SLO has alerts here; leave notifications out to hear of none");
    return null;
  }
  if (isOff(page)) page.at("disable").keep("tickets only");
  if (isOff(ticket)) ticket.at("disable").keep("pages only");
  if (!isOff(page) && !isOff(ticket)) return null;
  return isOff(page) ? TICKETS : PAGES;
};

const readSlo = (slo: Cursor, service: ImportedService, options: SourceOption): ImportedSlo => {
  const name = slo.at("name");
  const own = name.text() ?? name.refuse("is required");
  const id = idOf(`${service.id}-${own}`) ?? name.refuse("has no letter or digit to make an id of");
  name.keep(`SLO ${id}`);
  const objective = objectiveAt(slo.at("objective"), "percent");
  const queries = readSli(slo.at("sli"));
  const alerts = readAlerts(slo.at("alerting"));
  const description = slo.at("description");
  const rationale = description.text()?.trim() ?? "";
  if (rationale !== "") description.keep("rationale of the SLO");
  return {
    service,
    slo: {
      id,
      sli: "promql",
      source: sourceFor(options, null, null, slo.at("sli")),
      ...queries,
      objective,
      window: WINDOW,
      ...(alerts === null ? {} : { burn_rate_alerts: alerts }),
      ...(rationale === "" ? {} : { document: { rationale } }),
    },
  };
};

const readDocument = (root: Cursor, options: SourceOption, fidelity: Fidelity): ImportedSlo[] => {
  const isCrd = root.at("apiVersion").exists();
  const version = isCrd ? root.at("apiVersion") : root.at("version");
  const due = isCrd ? CRD_VERSION : SPEC_VERSION;
  if (version.text() !== due) return version.refuse(`${due} is due, got ${version.text() ?? "nothing"}`);
  version.keep("form of the document");
  const kind = root.at("kind");
  if (isCrd && kind.text() !== "PrometheusServiceLevel") return kind.refuse("PrometheusServiceLevel is due");
  if (isCrd) kind.keep("form of the document");
  const spec = isCrd ? root.at("spec") : root;
  const name = spec.at("service");
  const service = { id: idAt(name, "service"), name: name.text() ?? "", description: null };
  const slos = spec.at("slos");
  if (slos.items().length === 0) return slos.refuse("at least one SLO is required");
  return slos.items().flatMap((slo) => {
    try {
      return [readSlo(slo, service, options)];
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      fidelity.refused(root.object, error.detail);
      return [];
    }
  });
};

/** Takes Sloth's `prometheus/v1` files and its Kubernetes resources over: the same window, the same burn-rate alerts. */
export const fromSloth = (parsed: readonly unknown[], options: SourceOption, fidelity: Fidelity): ImportedSlo[] =>
  readEachDocument(parsed, fidelity, {
    nameOf: (_document, index) => `document ${index + 1}`,
    read: (root) => readDocument(root, options, fidelity),
  });
