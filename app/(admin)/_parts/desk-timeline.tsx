import type { IncidentResource } from "#lib/contracts/incidents.ts";
import { incidentHtml } from "#lib/contracts/markdown.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { StateMark } from "../../_parts/glyph.tsx";
import { fillText } from "../../_view/format.ts";
import { SafeHtml } from "../../(public)/_parts/safe-html.tsx";
import { AreaField, InstantField, Translations } from "./desk-fields.tsx";
import { DeskForm } from "./desk-form.tsx";
import type { Named } from "./desk-words.ts";
import { nameIn, ROLE_OF_IMPACT } from "./desk-words.ts";
import type { AdminView } from "./view.ts";

type Update = IncidentResource["updates"][number];
type Props = { view: AdminView; incident: IncidentResource; update: Update };

/** Corrects what was said, or changes what will be. */
const Edit = ({ view, incident, update }: Props) => {
  const { desk } = view.words;
  const isPlanned = update.publishedAt === null;
  const path = `/v1/incidents/${incident.id}/updates/${update.id}`;
  const texts = Object.fromEntries(
    Object.entries(update.translations).map(([language, text]) => [language, { message: text.body }]),
  );
  return (
    <details>
      <summary>{isPlanned ? desk.correctPlanned : desk.correct}</summary>
      <div className="stack">
        <DeskForm view={view} method="PATCH" path={path} submit={view.words.frame.save} done={desk.saved} tone="plain">
          <AreaField
            form={update.id}
            name="message"
            label={desk.fields.message}
            value={update.body}
            rows={5}
            isRequired
          />
          {isPlanned ? (
            <InstantField
              form={update.id}
              name="publishAt"
              label={desk.fields.publishAt}
              hint={desk.fields.deviceTime}
            />
          ) : (
            <InstantField
              form={update.id}
              name="displayAt"
              label={desk.fields.displayAt}
              hint={desk.fields.deviceTime}
            />
          )}
          <Translations view={view} form={update.id} withTitle={false} texts={texts} />
        </DeskForm>
        {isPlanned ? (
          <DeskForm
            view={view}
            method="DELETE"
            path={path}
            submit={desk.takeBack}
            confirm={desk.takeBackConfirm}
            tone="danger"
          />
        ) : null}
      </div>
    </details>
  );
};

const Entry = ({ view, incident, update, services }: Props & { services: readonly Named[] }) => {
  const { words, format, today } = view;
  const planned =
    update.publishAt === null ? null : fillText(words.desk.plannedFor, { time: format.when(update.publishAt, today) });
  const mayEdit =
    mayDo(view.session, "incidents:write") &&
    incident.publication === "published" &&
    (update.publishedAt !== null || update.publishAt !== null);
  return (
    <li>
      <p>
        <b>{format.words.incidentStates[update.status]}</b>{" "}
        <time className="small soft" dateTime={update.displayAt}>
          {planned ?? format.when(update.displayAt, today)}
        </time>
      </p>
      <SafeHtml html={incidentHtml(update.translations[view.language]?.body ?? update.body)} />
      {update.impacts.length === 0 ? null : (
        <p className="marks">
          {update.impacts.map(({ serviceId, impact }) => (
            <StateMark
              key={serviceId}
              role={ROLE_OF_IMPACT[impact]}
              word={`${nameIn(services, serviceId)}: ${words.desk.impacts[impact]}`}
            />
          ))}
        </p>
      )}
      {update.notify ? null : <p className="small soft">{words.desk.notTold}</p>}
      {mayEdit ? <Edit view={view} incident={incident} update={update} /> : null}
    </li>
  );
};

/** Everything that was said and is planned to be said, newest first. */
export const Timeline = ({
  view,
  incident,
  services,
}: {
  view: AdminView;
  incident: IncidentResource;
  services: readonly Named[];
}) => (
  <section aria-labelledby="timeline">
    <h2 id="timeline">{view.words.desk.timeline}</h2>
    {incident.updates.length === 0 ? (
      <p className="soft">{view.words.desk.timelineEmpty}</p>
    ) : (
      <ol className="timeline">
        {incident.updates.map((update) => (
          <Entry
            key={`${update.id} ${update.updatedAt}`}
            view={view}
            incident={incident}
            update={update}
            services={services}
          />
        ))}
      </ol>
    )}
  </section>
);
