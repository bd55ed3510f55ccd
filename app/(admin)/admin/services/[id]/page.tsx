import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { loadServiceDashboard } from "#lib/read/service-dashboard.ts";
import { StateMark } from "../../../../_parts/glyph.tsx";
import { fillText } from "../../../../_view/format.ts";
import { ROLE_OF } from "../../../../_view/state-looks.ts";
import { AdminFrame } from "../../../_parts/admin-frame.tsx";
import { DependencySection, InhibitedSection } from "../../../_parts/dependency-section.tsx";
import { JourneySteps } from "../../../_parts/journey-steps.tsx";
import { ServiceHistory } from "../../../_parts/service-history.tsx";
import { ServiceProbes, ServiceSlos } from "../../../_parts/service-probes.tsx";
import type { SearchParams } from "../../../_parts/view.ts";
import { adminView } from "../../../_parts/view.ts";
import "../../../_styles/probes.css";

type Props = { params: Promise<{ id: string }>; searchParams: Promise<SearchParams> };

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => ({ title: (await params).id });

/** One service: its probes and promises, what it hangs on and what hangs on it, its journeys, and its past. */
const ServicePage = async ({ params, searchParams }: Props) => {
  const view = await adminView(await searchParams);
  const { format, words, today } = view;
  const text = words.services;
  const dashboard = await loadServiceDashboard(view.cookie, (await params).id);
  if (dashboard === null) notFound();
  const { service, journeys } = dashboard;
  const { state, measuredState, stateSince, group } = service;
  const facts = [
    stateSince === null ? null : fillText(text.since, { time: format.when(stateSince, today) }),
    state === measuredState ? null : fillText(text.measured, { state: format.words.states[measuredState] }),
  ].filter((part) => part !== null);
  return (
    <AdminFrame current="services" view={view}>
      <div className="title">
        <p className="small soft">
          <a className="quiet" href="/admin/services">
            {text.title}
          </a>
          {group === null ? null : ` / ${group}`}
        </p>
        <h1>{service.name}</h1>
        {service.description === null ? null : <p>{service.description}</p>}
        <p>
          <StateMark role={ROLE_OF[state]} word={format.words.states[state]} />{" "}
          <span className="small soft">
            {facts.join(" · ")} <a href={`/services/${service.id}`}>{text.onPage}</a>
          </span>
        </p>
      </div>
      <div className="two">
        <ServiceProbes view={view} dashboard={dashboard} />
        <ServiceSlos view={view} dashboard={dashboard} />
      </div>
      {journeys.map((journey) => (
        <JourneySteps key={journey.probeId} view={view} serviceId={service.id} journey={journey} />
      ))}
      <DependencySection view={view} dashboard={dashboard} />
      <InhibitedSection view={view} dashboard={dashboard} />
      <ServiceHistory view={view} dashboard={dashboard} />
    </AdminFrame>
  );
};
export default ServicePage;
