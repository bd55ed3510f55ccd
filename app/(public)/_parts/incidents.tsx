import type { SnapshotIncident } from "#lib/contracts/snapshot.ts";
import { Fill } from "../../_parts/fill.tsx";
import { Instant } from "./instant.tsx";
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

/** An open incident with its updates on a line of time, newest first. */
export const OpenIncident = ({ incident, view }: Props) => {
  const { words } = view.format;
  const id = `incident-${incident.id}`;
  const names = affected({ incident, view });
  return (
    <section className="incident" aria-labelledby={id}>
      <h2 id={id}>{incident.name}</h2>
      <p className="meta">
        <Fill text={words.openSince} time={<Instant at={incident.startedAt} view={view} />} />
        {names === "" ? null : ` · ${names}`}
      </p>
      <ol className="time">
        {incident.updates.map((update) => (
          <li key={update.id}>
            <Instant at={update.displayAt} view={view} />
            <p>
              <strong>{`${words.incidentStates[update.status]}.`}</strong> {update.body}
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
};

/** What happened before: when, how long, and the last word on it. */
export const PastIncidents = (props: {
  incidents: readonly SnapshotIncident[];
  view: View;
  title: string;
  none: string;
}) => {
  const { incidents, view, title, none } = props;
  const { format } = view;
  return (
    <section aria-labelledby="past">
      <h2 id="past">{title}</h2>
      {incidents.length === 0 ? <p className="soft">{none}</p> : null}
      <ul className="things">
        {incidents.map((incident) => {
          const end = incident.resolvedAt ?? incident.updatedAt;
          const update = incident.updates[0];
          return (
            <li key={incident.id}>
              <p>
                <Fill
                  text={format.words.past.lasted}
                  date={<time dateTime={incident.startedAt}>{format.day(incident.startedAt, view.now)}</time>}
                  duration={format.span(Date.parse(end) - Date.parse(incident.startedAt))}
                />
              </p>
              <div>
                <h3>{incident.name}</h3>
                {update === undefined ? null : <p>{`${format.words.incidentStates[update.status]}. ${update.body}`}</p>}
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
};
