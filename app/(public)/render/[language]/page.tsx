import type { Metadata } from "next";
import { Glyph } from "../../../_parts/glyph.tsx";
import { groupedServices, headingOf, isOpen } from "../../../_view/heading.ts";
import { DayKey, DaysSpan } from "../../_parts/day-bars.tsx";
import { Frame } from "../../_parts/frame.tsx";
import { OpenIncident, PastIncidents } from "../../_parts/incidents.tsx";
import { ServiceRow } from "../../_parts/service-row.tsx";
import type { View } from "../../_parts/view.ts";
import { loadView } from "../../_parts/view.ts";

type Props = { params: Promise<{ language: string }> };
const PAST_SHOWN = 5;

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const { snapshot, format } = await loadView(params);
  const { title, text } = headingOf(snapshot, format);
  return {
    title: `${title.replace(/[.。]$/, "")} · ${snapshot.page.name} ${format.words.status}`,
    description: text,
  };
};

const Services = ({ view }: { view: View }) => {
  const { words } = view.format;
  const groups = groupedServices(view.snapshot);
  if (groups.length === 0) return null;
  const isGrouped = groups.some(({ name }) => name !== null);
  return (
    <section aria-labelledby="services">
      <div className="head">
        <h2 id="services">{words.services}</h2>
        <DaysSpan view={view} />
      </div>
      <DayKey view={view} />
      {groups.map(({ id, name, services }) => (
        <div className="group" key={id ?? ""}>
          <h3 className={isGrouped ? undefined : "hidden"}>{name ?? words.otherServices}</h3>
          <ul>
            {services.map((service) => (
              <ServiceRow key={service.id} service={service} view={view} />
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
};

/** The first page: what is wrong now, in one sentence; open incidents; every service; what happened before. */
const HomePage = async ({ params }: Props) => {
  const view = await loadView(params);
  const { snapshot, format } = view;
  const { role, title, text } = headingOf(snapshot, format);
  const past = snapshot.incidents.filter((incident) => !isOpen(incident)).slice(0, PAST_SHOWN);
  const say = (
    <>
      <h1>
        <Glyph role={role} />
        <span>{title}</span>
      </h1>
      {text === "" ? null : <p>{text}</p>}
    </>
  );
  return (
    <Frame view={view} role={role} say={say}>
      {snapshot.incidents.filter(isOpen).map((incident) => (
        <OpenIncident key={incident.id} incident={incident} view={view} />
      ))}
      <Services view={view} />
      <PastIncidents incidents={past} view={view} title={format.words.past.title} none={format.words.past.none} />
    </Frame>
  );
};
export default HomePage;
