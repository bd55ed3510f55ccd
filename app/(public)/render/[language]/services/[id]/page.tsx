import type { Metadata } from "next";
import { notFound } from "next/navigation";
import type { SnapshotService } from "#lib/contracts/snapshot.ts";
import { Fill } from "../../../../../_parts/fill.tsx";
import { Glyph } from "../../../../../_parts/glyph.tsx";
import { isOpen } from "../../../../../_view/heading.ts";
import { promisesSpeed } from "../../../../../_view/slo-line.ts";
import { ROLE_OF } from "../../../../../_view/state-looks.ts";
import { DayTable } from "../../../../_parts/day-table.tsx";
import { Frame } from "../../../../_parts/frame.tsx";
import { OpenIncident, PastIncidents } from "../../../../_parts/incidents.tsx";
import { Instant } from "../../../../_parts/instant.tsx";
import { ResponseChart } from "../../../../_parts/response-chart.tsx";
import { BurnLine } from "../../../../_parts/service-row.tsx";
import { SloTable } from "../../../../_parts/slo-table.tsx";
import type { View } from "../../../../_parts/view.ts";
import { loadView } from "../../../../_parts/view.ts";

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
  return {
    title: `${service.name}: ${stateWord(service, view).toLocaleLowerCase(view.language)} · ${view.snapshot.page.name}`,
    description: service.description ?? `${service.name}: ${stateWord(service, view)}`,
  };
};

/** The numbers behind the state, and the rule that turns them into a word. */
const Why = ({ service, view }: { service: SnapshotService; view: View }) => {
  const { format, language } = view;
  const { service: words, states } = format.words;
  const { why } = service;
  const numbers = (promisesSpeed(service) ? words.whySlow : words.whyNumbers)
    .replace("{window}", format.span(why.windowSeconds * 1_000))
    .replace("{decided}", format.integer(why.decidedSlots))
    .replace("{expected}", format.integer(why.expectedSlots))
    .replace("{bad}", format.integer(why.badSlots));
  const dissent = why.dissentingLocations;
  const silent = why.locationsWithoutData ?? [];
  return (
    <section className="why" aria-labelledby="why">
      <div className="head">
        <h2 id="why">{words.whyTitle}</h2>
      </div>
      <p>
        {why.expectedSlots === 0 ? words.whyNone : numbers}{" "}
        {dissent.length === 0
          ? null
          : format.plural(dissent.length, words.dissent).replace("{names}", format.list(dissent))}{" "}
        {silent.length === 0 ? null : words.noDataFrom.replace("{names}", format.list(silent))}{" "}
        <BurnLine service={service} view={view} />
      </p>
      {service.measured === service.published ? null : (
        <p>{words.published.replace("{state}", states[service.measured].toLocaleLowerCase(language))}</p>
      )}
      <p className="soft small">{words.rule}</p>
    </section>
  );
};

/** One service: its state and since when, the numbers behind it, objectives, days, response time and incidents. */
const ServicePage = async ({ params }: Props) => {
  const { view, service } = await loadService(params);
  const { format } = view;
  const role = service.hasData ? ROLE_OF[service.published] : "none";
  const incidents = view.snapshot.incidents.filter(({ serviceIds }) => serviceIds.includes(service.id));
  const home = view.language === view.snapshot.page.languages[0] ? "/" : `/?lang=${view.language}`;
  const say = (
    <>
      <p className="up">
        <a href={home}>{`${view.snapshot.page.name} ${format.words.status}`}</a>
      </p>
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
      <Why service={service} view={view} />
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
