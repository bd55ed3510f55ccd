import type { Metadata } from "next";
import { notFound } from "next/navigation";
import type { DeskIncident } from "#lib/read/incident-desk.ts";
import { loadDeskIncident } from "#lib/read/incident-desk.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { StateMark } from "../../../../_parts/glyph.tsx";
import { fillText } from "../../../../_view/format.ts";
import { AdminFrame } from "../../../_parts/admin-frame.tsx";
import { AlertsOf, DraftActions, OtherActions, ResolveForm, UpdateForm } from "../../../_parts/desk-actions.tsx";
import { Postmortem } from "../../../_parts/desk-postmortem.tsx";
import { Timeline } from "../../../_parts/desk-timeline.tsx";
import {
  courseWord,
  isOver,
  isWaiting,
  nameIn,
  publicationWord,
  ROLE_OF_IMPACT,
  standingRole,
  standingWord,
  titleOf,
} from "../../../_parts/desk-words.ts";
import type { AdminView, SearchParams } from "../../../_parts/view.ts";
import { adminLanguage, adminView } from "../../../_parts/view.ts";
import { ADMIN_WORDS } from "../../../_words/index.ts";

type Props = { params: Promise<{ id: string }>; searchParams: Promise<SearchParams> };

export const generateMetadata = async (): Promise<Metadata> => ({
  title: ADMIN_WORDS[await adminLanguage()].desk.title,
});

const Heading = ({ view, desk: { incident, services } }: { view: AdminView; desk: DeskIncident }) => {
  const { desk } = view.words;
  return (
    <div className="title">
      <p className="small soft">
        <a className="quiet" href="/admin/incidents">
          {desk.title}
        </a>
      </p>
      <h1>{titleOf(incident, view)}</h1>
      <p>
        <StateMark role={standingRole(incident)} word={standingWord(incident, view)} />
      </p>
      <p className="small soft">
        {[
          publicationWord(incident, view),
          courseWord(incident, view),
          incident.origin === "alert" ? desk.byAlert : desk.byPerson,
        ].join(" · ")}
      </p>
      {isOver(incident) ? (
        <p>{view.format.list(incident.serviceIds.map((id) => nameIn(services, id)))}</p>
      ) : (
        <p className="marks">
          {incident.affected.map(({ serviceId, impact }) => (
            <StateMark
              key={serviceId}
              role={ROLE_OF_IMPACT[impact]}
              word={`${nameIn(services, serviceId)}: ${desk.impacts[impact]}`}
            />
          ))}
        </p>
      )}
      {incident.publication === "published" ? (
        <p className="small">
          <a href={`/incidents/${incident.id}`}>{desk.onPage}</a>
        </p>
      ) : null}
    </div>
  );
};

/** One incident: what to do next, what was said, its alerts, and its post-mortem. */
const IncidentPage = async ({ params, searchParams }: Props) => {
  const view = await adminView(await searchParams);
  const desk = await loadDeskIncident(view.cookie, (await params).id);
  if (desk === null) notFound();
  const { incident, services, postmortem } = desk;
  const { words } = view;
  const isOpen = incident.publication === "published" && !isOver(incident);
  const mayWrite = mayDo(view.session, "incidents:write");
  return (
    <AdminFrame current="incidents" view={view}>
      <Heading view={view} desk={desk} />
      {mayWrite ? null : <p>{fillText(words.frame.notAllowed, { role: view.session.role })}</p>}
      {incident.asksToResolve ? (
        <p className="asks" role="note">
          <b>{words.desk.asks}</b> {words.desk.asksText}
        </p>
      ) : null}
      {incident.mergedInto === null ? null : (
        <p>
          {words.desk.mergedInto} <a href={`/admin/incidents/${incident.mergedInto}`}>{words.desk.toMerged}</a>
        </p>
      )}
      {mayWrite && isWaiting(incident) ? <DraftActions view={view} desk={desk} /> : null}
      <div className="two">
        <div>
          {mayWrite && isOpen ? <UpdateForm view={view} desk={desk} /> : null}
          {mayWrite && isOpen ? <ResolveForm view={view} desk={desk} /> : null}
          {postmortem === null ? null : (
            <Postmortem key={incident.status} view={view} incident={incident} draft={postmortem} services={services} />
          )}
          {mayWrite ? <OtherActions key={`other ${incident.updatedAt}`} view={view} desk={desk} /> : null}
        </div>
        <div>
          <Timeline view={view} incident={incident} services={services} />
          <AlertsOf view={view} desk={desk} />
        </div>
      </div>
    </AdminFrame>
  );
};
export default IncidentPage;
