import type { ReactNode } from "react";
import type { SnapshotService } from "#lib/contracts/snapshot.ts";
import { Fill } from "../../_parts/fill.tsx";
import { StateMark } from "../../_parts/glyph.tsx";
import { serviceAddress } from "../../_view/address.ts";
import { isOpen } from "../../_view/heading.ts";
import { calmRange, linePath } from "../../_view/line-path.ts";
import { mainSlo, promisesSpeed, sloLine, worstBurn } from "../../_view/slo-line.ts";
import { ROLE_OF } from "../../_view/state-looks.ts";
import { BurnLine } from "./burn-line.tsx";
import { DayBars } from "./day-bars.tsx";
import { Instant } from "./instant.tsx";
import type { View } from "./view.ts";
import { WhyDisclosure } from "./why.tsx";

type Props = { service: SnapshotService; view: View };

const factsBehind = (service: SnapshotService, view: View): ReactNode => {
  const { note, states } = view.format.words;
  const { published, measured, why } = service;
  if (!service.hasData) return note.waiting;
  if (published === "unknown")
    return <Fill text={note.unknownSince} time={<Instant at={service.updatedAt} view={view} />} />;
  if (published === "under_maintenance")
    return note.behindMaintenance.replace("{state}", states[measured].toLocaleLowerCase(view.language));
  if (measured === "operational" || measured === "unknown" || why.badSlots === 0) return null;
  const { integer } = view.format;
  const facts = promisesSpeed(service) ? note.slowChecks : note.failedChecks;
  return facts.replace("{bad}", integer(why.badSlots)).replace("{decided}", integer(why.decidedSlots));
};

/** What a reader should know beside the state's word; nothing on a good day. */
const Note = ({ service, view }: Props) => {
  const incident = view.snapshot.incidents.find((one) => isOpen(one) && one.serviceIds.includes(service.id));
  const facts = factsBehind(service, view);
  const hasBurn = worstBurn(service) !== null;
  if (facts === null && incident === undefined && !hasBurn) return null;
  return (
    <p className="note">
      {facts}{" "}
      {incident === undefined ? null : (
        <>
          <a href={`#incident-${incident.id}`}>{view.format.words.note.seeIncident}</a>.{" "}
        </>
      )}
      <BurnLine service={service} view={view} />
    </p>
  );
};

const SPARK = { left: 0, top: 2, width: 94, height: 14 };

const ResponseTime = ({ service, view }: Props) => {
  const range = calmRange(service.latencyMs);
  const { response } = view.format.words;
  if (range === null) return null;
  return (
    <span className="response">
      <svg viewBox="0 0 94 18" aria-hidden="true">
        <path d={linePath(service.latencyMs, range, SPARK)} />
      </svg>
      <span>
        <span className="hidden">{`${response.label} `}</span>
        {service.latencyNowMs === null ? response.noAnswer : view.format.response(service.latencyNowMs)}
      </span>
    </span>
  );
};

const Objective = ({ service, view }: Props) => {
  const slo = mainSlo(service);
  if (slo === null) return <span>{view.format.words.slo.none}</span>;
  const line = sloLine(slo, view.format);
  if (line.figure === "") return <span>{line.over}</span>;
  const [before, after] = line.over.split("{percent}");
  return (
    <>
      <span>
        {before}
        <b>{line.figure}</b>
        {after}
      </span>
      <span className="beside">{line.beside}</span>
    </>
  );
};

type Heading = "h4" | "h5" | "h6";

/** A service on the first page: state, what to know, ninety days, objective and response time; why, one click away. */
export const ServiceRow = ({ service, view, level: Title }: Props & { level: Heading }) => (
  <li className="service">
    <div className="row">
      <Title>
        <a className="quiet" href={serviceAddress(service, view)}>
          {service.name}
        </a>
      </Title>
      {service.hasData ? (
        <StateMark role={ROLE_OF[service.published]} word={view.format.words.states[service.published]} />
      ) : (
        <StateMark role="none" word={view.format.words.waiting} />
      )}
    </div>
    <Note service={service} view={view} />
    <DayBars days={service.days} view={view} />
    <div className="row figures">
      <Objective service={service} view={view} />
      <ResponseTime service={service} view={view} />
      <WhyDisclosure service={service} view={view} />
    </div>
  </li>
);
