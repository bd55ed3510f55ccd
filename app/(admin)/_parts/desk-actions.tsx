import type { DeskIncident } from "#lib/read/incident-desk.ts";
import { fillText } from "../../_view/format.ts";
import {
  AreaField,
  InstantField,
  SelectField,
  ServiceImpacts,
  Switch,
  TextField,
  Translations,
} from "./desk-fields.tsx";
import { DeskForm } from "./desk-form.tsx";
import { impactChoices, isOver, isWaiting, statusChoices, titleOf } from "./desk-words.ts";
import type { AdminView } from "./view.ts";

type Props = { view: AdminView; desk: DeskIncident };

/** The next update of an open incident: where it stands and what to say; the rest is folded. */
export const UpdateForm = ({ view, desk: { incident, services } }: Props) => {
  const { desk } = view.words;
  const named = services.filter(({ id }) => incident.serviceIds.includes(id));
  const others = services.filter(({ id }) => !incident.serviceIds.includes(id));
  return (
    <section aria-labelledby="update">
      <h2 id="update">{desk.update}</h2>
      <DeskForm
        view={view}
        method="POST"
        path={`/v1/incidents/${incident.id}/updates`}
        submit={desk.publishNow}
        done={desk.published}
        about={desk.update}
      >
        <SelectField
          form="update"
          name="status"
          label={desk.fields.status}
          choices={[
            { value: "", label: `${desk.asBefore}: ${view.format.words.incidentStates[incident.status]}` },
            ...statusChoices(view).filter(({ value }) => value !== incident.status),
          ]}
        />
        <AreaField form="update" name="message" label={desk.fields.message} isRequired />
        <Switch form="update" name="notify" label={desk.fields.notify} isOn />
        <details>
          <summary>{desk.perService}</summary>
          <ServiceImpacts view={view} form="update" services={[...named, ...others]} empty={desk.asBefore} />
        </details>
        <details>
          <summary>{desk.moreUpdate}</summary>
          <div className="stack">
            <InstantField form="update" name="displayAt" label={desk.fields.displayAt} hint={desk.fields.deviceTime} />
            <InstantField
              form="update"
              name="publishAt"
              label={desk.fields.publishAt}
              hint={desk.fields.publishAtHint}
            />
            <Translations view={view} form="update" withTitle={false} />
          </div>
        </details>
      </DeskForm>
    </section>
  );
};

/** A last word. It is open at once when everything has been well for a while. */
export const ResolveForm = ({ view, desk: { incident } }: Props) => {
  const { desk } = view.words;
  return (
    <details className="act big" open={incident.asksToResolve}>
      <summary>{desk.resolve}</summary>
      <DeskForm
        view={view}
        method="POST"
        path={`/v1/incidents/${incident.id}/resolve`}
        submit={desk.resolve}
        about={titleOf(incident, view)}
      >
        <AreaField
          form="resolve"
          name="message"
          label={desk.fields.message}
          value={desk.resolveText}
          rows={3}
          isRequired
        />
        <InstantField form="resolve" name="displayAt" label={desk.fields.displayAt} hint={desk.fields.deviceTime} />
        <Switch form="resolve" name="notify" label={desk.fields.notify} isOn />
        <Translations view={view} form="resolve" withTitle={false} />
      </DeskForm>
    </details>
  );
};

/** A draft becomes public, is thrown away, or is changed before. */
export const DraftActions = ({ view, desk: { incident, services } }: Props) => {
  const { desk, frame } = view.words;
  const first = incident.updates.at(-1);
  const path = `/v1/incidents/${incident.id}`;
  const values = Object.fromEntries(incident.affected.map(({ serviceId, impact }) => [serviceId, impact]));
  const titles = Object.entries(incident.translations).map(
    ([language, text]) =>
      [language, { title: text.name, message: first?.translations[language as "en"]?.body }] as const,
  );
  return (
    <section className="draft" aria-label={desk.publications.draft}>
      <p>{desk.draftText}</p>
      <div className="buttons">
        <DeskForm view={view} method="POST" path={`${path}/publish`} submit={desk.publishDraft} done={desk.published} />
        <DeskForm
          view={view}
          method="POST"
          path={`${path}/discard`}
          submit={desk.discard}
          confirm={desk.discardConfirm}
          tone="danger"
        />
      </div>
      <details className="act" key={incident.updatedAt}>
        <summary>{desk.editDraft}</summary>
        <DeskForm view={view} method="PATCH" path={path} submit={frame.save} done={desk.saved} tone="plain">
          <TextField form="draft" name="title" label={desk.fields.title} value={incident.name} isRequired />
          <AreaField form="draft" name="message" label={desk.fields.message} value={first?.body} isRequired />
          <ServiceImpacts view={view} form="draft" services={services} empty={frame.none} values={values} />
          <InstantField form="draft" name="publishAt" label={desk.fields.publishAt} hint={desk.fields.deviceTime} />
          <Switch form="draft" name="notify" label={desk.fields.notify} isOn={first?.notify ?? true} />
          <Translations view={view} form="draft" withTitle texts={Object.fromEntries(titles)} />
        </DeskForm>
      </details>
    </section>
  );
};

const EditForm = ({ view, desk: { incident } }: Props) => {
  const { desk, frame } = view.words;
  const texts = Object.fromEntries(
    Object.entries(incident.translations).map(([language, text]) => [language, { title: text.name }]),
  );
  return (
    <details className="act">
      <summary>{desk.edit}</summary>
      <DeskForm
        view={view}
        method="PATCH"
        path={`/v1/incidents/${incident.id}`}
        submit={frame.save}
        done={desk.saved}
        tone="plain"
      >
        <TextField form="edit" name="title" label={desk.fields.title} value={incident.name} isRequired />
        <SelectField
          form="edit"
          name="impact"
          label={desk.impact}
          value={incident.impact}
          choices={impactChoices(view)}
        />
        <InstantField form="edit" name="startedAt" label={desk.fields.startedAt} hint={desk.fields.deviceTime} />
        <Translations view={view} form="edit" withTitle withMessage={false} texts={texts} />
      </DeskForm>
    </details>
  );
};

const ReopenForm = ({ view, desk: { incident } }: Props) => {
  const { desk } = view.words;
  return (
    <details className="act">
      <summary>{desk.reopen}</summary>
      <DeskForm
        view={view}
        method="POST"
        path={`/v1/incidents/${incident.id}/reopen`}
        submit={desk.reopen}
        tone="plain"
      >
        <AreaField form="reopen" name="message" label={desk.fields.message} rows={3} isRequired />
        <SelectField form="reopen" name="status" label={desk.fields.status} choices={statusChoices(view)} />
        <Switch form="reopen" name="notify" label={desk.fields.notify} isOn />
      </DeskForm>
    </details>
  );
};

const MergeForm = ({ view, desk: { incident, others } }: Props) => {
  const { desk } = view.words;
  if (others.length === 0) return null;
  return (
    <details className="act">
      <summary>{desk.merge}</summary>
      <DeskForm
        view={view}
        method="POST"
        path={`/v1/incidents/${incident.id}/merge`}
        submit={desk.merge}
        confirm={desk.mergeConfirm}
        after="/admin/incidents/{id}"
        tone="danger"
      >
        <SelectField
          form="merge"
          name="into"
          label={desk.mergeInto}
          choices={others.map((other) => ({ value: other.id, label: titleOf(other, view) }))}
        />
      </DeskForm>
    </details>
  );
};

/** What is done seldom, each folded. */
export const OtherActions = ({ view, desk }: Props) => {
  const { incident } = desk;
  const isPublished = incident.publication === "published";
  if (!isPublished && !isWaiting(incident)) return null;
  return (
    <div className="acts">
      {isPublished ? <EditForm view={view} desk={desk} /> : null}
      {isPublished && isOver(incident) ? <ReopenForm view={view} desk={desk} /> : null}
      {isOver(incident) ? null : <MergeForm view={view} desk={desk} />}
    </div>
  );
};

/** The alerts of an incident, and those that fire and belong nowhere. */
export const AlertsOf = ({ view, desk: { incident, alerts, loose } }: Props) => {
  const { desk } = view.words;
  const label = (alert: (typeof alerts)[number]): string =>
    `${alert.sloId ?? alert.pair} · ${alert.severity === "page" ? view.words.oncall.page : view.words.oncall.ticket}`;
  return (
    <section aria-labelledby="alerts">
      <h2 id="alerts">{desk.alerts}</h2>
      {alerts.length === 0 ? (
        <p className="soft">{desk.noAlerts}</p>
      ) : (
        <ul className="incidents">
          {alerts.map((alert) => (
            <li className="incident" key={alert.id}>
              <a className="name" href={`/admin/on-call/${alert.id}`}>
                {label(alert)}
              </a>
              <p className="small soft">
                {fillText(desk.since, { time: view.format.when(alert.firedAt, view.today) })} ·{" "}
                {alert.state === "firing" ? desk.firing : desk.over}
              </p>
            </li>
          ))}
        </ul>
      )}
      {loose.length === 0 || incident.publication === "discarded" || incident.publication === "merged" ? null : (
        <details className="act">
          <summary>{desk.attach}</summary>
          <DeskForm
            view={view}
            method="POST"
            path={`/v1/incidents/${incident.id}/alerts`}
            submit={desk.attach}
            tone="plain"
          >
            <SelectField
              form="attach"
              name="alertId"
              label={desk.attach}
              choices={loose.map((alert) => ({ value: alert.id, label: label(alert) }))}
            />
          </DeskForm>
        </details>
      )}
    </section>
  );
};
