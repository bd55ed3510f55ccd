import type { IncidentResource } from "#lib/contracts/incidents.ts";
import { plainText } from "#lib/contracts/markdown.ts";
import { StateMark } from "../../_parts/glyph.tsx";
import { fillText } from "../../_view/format.ts";
import type { Named } from "./desk-words.ts";
import { courseWord, nameIn, publicationWord, standingRole, standingWord, titleOf } from "./desk-words.ts";
import type { AdminView } from "./view.ts";

type Props = { view: AdminView; services: readonly Named[]; incidents: readonly IncidentResource[] };

const Row = ({ view, services, incident }: Omit<Props, "incidents"> & { incident: IncidentResource }) => (
  <li className="incident">
    <StateMark role={standingRole(incident)} word={standingWord(incident, view)} />
    <a className="name" href={`/admin/incidents/${incident.id}`}>
      {titleOf(incident, view)}
    </a>
    <p className="small soft">
      {[
        ...(incident.publication === "published" ? [] : [publicationWord(incident, view)]),
        view.format.list(incident.serviceIds.map((id) => nameIn(services, id))),
        courseWord(incident, view),
      ].join(" · ")}
    </p>
    {incident.asksToResolve ? (
      <p className="small">
        <b>{view.words.desk.asks}</b> {view.words.desk.asksText}
      </p>
    ) : null}
  </li>
);

/** Incidents as lines that a thumb can hit. */
export const IncidentRows = ({ incidents, ...rest }: Props) => (
  <ul className="incidents">
    {incidents.map((incident) => (
      <Row key={incident.id} incident={incident} {...rest} />
    ))}
  </ul>
);

const EXCERPT = 120;

/** What is said by itself later, soonest first. */
export const PlannedUpdates = ({ view, incidents }: Omit<Props, "services">) => {
  const planned = incidents
    .flatMap((incident) => incident.updates.map((update) => ({ incident, update })))
    .filter(({ update, incident }) => update.publishAt !== null && incident.publication === "published")
    .sort((a, b) => ((a.update.publishAt ?? "") < (b.update.publishAt ?? "") ? -1 : 1));
  if (planned.length === 0) return null;
  const { words, format, today } = view;
  return (
    <section aria-labelledby="planned">
      <h2 id="planned">{words.desk.planned}</h2>
      <ul className="incidents">
        {planned.map(({ incident, update }) => (
          <li className="incident" key={update.id}>
            <a className="name" href={`/admin/incidents/${incident.id}`}>
              {titleOf(incident, view)}
            </a>
            <p className="small soft">
              {[
                fillText(words.desk.plannedFor, { time: format.when(update.publishAt ?? "", today) }),
                format.words.incidentStates[update.status],
                plainText(update.body).slice(0, EXCERPT),
              ].join(" · ")}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
};
