import type { IncidentResource } from "#lib/contracts/incidents.ts";
import type { IncidentImpact, IncidentStatus } from "#lib/contracts/snapshot-incidents.ts";
import type { Language } from "#lib/core/definitions.ts";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { isClosed } from "#lib/core/incidents/life.ts";
import { fillText } from "../../_view/format.ts";
import type { Role } from "../../_view/state-looks.ts";
import type { AdminView } from "./view.ts";
import { pageLanguages } from "./view.ts";

const IMPACTS = ["none", "minor", "major", "critical"] as const satisfies readonly IncidentImpact[];
const OPEN_STATUSES = ["investigating", "identified", "monitoring"] as const satisfies readonly IncidentStatus[];

/** Colour and shape of an impact, as the state of a service that has it. */
export const ROLE_OF_IMPACT: Readonly<Record<IncidentImpact, Role>> = {
  none: "ok",
  minor: "degraded",
  major: "partial",
  critical: "major",
};

export type Named = { readonly id: string; readonly name: string };
export type Choice = { readonly value: string; readonly label: string };

export const nameIn = (services: readonly Named[], id: string): string =>
  services.find((service) => service.id === id)?.name ?? id;

export const impactChoices = ({ words }: AdminView): Choice[] =>
  IMPACTS.map((impact) => ({ value: impact, label: words.desk.impacts[impact] }));

export const statusChoices = ({ format }: AdminView): Choice[] =>
  OPEN_STATUSES.map((status) => ({ value: status, label: format.words.incidentStates[status] }));

export const isOver = ({ status }: IncidentResource): boolean => isClosed(status);

export const isWaiting = ({ publication }: IncidentResource): boolean =>
  publication === "draft" || publication === "scheduled";

/** In the reader's language where there is a translation. */
export const titleOf = ({ name, translations }: IncidentResource, { language }: AdminView): string =>
  translations[language]?.name ?? name;

/** "Partial outage, investigating": how bad it is and where it stands. */
export const standingWord = ({ impact, status }: IncidentResource, { words, format }: AdminView): string =>
  `${words.desk.impacts[impact]} · ${format.words.incidentStates[status]}`;

export const standingRole = (incident: IncidentResource): Role =>
  incident.publication === "discarded" || incident.publication === "merged"
    ? "none"
    : isOver(incident)
      ? "ok"
      : ROLE_OF_IMPACT[incident.impact];

export const publicationWord = ({ publication, publishAt }: IncidentResource, view: AdminView): string =>
  fillText(view.words.desk.publications[publication], {
    time: publishAt === null ? "" : view.format.when(publishAt, view.today),
  });

/** "Since 14:02", or "24 July, 09:12 to 24 July, 09:26 · lasted 14 minutes". */
export const courseWord = (
  { startedAt, resolvedAt }: IncidentResource,
  { words, format, today }: AdminView,
): string => {
  const from = format.when(startedAt, today);
  if (resolvedAt === null) return fillText(words.desk.since, { time: from });
  const span = format.span(Date.parse(resolvedAt) - Date.parse(startedAt));
  const between = fillText(words.desk.between, { from, until: format.when(resolvedAt, today) });
  return `${between} · ${fillText(words.desk.lasted, { span })}`;
};

/** What a form of the desk says around its fields. */
export const formWords = ({ words: { frame } }: AdminView, submit: string, done?: string) => ({
  submit,
  working: frame.working,
  done: done ?? frame.done,
  failed: frame.failed,
  offline: frame.offline,
});

/**
 * Languages that a text can be translated into, by their own names: those of the page but the one that it is written in,
 * and those that it has been translated into before.
 */
export const languageChoices = (
  texts: Readonly<Partial<Record<string, unknown>>> = {},
): { language: Language; name: string }[] => {
  const others = pageLanguages().slice(1);
  return LANGUAGES.filter((language) => others.includes(language) || texts[language] !== undefined).map((language) => ({
    language,
    name: new Intl.DisplayNames([language], { type: "language" }).of(language) ?? language,
  }));
};
