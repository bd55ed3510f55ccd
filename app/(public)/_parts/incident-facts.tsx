import type { SnapshotIncident } from "#lib/contracts/snapshot.ts";
import { serviceAddress } from "../../_view/address.ts";
import { costPeriod, shareText, worstCost } from "../../_view/incident.ts";
import type { View } from "./view.ts";

type Props = { incident: SnapshotIncident; view: View };

const Affected = ({ incident, view }: Props) => {
  const services = view.snapshot.services.filter(({ id }) => incident.serviceIds.includes(id));
  if (services.length === 0) return null;
  return (
    <div>
      <dt>{view.format.words.incident.affected}</dt>
      <dd className="names">
        {services.map((service, index) => (
          <span key={service.id}>
            {index === 0 ? "" : ", "}
            <a className="quiet" href={serviceAddress(service, view)}>
              {service.name}
            </a>
          </span>
        ))}
      </dd>
    </div>
  );
};

const Cost = ({ incident, view }: Props) => {
  const { snapshot, format } = view;
  const cost = worstCost(incident, snapshot);
  if (cost === null) return null;
  const { cost: label, costOf } = format.words.incident;
  const service = snapshot.services.find(({ id }) => id === cost.serviceId)?.name ?? cost.serviceId;
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        {shareText(cost.share, format)}
        <small>{costOf.replace("{service}", service).replace("{period}", costPeriod(cost, format))}</small>
      </dd>
    </div>
  );
};

/** How long, what it cost, whom it touched, and how soon we said so. */
export const IncidentFacts = ({ incident, view }: Props) => {
  const { format } = view;
  const { incident: words } = format.words;
  const began = Date.parse(incident.startedAt);
  const first = incident.updates.at(-1);
  return (
    <section className="lead">
      <dl className="facts">
        <div>
          <dt>{incident.resolvedAt === null ? words.lasting : words.lasted}</dt>
          <dd>{format.span(Math.max(0, Date.parse(incident.resolvedAt ?? view.now) - began))}</dd>
        </div>
        <Cost incident={incident} view={view} />
        {first === undefined || Date.parse(first.displayAt) < began ? null : (
          <div>
            <dt>{words.firstUpdate}</dt>
            <dd>
              {format.span(Date.parse(first.displayAt) - began)}
              <small>{words.firstUpdateAfter}</small>
            </dd>
          </div>
        )}
        <Affected incident={incident} view={view} />
      </dl>
    </section>
  );
};
