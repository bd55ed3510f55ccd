import type { Notice, Tone } from "../channels/notice.ts";
import { clip, plainText } from "../channels/notice.ts";
import type { Language } from "../definitions.ts";
import { publishedUpdates, recordOf } from "./audience.ts";
import { say, stateWord } from "./message-words.ts";

/** A stored event as it is told. */
export type EventOfLog = {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly data: unknown;
  readonly occurredAt: number;
};

/** What a message names things by. */
export type MessageNaming = {
  readonly language: Language;
  readonly pageName: string;
  /** Absolute, without a slash at its end. */
  readonly pageUrl: string;
  readonly serviceName: (id: string) => string;
  /** An instant as people of the page read it. */
  readonly instant: (at: number) => string;
  /** Path of an incident's own page. */
  readonly incidentPath: (id: string) => string;
};

const TONES: Readonly<Record<string, Tone>> = {
  none: "neutral",
  minor: "warning",
  major: "critical",
  critical: "critical",
};
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const timeOf = (value: unknown): number | null => {
  const at = Date.parse(textOf(value));
  return Number.isNaN(at) ? null : at;
};

/** Markdown as a person reads it in plain text: emphasis and the marks of headings go, addresses of links stay. */
const withoutMarkdown = (text: string): string =>
  text
    .replaceAll(/^#{1,6}\s+/gm, "")
    .replaceAll(/!?\[([^\]\n]*)\]\(([^)\s]+)[^)\n]*\)/g, "$1 ($2)")
    .replaceAll(/(\*\*|__|`)/g, "");

const translated = (resource: Record<string, unknown>, language: Language, key: string): string => {
  const own = recordOf(recordOf(resource.translations)[language])[key];
  return textOf(own) === "" ? textOf(resource[key]) : textOf(own);
};

const namesOf = (ids: unknown, naming: MessageNaming): string =>
  (Array.isArray(ids) ? ids : []).map((id) => naming.serviceName(String(id))).join(", ");

type Facts = Notice["facts"];
const fact = (label: string, value: string | null): Facts =>
  value === null || value === "" ? [] : [{ label, value: plainText(value) }];

type Said = Pick<Notice, "tone" | "phase" | "title" | "text" | "facts"> & { readonly path: string };

const ofIncident = ({ type, subject, data }: EventOfLog, naming: MessageNaming): Said => {
  const { language, instant } = naming;
  const incident = recordOf(data);
  const newest = publishedUpdates(incident)[0] ?? {};
  const status = type === "incident.reopened" ? "reopened" : textOf(newest.status) || textOf(incident.status);
  const isOver = status === "resolved" || status === "postmortem";
  const resolvedAt = timeOf(incident.resolvedAt);
  const startedAt = timeOf(incident.startedAt);
  return {
    tone: isOver ? "good" : (TONES[textOf(incident.impact)] ?? "neutral"),
    phase: type === "incident.opened" ? "begins" : isOver ? "ends" : "goes_on",
    title: `${stateWord(language, status)}: ${translated(incident, language, "name")}`,
    text: withoutMarkdown(translated(newest, language, "body")),
    facts: [
      ...fact(say(language, "services"), namesOf(incident.serviceIds, naming)),
      ...fact(say(language, "impact"), stateWord(language, textOf(incident.impact))),
      ...fact(say(language, "from"), startedAt === null ? null : instant(startedAt)),
      ...fact(say(language, "until"), resolvedAt === null ? null : instant(resolvedAt)),
    ],
    path: naming.incidentPath(subject),
  };
};

/** The next or running occurrence at the time of the event; else the last one. */
const occurrenceOf = (data: Record<string, unknown>, at: number): Record<string, unknown> => {
  const all = (Array.isArray(data.occurrences) ? data.occurrences : []).map(recordOf);
  return all.find((one) => (timeOf(one.endsAt) ?? 0) >= at) ?? all.at(-1) ?? {};
};

const ofMaintenance = ({ type, data, occurredAt }: EventOfLog, naming: MessageNaming): Said => {
  const { language, instant } = naming;
  const maintenance = recordOf(data);
  const newest = publishedUpdates(maintenance)[0] ?? {};
  const occurrence = occurrenceOf(maintenance, occurredAt);
  const startsAt = timeOf(occurrence.startsAt) ?? timeOf(maintenance.startsAt);
  const endsAt = timeOf(occurrence.endsAt);
  const phase = type.slice("maintenance.".length);
  const title = translated(maintenance, language, "title");
  return {
    tone: phase === "completed" ? "good" : "neutral",
    phase: phase === "scheduled" ? "begins" : phase === "completed" || phase === "canceled" ? "ends" : "goes_on",
    title: `${say(language, "maintenance")}, ${stateWord(language, phase).toLowerCase()}: ${title}`,
    text: withoutMarkdown(
      translated(newest, language, "message") || translated(maintenance, language, "body") || title,
    ),
    facts: [
      ...fact(say(language, "services"), namesOf(maintenance.serviceIds, naming)),
      ...fact(say(language, "from"), startsAt === null ? null : instant(startsAt)),
      ...fact(say(language, "until"), endsAt === null ? null : instant(endsAt)),
    ],
    path: "/maintenance",
  };
};

const ofState = ({ subject, data }: EventOfLog, naming: MessageNaming): Said => {
  const { language } = naming;
  const state = textOf(recordOf(data).state);
  const name = naming.serviceName(subject);
  const isGood = state === "operational";
  const isBad = state === "major_outage" || state === "partial_outage";
  return {
    tone: isGood ? "good" : isBad ? "critical" : "warning",
    phase: isGood ? "ends" : "goes_on",
    title: say(language, "isNow", { name, state: stateWord(language, state) }),
    text: say(language, "isNow", { name, state: stateWord(language, state) }),
    facts: [],
    path: `/services/${encodeURIComponent(subject)}`,
  };
};

/** Says an event to a customer, in the language asked for. Texts are plain; each channel escapes them for its own markup. */
export const noticeForSubscriber = (event: EventOfLog, naming: MessageNaming): Notice => {
  const of = event.type.startsWith("incident.")
    ? ofIncident
    : event.type.startsWith("maintenance.")
      ? ofMaintenance
      : ofState;
  const { path, ...said } = of(event, naming);
  return {
    ...said,
    title: clip(plainText(said.title).replaceAll(/\s+/g, " "), 250),
    text: plainText(said.text),
    eventId: event.id,
    eventType: event.type,
    thread: event.subject,
    links: [{ label: say(naming.language, "statusPage"), url: `${naming.pageUrl}${path}` }],
    serviceId: null,
    severity: null,
    beganAtMs: event.occurredAt,
    endedAtMs: null,
    occurredAtMs: event.occurredAt,
    sender: plainText(naming.pageName),
  };
};

/** One message of what happened in a day, the oldest first. */
export const digestNotice = (notices: readonly Notice[], naming: MessageNaming, id: string, at: number): Notice => ({
  eventId: id,
  eventType: "digest",
  thread: id,
  tone: "neutral",
  phase: "note",
  title: say(naming.language, "digestTitle", { page: plainText(naming.pageName) }),
  text: notices
    .map(
      ({ title, text, occurredAtMs }) =>
        `${naming.instant(occurredAtMs)}  ${title}${text === title ? "" : `\n${text}`}`,
    )
    .join("\n\n"),
  facts: [],
  links: [{ label: say(naming.language, "statusPage"), url: `${naming.pageUrl}/` }],
  serviceId: null,
  severity: null,
  beganAtMs: at,
  endedAtMs: null,
  occurredAtMs: at,
  sender: plainText(naming.pageName),
});
