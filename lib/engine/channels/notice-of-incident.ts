import type { EventType } from "#lib/contracts/events.ts";
import type { IncidentResource, IncidentTemplateResource } from "#lib/contracts/incidents.ts";
import { plainText } from "#lib/contracts/markdown.ts";
import type { Tone } from "#lib/core/channels/notice.ts";
import type { Naming, Part } from "./notice-part.ts";
import { clock, fact, link } from "./notice-part.ts";

const IMPACT_TONES: Readonly<Record<IncidentResource["impact"], Tone>> = {
  none: "neutral",
  minor: "warning",
  major: "critical",
  critical: "critical",
};

const OVER: ReadonlySet<EventType> = new Set(["incident.resolved", "incident.discarded", "incident.merged"]);
const BEGINS: ReadonlySet<EventType> = new Set(["incident.opened", "incident.drafted", "incident.reopened"]);
/** What the status of the incident does not say. */
const INCIDENT_STEPS: Partial<Record<EventType, string>> = {
  "incident.drafted": "drafted, not on the page",
  "incident.draft_changed": "draft changed",
  "incident.discarded": "draft discarded",
  "incident.update_scheduled": "update planned",
  "incident.alert_attached": "one more alert",
  "incident.merged": "merged into another incident",
  "incident.postmortem_published": "post-mortem published",
  "incident.resolve_due": "all is well for half an hour; is it over?",
};

/** What a message says of an incident. */
export const ofIncident = (incident: IncidentResource, type: EventType, naming: Naming): Part => {
  const isOver = OVER.has(type);
  const newest = incident.updates[0];
  return {
    tone: isOver ? "good" : IMPACT_TONES[incident.impact],
    phase: isOver ? "ends" : BEGINS.has(type) ? "begins" : "goes_on",
    title: `${incident.name}: ${INCIDENT_STEPS[type] ?? incident.status}`,
    text: newest === undefined ? `The incident is ${incident.status}.` : plainText(newest.body),
    facts: [
      ...fact("Impact", incident.impact),
      ...fact("Services", incident.serviceIds.map((id) => naming.serviceName(id) ?? id).join(", ")),
      ...fact("Since", clock(incident.startedAt)),
      ...fact("Until", incident.resolvedAt === null ? null : clock(incident.resolvedAt)),
    ],
    links: link(naming, "Status page", "/"),
    serviceId: incident.serviceIds[0] ?? null,
    beganAtMs: Date.parse(incident.startedAt),
    endedAtMs: incident.resolvedAt === null ? null : Date.parse(incident.resolvedAt),
  };
};

/** What a message says of a template of incidents. */
export const ofTemplate = ({ name }: IncidentTemplateResource, type: EventType): Part => {
  const title = `Incident template ${type === "incident_template.saved" ? "saved" : "deleted"}: ${name}`;
  return { tone: "neutral", phase: "note", title, text: "", facts: [] };
};
