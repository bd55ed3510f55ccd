import type { Metadata } from "next";
import { notFound } from "next/navigation";
import type { SnapshotIncident } from "#lib/contracts/snapshot.ts";
import { incidentsBeside } from "#lib/contracts/snapshot-neighbours.ts";
import { Fill } from "../../../../../_parts/fill.tsx";
import { StateMark } from "../../../../../_parts/glyph.tsx";
import { incidentAddress } from "../../../../../_view/address.ts";
import { isOpen } from "../../../../../_view/heading.ts";
import { nameOf, textOf } from "../../../../../_view/incident.ts";
import { ROLE_OF } from "../../../../../_view/state-looks.ts";
import { loadIncidentOf } from "../../../../_parts/archive.ts";
import { Frame, Up } from "../../../../_parts/frame.tsx";
import { ImpactSection } from "../../../../_parts/impact-section.tsx";
import { IncidentFacts } from "../../../../_parts/incident-facts.tsx";
import { Timeline } from "../../../../_parts/incidents.tsx";
import { Instant } from "../../../../_parts/instant.tsx";
import { pageMetadata } from "../../../../_parts/page-metadata.ts";
import { Postmortem } from "../../../../_parts/postmortem.tsx";
import type { View } from "../../../../_parts/view.ts";
import { loadView } from "../../../../_parts/view.ts";

type Props = { params: Promise<{ language: string; id: string }> };

const ROLE_OF_IMPACT = {
  none: ROLE_OF.operational,
  minor: ROLE_OF.degraded_performance,
  major: ROLE_OF.partial_outage,
  critical: ROLE_OF.major_outage,
} as const;

const loadIncident = async (params: Props["params"]): Promise<{ view: View; incident: SnapshotIncident }> => {
  const view = await loadView(params);
  const { id } = await params;
  const incident = await loadIncidentOf(view, id);
  if (incident === null) notFound();
  return { view, incident };
};

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const { view, incident } = await loadIncident(params);
  const newest = incident.updates[0];
  const status = view.format.words.incidentStates[incident.status];
  const said = newest === undefined ? "" : textOf(newest, view.language).plain.slice(0, 200);
  return pageMetadata(view, `/incidents/${incident.id}`, {
    title: `${nameOf(incident, view.language)} · ${view.snapshot.page.name} ${view.format.words.status}`,
    description: `${status}. ${said}`,
  });
};

/** From and until, with the day only where it is needed. */
const Times = ({ incident, view }: { incident: SnapshotIncident; view: View }) => {
  const { format } = view;
  const { startedAt, resolvedAt } = incident;
  const from = <Instant at={startedAt} view={view} />;
  if (resolvedAt === null) return <Fill text={format.words.openSince} time={from} />;
  const isOneDay = format.day(startedAt, view.now) === format.day(resolvedAt, view.now);
  const until = (
    <time dateTime={resolvedAt}>{isOneDay ? format.time(resolvedAt) : format.when(resolvedAt, view.now)}</time>
  );
  return <Fill text={format.words.incident.range} from={from} until={until} />;
};

/** The incidents before and after this one. */
const Neighbours = ({ incident, view }: { incident: SnapshotIncident; view: View }) => {
  const { incident: words } = view.format.words;
  const { earlier, later } = incidentsBeside(view.snapshot, incident.id);
  const links = [
    { other: earlier, text: words.earlier },
    { other: later, text: words.later },
  ];
  return (
    <p className="onward">
      {links.map(({ other, text }) =>
        other === null ? null : (
          <a key={other.id} href={incidentAddress(other, view)}>
            {text.replace("{name}", nameOf(other, view.language))}
          </a>
        ),
      )}
    </p>
  );
};

/** One incident: its facts, how services were, what was said, and what was learnt. */
const IncidentPage = async ({ params }: Props) => {
  const { view, incident } = await loadIncident(params);
  const { words } = view.format;
  const role = isOpen(incident) ? ROLE_OF_IMPACT[incident.impact] : "ok";
  const say = (
    <>
      <Up view={view} path="/incidents" name={words.incident.title} />
      <h1>{nameOf(incident, view.language)}</h1>
      <p className="meta">
        <StateMark role={role} word={words.incidentStates[isOpen(incident) ? incident.status : "resolved"]} /> ·{" "}
        <Times incident={incident} view={view} />
      </p>
    </>
  );
  return (
    <Frame view={view} role={isOpen(incident) ? role : null} say={say}>
      <IncidentFacts incident={incident} view={view} />
      <section aria-labelledby="updates">
        <h2 id="updates">{words.incident.updates}</h2>
        <Timeline updates={incident.updates.filter(({ status }) => status !== "postmortem")} view={view} />
      </section>
      <ImpactSection incident={incident} view={view} />
      <Postmortem incident={incident} view={view} />
      <Neighbours incident={incident} view={view} />
    </Frame>
  );
};
export default IncidentPage;
