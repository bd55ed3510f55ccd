import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { fillText } from "../../_view/format.ts";
import { Action } from "./action.tsx";
import type { ActionFormProps, Field } from "./action-form.client.tsx";
import { nearest } from "./calendar-days.ts";
import { impactOptions, translatedFields } from "./calendar-plan.tsx";
import { languageChoices } from "./desk-words.ts";
import { Fold } from "./settings-parts.tsx";
import type { AdminView } from "./view.ts";

type Props = { readonly view: AdminView; readonly work: MaintenanceResource };
type Form = {
  readonly to: string;
  readonly fields: readonly Field[];
  readonly submit: string;
  readonly method?: ActionFormProps["method"];
  readonly confirm?: string;
  readonly tone?: ActionFormProps["tone"];
};

const Do = ({ view, work, to, method = "POST", ...form }: Props & Form) => (
  <Action view={view} scope="maintenances:write" method={method} path={`/v1/maintenances/${work.id}${to}`} {...form} />
);

/** Which occurrence: those that are not over, by when they were planned for. */
const occurrenceField = ({ view, work }: Props, first: string): Field => {
  const { calendar } = view.words;
  const open = work.occurrences.filter(({ state }) => state !== "completed" && state !== "canceled");
  return {
    name: "occurrence",
    kind: "select",
    label: calendar.occurrence,
    value: "",
    options: [
      { value: "", label: first },
      ...open.map(({ plannedFor, startsAt, endsAt }) => ({
        value: plannedFor,
        label: fillText(calendar.span, {
          from: view.format.when(startsAt, view.today),
          until: view.format.when(endsAt, view.today),
        }),
      })),
    ],
  };
};

/** Begin or end early, in one press. */
export const WorkSteps = ({ view, work }: Props) => {
  const { calendar } = view.words;
  const state = nearest(work)?.state;
  const step = (status: string, message: string): Field[] => [
    { name: "status", kind: "hidden", label: "", value: status },
    { name: "message", kind: "hidden", label: "", value: message },
  ];
  const fields = step("in_progress", calendar.beginMessage);
  if (state === "scheduled")
    return <Do view={view} work={work} to="/updates" fields={fields} submit={calendar.begin} tone="plain" />;
  if (state !== "in_progress" && state !== "verifying") return null;
  const end = step("completed", calendar.endMessage);
  return <Do view={view} work={work} to="/updates" fields={end} submit={calendar.end} tone="plain" />;
};

const Say = (props: Props) => {
  const { calendar } = props.view.words;
  const states = ["in_progress", "verifying", "completed"] as const;
  return (
    <Fold title={calendar.say}>
      <Do
        {...props}
        to="/updates"
        fields={[
          { name: "message", kind: "textarea", label: calendar.message, isRequired: true },
          {
            name: "status",
            kind: "select",
            label: calendar.status,
            value: "",
            options: [
              { value: "", label: calendar.asItIs },
              ...states.map((value) => ({ value, label: calendar.states[value] })),
            ],
          },
          occurrenceField(props, calendar.nextOne),
          ...languageChoices().map(
            ({ language, name }): Field => ({
              name: `translations.${language}.message`,
              kind: "textarea",
              rows: 2,
              label: fillText(props.view.words.desk.messageIn, { language: name }),
            }),
          ),
        ]}
        submit={calendar.say}
      />
    </Fold>
  );
};

const Move = (props: Props) => {
  const { calendar } = props.view.words;
  return (
    <Fold title={calendar.move}>
      <Do
        {...props}
        to="/reschedule"
        fields={[
          { name: "startsAt", kind: "instant", label: calendar.startsAt, hint: calendar.localTime },
          { name: "endsAt", kind: "instant", label: calendar.endsAt, hint: calendar.endsHint },
          occurrenceField(props, calendar.nextOne),
        ]}
        submit={calendar.move}
      />
    </Fold>
  );
};

const Edit = ({ view, work }: Props) => {
  const { calendar, frame } = view.words;
  return (
    <Fold title={calendar.edit}>
      <Do
        view={view}
        work={work}
        to=""
        method="PATCH"
        fields={[
          { name: "title", kind: "text", label: calendar.name, value: work.title, isRequired: true },
          { name: "body", kind: "textarea", label: calendar.body, value: work.body },
          { name: "impact", kind: "select", label: calendar.impact, options: impactOptions(view), value: work.impact },
          ...translatedFields(view, work.translations),
        ]}
        submit={frame.save}
      />
    </Fold>
  );
};

/** What can be done with planned work that is not over. */
export const WorkActions = (props: Props) => {
  const { view, work } = props;
  const { calendar, settings } = view.words;
  if (work.state === "canceled" || work.state === "completed" || !mayDo(view.session, "maintenances:write"))
    return null;
  return (
    <section aria-labelledby="change">
      <h2 id="change">{settings.change}</h2>
      <Say {...props} />
      <Move {...props} />
      <Edit {...props} />
      <Fold title={calendar.cancel}>
        <Do
          {...props}
          to="/cancel"
          fields={[
            { name: "reason", kind: "text", label: calendar.reason },
            occurrenceField(props, calendar.cancelAll),
          ]}
          submit={calendar.cancel}
          confirm={calendar.confirmCancel}
          tone="danger"
        />
      </Fold>
    </section>
  );
};
