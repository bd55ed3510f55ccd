import type { NewIncident } from "#lib/read/incident-desk.ts";
import { fillText } from "../../_view/format.ts";
import {
  AreaField,
  InstantField,
  SelectField,
  ServiceImpacts,
  ServiceTicks,
  Switch,
  TextField,
  Translations,
} from "./desk-fields.tsx";
import { DeskForm } from "./desk-form.tsx";
import { impactChoices, statusChoices, titleOf } from "./desk-words.ts";
import type { AdminView } from "./view.ts";

type Props = { view: AdminView; start: NewIncident };

/** What it comes from, and where else it may belong. */
export const Origin = ({ view, start: { alert, related } }: Props) => {
  const { desk } = view.words;
  if (alert === null) return null;
  const text = fillText(alert.state === "firing" ? desk.fromAlert : desk.fromAlertOver, {
    alert: alert.sloId ?? alert.pair,
    time: view.format.when(alert.firedAt, view.today),
  });
  return (
    <div className="stack">
      <p>
        <a href={`/admin/on-call/${alert.id}`}>{text}</a>
      </p>
      {related.length === 0 ? null : (
        <>
          <p>{desk.related}</p>
          {related.map((incident) => (
            <DeskForm
              key={incident.id}
              view={view}
              method="POST"
              path={`/v1/incidents/${incident.id}/alerts`}
              submit={fillText(desk.attachTo, { name: titleOf(incident, view) })}
              tone="plain"
              after={`/admin/incidents/${incident.id}`}
            >
              <input type="hidden" name="alertId" value={alert.id} />
            </DeskForm>
          ))}
        </>
      )}
    </div>
  );
};

/** What is seldom needed at 3 a.m., folded. */
const More = ({ view, start: { services, template } }: Props) => {
  const { fields, more, perService, asIncident } = view.words.desk;
  const values = Object.fromEntries((template?.affected ?? []).map(({ serviceId, impact }) => [serviceId, impact]));
  return (
    <details>
      <summary>{more}</summary>
      <div className="stack">
        <SelectField
          form="new"
          name="status"
          label={fields.status}
          value={template?.status ?? "investigating"}
          choices={statusChoices(view)}
        />
        <InstantField form="new" name="startedAt" label={fields.startedAt} hint={fields.deviceTime} />
        <InstantField form="new" name="publishAt" label={fields.publishAt} hint={fields.publishAtHint} />
        <Switch form="new" name="draft" label={fields.draft} />
        <details>
          <summary>{perService}</summary>
          <ServiceImpacts view={view} form="new" services={services} empty={asIncident} values={values} />
        </details>
        <Translations view={view} form="new" withTitle texts={template?.translations ?? {}} />
      </div>
    </details>
  );
};

/** A new incident: services, how bad, what to say; one thumb and less than a minute. */
export const NewIncidentForm = ({ view, start }: Props) => {
  const { fields, publishNow, impact } = view.words.desk;
  const { alert, template, services } = start;
  const picked = [
    ...(alert === null ? [] : [alert.serviceId]),
    ...(template?.affected.map(({ serviceId }) => serviceId) ?? []),
  ];
  return (
    <DeskForm
      view={view}
      method="POST"
      path="/v1/incidents"
      submit={publishNow}
      after="/admin/incidents/{id}"
      {...(alert === null ? {} : { then: { path: "/v1/incidents/{id}/alerts", body: { alertId: alert.id } } })}
    >
      <TextField form="new" name="title" label={fields.title} hint={fields.titleHint} value={template?.title} />
      <AreaField
        form="new"
        name="message"
        label={fields.message}
        hint={fields.messageHint}
        value={template?.message}
        isRequired
      />
      <ServiceTicks view={view} form="new" services={services} picked={picked} />
      <SelectField
        form="new"
        name="impact"
        label={impact}
        value={template?.impact ?? (alert?.severity === "page" ? "major" : "minor")}
        choices={impactChoices(view)}
      />
      <Switch form="new" name="notify" label={fields.notify} isOn />
      <More view={view} start={start} />
    </DeskForm>
  );
};
