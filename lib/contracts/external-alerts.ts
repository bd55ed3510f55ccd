import { z } from "zod";
import { AlertSeverity } from "./alerts.ts";
import { Identifier, Instant, instantText } from "./values.ts";

const Texts = z.record(z.string(), z.string());

export const ExternalAlertResource = z
  .strictObject({
    id: Identifier,
    state: z.enum(["firing", "resolved"]),
    source: z.enum(["api", "webhook"]).meta({
      description: "Sent to `/alertmanager/api/v2/alerts`, or to `/hooks/alertmanager`",
    }),
    name: z.string().meta({ description: "The label `alertname`; empty without one", example: "DiskFull" }),
    fingerprint: z.string().meta({ description: "Of the label set, as Alertmanager works it out" }),
    serviceId: Identifier.nullable().meta({ description: "The service that the label `service` names" }),
    severity: AlertSeverity.nullable().meta({
      description:
        "`page` for the label `severity` critical, page, emergency or fatal; `ticket` for any other; null without it",
    }),
    labels: Texts,
    annotations: Texts,
    generatorUrl: z.string().nullable(),
    startsAt: Instant,
    endsAt: Instant.nullable().meta({ description: "Null while it fires" }),
    resolveReason: z.enum(["sender", "timeout"]).nullable().meta({
      description: "The sender said so, or nothing was heard of it for too long",
    }),
    firstHeardAt: Instant,
    lastHeardAt: Instant,
  })
  .meta({ id: "ExternalAlert", description: "One episode of an alert that another system sent" });
export type ExternalAlertResource = z.infer<typeof ExternalAlertResource>;

/** The stored facts of an alert of another system. */
export type ExternalAlertFacts = {
  readonly id: string;
  readonly state: "firing" | "resolved";
  readonly source: "api" | "webhook";
  readonly fingerprint: string;
  readonly serviceId: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly generatorUrl: string | null;
  readonly startsAt: Date;
  readonly endsAt: Date | null;
  readonly expiresAt: Date | null;
  readonly resolveReason: "sender" | "timeout" | null;
  readonly firstHeardAt: Date;
  readonly lastHeardAt: Date;
};

const LOUD: ReadonlySet<string> = new Set(["critical", "page", "emergency", "fatal"]);

/** How urgent a label `severity` is; null without one. */
const severityOfLabels = (labels: Readonly<Record<string, string>>): "page" | "ticket" | null => {
  const { severity } = labels;
  if (severity === undefined) return null;
  return LOUD.has(severity.toLowerCase()) ? "page" : "ticket";
};

/** The one way to make an ExternalAlertResource. */
export const externalAlertResource = (facts: ExternalAlertFacts): ExternalAlertResource => ({
  id: facts.id,
  state: facts.state,
  source: facts.source,
  name: facts.labels.alertname ?? "",
  fingerprint: facts.fingerprint,
  serviceId: facts.serviceId,
  severity: severityOfLabels(facts.labels),
  labels: { ...facts.labels },
  annotations: { ...facts.annotations },
  generatorUrl: facts.generatorUrl,
  startsAt: instantText(facts.startsAt.getTime()),
  endsAt: facts.endsAt === null ? null : instantText(facts.endsAt.getTime()),
  resolveReason: facts.resolveReason,
  firstHeardAt: instantText(facts.firstHeardAt.getTime()),
  lastHeardAt: instantText(facts.lastHeardAt.getTime()),
});
