import type { SnapshotIncident, SnapshotIncidentUpdate } from "#lib/contracts/snapshot.ts";
import { Fill } from "../../_parts/fill.tsx";
import { incidentAddress } from "../../_view/address.ts";
import { costSentence, nameOf, serviceNames, textOf, worstCost } from "../../_view/incident.ts";
import { Instant } from "./instant.tsx";
import { SafeHtml } from "./safe-html.tsx";
import type { View } from "./view.ts";

type Props = { incident: SnapshotIncident; view: View };

/** "Checkout: major outage": the states that the newest update gave to the services. */
const affected = ({ incident, view }: Props): string => {
  const { words, list } = view.format;
  const newest = incident.updates.find((update) => update.affected.length > 0);
  const names = new Map(view.snapshot.services.map(({ id, name }) => [id, name]));
  const stateOf = new Map(newest?.affected.map(({ serviceId, newState }) => [serviceId, newState]));
  return list(
    incident.serviceIds.flatMap((id) => {
      const name = names.get(id);
      const state = stateOf.get(id);
      if (name === undefined) return [];
      return [state === undefined ? name : `${name}: ${words.states[state].toLocaleLowerCase(view.language)}`];
    }),
  );
};

const Update = ({ update, view }: { update: SnapshotIncidentUpdate; view: View }) => {
  const { plain, html } = textOf(update, view.language);
  const status = `${view.format.words.incidentStates[update.status]}.`;
  return (
    <li>
      <Instant at={update.displayAt} view={view} />
      {html === null ? (
        <p>
          <strong>{status}</strong> {plain}
        </p>
      ) : (
        <div>
          <strong>{status}</strong> <SafeHtml html={html} />
        </div>
      )}
    </li>
  );
};

/** Updates on a line of time, newest first. */
export const Timeline = ({ updates, view }: { updates: readonly SnapshotIncidentUpdate[]; view: View }) => (
  <ol className="time">
    {updates.map((update) => (
      <Update key={update.id} update={update} view={view} />
    ))}
  </ol>
);

/** An open incident with its updates. */
export const OpenIncident = ({ incident, view }: Props) => {
  const { words } = view.format;
  const id = `incident-${incident.id}`;
  const names = affected({ incident, view });
  return (
    <section className="incident" aria-labelledby={id}>
      <h2 id={id}>
        <a className="quiet" href={incidentAddress(incident, view)}>
          {nameOf(incident, view.language)}
        </a>
      </h2>
      <p className="meta">
        <Fill text={words.openSince} time={<Instant at={incident.startedAt} view={view} />} />
        {names === "" ? null : ` · ${names}`}
      </p>
      <Timeline updates={incident.updates} view={view} />
    </section>
  );
};

/** The beginning of what was said last, for lists: one paragraph of plain text. */
const lastWord = (incident: SnapshotIncident, view: View): string => {
  const update = incident.updates.find(({ status }) => status !== "postmortem") ?? incident.updates[0];
  if (update === undefined) return "";
  const [first = ""] = textOf(update, view.language).plain.split(/\n{2,}/);
  return `${view.format.words.incidentStates[update.status]}. ${first}`;
};

const Entry = ({ incident, view }: Props) => {
  const { format } = view;
  const end = incident.resolvedAt ?? view.now;
  const cost = worstCost(incident, view.snapshot);
  const names = serviceNames(incident.serviceIds, view.snapshot);
  return (
    <li>
      <p>
        <Fill
          text={format.words.past.lasted}
          date={<time dateTime={incident.startedAt}>{format.day(incident.startedAt, view.now)}</time>}
          duration={format.span(Math.max(0, Date.parse(end) - Date.parse(incident.startedAt)))}
        />
      </p>
      <div>
        <h3>
          <a className="quiet" href={incidentAddress(incident, view)}>
            {nameOf(incident, view.language)}
          </a>
        </h3>
        <p>{lastWord(incident, view)}</p>
        {names.length === 0 && cost === null ? null : (
          <p className="soft small">
            {names.join(", ")}
            {cost === null ? null : <> · {costSentence(cost, view.snapshot, format)}</>}
          </p>
        )}
      </div>
    </li>
  );
};

/** Incidents as a list: when, how long, the last word on each, and what it cost. */
export const IncidentList = ({ incidents, view }: { incidents: readonly SnapshotIncident[]; view: View }) => (
  <ul className="things">
    {incidents.map((incident) => (
      <Entry key={incident.id} incident={incident} view={view} />
    ))}
  </ul>
);

/** What happened before, with a title and perhaps a link to all of it. */
export const PastIncidents = (props: {
  incidents: readonly SnapshotIncident[];
  view: View;
  title: string;
  none: string;
  more?: { href: string; text: string };
}) => {
  const { incidents, view, title, none, more } = props;
  return (
    <section aria-labelledby="past">
      <div className="head">
        <h2 id="past">{title}</h2>
        {more === undefined ? null : <a href={more.href}>{more.text}</a>}
      </div>
      {incidents.length === 0 ? <p className="soft">{none}</p> : <IncidentList incidents={incidents} view={view} />}
    </section>
  );
};
