import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import { fillText } from "../../_view/format.ts";
import { Action } from "./action.tsx";
import type { Field } from "./action-form.client.tsx";
import { languageChoices } from "./desk-words.ts";
import { Fold } from "./settings-parts.tsx";
import type { AdminView } from "./view.ts";

export const impactOptions = ({ words }: AdminView) =>
  (["none", "minor", "major", "critical"] as const).map((value) => ({ value, label: words.calendar.impacts[value] }));

type Texts = MaintenanceResource["translations"];

/** Title and description in the other languages of the page. */
export const translatedFields = ({ words }: AdminView, texts: Texts = {}): Field[] =>
  languageChoices(texts).flatMap(({ language, name }): Field[] => [
    {
      name: `translations.${language}.title`,
      kind: "text",
      label: fillText(words.desk.titleIn, { language: name }),
      value: texts[language]?.title,
    },
    {
      name: `translations.${language}.body`,
      kind: "textarea",
      rows: 2,
      label: fillText(words.desk.messageIn, { language: name }),
      value: texts[language]?.body,
    },
  ]);

type Named = { readonly id: string; readonly name: string };

const planFields = (view: AdminView, services: readonly Named[]): Field[] => {
  const { calendar } = view.words;
  return [
    { name: "title", kind: "text", label: calendar.name, isRequired: true },
    { name: "body", kind: "textarea", label: calendar.body },
    {
      name: "serviceIds",
      kind: "choices",
      label: calendar.services,
      options: services.map(({ id, name }) => ({ value: id, label: name })),
    },
    { name: "impact", kind: "select", label: calendar.impact, options: impactOptions(view), value: "none" },
    { name: "startsAt", kind: "instant", label: calendar.startsAt, hint: calendar.localTime, isRequired: true },
    {
      name: "duration",
      kind: "text",
      label: calendar.duration,
      hint: calendar.durationHint,
      isRequired: true,
      value: "1h",
    },
    { name: "rrule", kind: "text", label: calendar.rrule, hint: calendar.rruleHint },
    { name: "timeZone", kind: "text", label: calendar.timeZone, value: view.timeZone },
    { name: "reminders", kind: "list", label: calendar.reminders, hint: calendar.remindersHint, rows: 2 },
    ...translatedFields(view),
  ];
};

/** New work, once or by a rule. */
export const PlanWork = ({ view, services }: { view: AdminView; services: readonly Named[] }) => (
  <Fold title={view.words.calendar.plan}>
    <Action
      view={view}
      scope="maintenances:write"
      method="POST"
      path="/v1/maintenances"
      fields={planFields(view, services)}
      submit={view.words.calendar.plan}
      after="/admin/maintenance/{id}"
    />
  </Fold>
);
