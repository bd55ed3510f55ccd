import type { Metadata } from "next";
import { notFound } from "next/navigation";
import type { SnapshotService } from "#lib/contracts/snapshot.ts";
import { Fill } from "../../../../../_parts/fill.tsx";
import { Glyph } from "../../../../../_parts/glyph.tsx";
import { isOpen } from "../../../../../_view/heading.ts";
import { ROLE_OF } from "../../../../../_view/state-looks.ts";
import { DayTable } from "../../../../_parts/day-table.tsx";
import { Frame, Up } from "../../../../_parts/frame.tsx";
import { OpenIncident, PastIncidents } from "../../../../_parts/incidents.tsx";
import { Instant } from "../../../../_parts/instant.tsx";
import { pageMetadata } from "../../../../_parts/page-metadata.ts";
import { ResponseChart } from "../../../../_parts/response-chart.tsx";
import { SloTable } from "../../../../_parts/slo-table.tsx";
import type { View } from "../../../../_parts/view.ts";
import { loadView } from "../../../../_parts/view.ts";
import { Why } from "../../../../_parts/why.tsx";

type Props = { params: Promise<{ language: string; id: string }> };

const loadService = async (params: Props["params"]): Promise<{ view: View; service: SnapshotService }> => {
  const view = await loadView(params);
  const { id } = await params;
  const service = view.snapshot.services.find((one) => one.id === id);
  if (service === undefined) notFound();
  return { view, service };
};

const stateWord = ({ hasData, published }: SnapshotService, view: View): string =>
  hasData ? view.format.words.states[published] : view.format.words.waiting;

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const { view, service } = await loadService(params);
  return pageMetadata(view, `/services/${service.id}`, {
    title: `${service.name}: ${stateWord(service, view).toLocaleLowerCase(view.language)} · ${view.snapshot.page.name}`,
    description: service.description ?? `${service.name}: ${stateWord(service, view)}`,
  });
};

/** One service: its state and since when, the numbers behind it, objectives, days, response time and incidents. */
const ServicePage = async ({ params }: Props) => {
  const { view, service } = await loadService(params);
  const { format } = view;
  const role = service.hasData ? ROLE_OF[service.published] : "none";
  const incidents = view.snapshot.incidents.filter(({ serviceIds }) => serviceIds.includes(service.id));
  const say = (
    <>
      <Up view={view} path="/" name={`${view.snapshot.page.name} ${format.words.status}`} />
      <h1>
        <Glyph role={role} />
        <span>{service.name}</span>
      </h1>
      <p>
        {service.hasData ? (
          <Fill
            text={format.words.service.since}
            state={stateWord(service, view)}
            time={<Instant at={service.updatedAt} view={view} />}
          />
        ) : (
          `${format.words.waiting}. ${format.words.note.waiting}`
        )}
        {service.description === null ? null : ` ${service.description}`}
      </p>
    </>
  );
  return (
    <Frame view={view} role={role} say={say}>
      {incidents.filter(isOpen).map((incident) => (
        <OpenIncident key={incident.id} incident={incident} view={view} />
      ))}
      <section className="why" aria-labelledby="why">
        <div className="head">
          <h2 id="why">{format.words.service.whyTitle}</h2>
        </div>
        <Why service={service} view={view} />
      </section>
      <SloTable service={service} view={view} />
      <DayTable service={service} view={view} />
      <ResponseChart service={service} view={view} />
      <PastIncidents
        incidents={incidents.filter((incident) => !isOpen(incident))}
        view={view}
        title={format.words.service.incidents}
        none={format.words.service.noIncidents}
      />
    </Frame>
  );
};
export default ServicePage;
