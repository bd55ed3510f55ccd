import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { monthsOfHistory } from "#lib/contracts/snapshot-months.ts";
import { addressOf, serviceAddress } from "../../../../../_view/address.ts";
import { daysSentence } from "../../../../../_view/day-bars.ts";
import type { MonthFacts } from "../../../../../_view/history.ts";
import { countsText, monthCounts } from "../../../../../_view/history.ts";
import { loadMonthFacts } from "../../../../_parts/archive.ts";
import { MonthBars } from "../../../../_parts/day-bars.tsx";
import { Frame, Up } from "../../../../_parts/frame.tsx";
import { IncidentList } from "../../../../_parts/incidents.tsx";
import { MaintenanceList } from "../../../../_parts/maintenances.tsx";
import { pageMetadata } from "../../../../_parts/page-metadata.ts";
import type { View } from "../../../../_parts/view.ts";
import { loadView } from "../../../../_parts/view.ts";

type Props = { params: Promise<{ language: string; month: string }> };

const loadMonth = async (params: Props["params"]): Promise<{ view: View; month: string }> => {
  const view = await loadView(params);
  const { month } = await params;
  if (!monthsOfHistory(view.snapshot).includes(month)) notFound();
  return { view, month };
};

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const { view, month } = await loadMonth(params);
  return pageMetadata(view, `/history/${month}`, {
    title: `${view.format.month(month)} · ${view.snapshot.page.name} ${view.format.words.status}`,
    description: `${view.format.month(month)}: ${countsText(monthCounts(view.snapshot, month), view.format)}`,
  });
};

/** The services with the days of the month that are still kept. */
const Days = ({ services, view }: { services: MonthFacts["services"]; view: View }) => {
  const { history } = view.format.words;
  return (
    <section aria-labelledby="days">
      <h2 id="days">{history.servicesTitle}</h2>
      {services.length === 0 ? (
        <p className="soft">{history.noDays}</p>
      ) : (
        <ul className="month-days">
          {services.map(({ service, days }) => (
            <li key={service.id}>
              <h3>
                <a className="quiet" href={serviceAddress(service, view, "days")}>
                  {service.name}
                </a>
              </h3>
              <MonthBars days={days} />
              <p className="soft small">{daysSentence(days, view.format)}</p>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
};

const Neighbours = ({ month, view }: { month: string; view: View }) => {
  const months = monthsOfHistory(view.snapshot);
  const at = months.indexOf(month);
  const { history } = view.format.words;
  const links = [
    { other: months[at + 1], text: history.earlier },
    { other: months[at - 1], text: history.later },
  ];
  return (
    <p className="onward">
      {links.map(({ other, text }) =>
        other === undefined ? null : (
          <a key={other} href={addressOf(`/history/${other}`, view)}>
            {text.replace("{month}", view.format.month(other))}
          </a>
        ),
      )}
    </p>
  );
};

/** One month: its incidents, its planned work, and how its days were. */
const MonthPage = async ({ params }: Props) => {
  const { view, month } = await loadMonth(params);
  const { words, month: nameOfMonth } = view.format;
  const { incidents, maintenances, services } = await loadMonthFacts(view, month);
  const isQuiet = incidents.length + maintenances.length === 0;
  const say = (
    <>
      <Up view={view} path="/history" name={words.history.title} />
      <h1 className="cap">{nameOfMonth(month)}</h1>
      {isQuiet ? <p>{words.history.quiet}</p> : null}
    </>
  );
  return (
    <Frame view={view} role={null} say={say}>
      {incidents.length === 0 ? null : (
        <section aria-labelledby="incidents">
          <h2 id="incidents">{words.incident.title}</h2>
          <IncidentList incidents={incidents} view={view} />
        </section>
      )}
      {maintenances.length === 0 ? null : (
        <section aria-labelledby="maintenance">
          <h2 id="maintenance">{words.maintenance.title}</h2>
          <MaintenanceList maintenances={maintenances} view={view} isWhole />
        </section>
      )}
      <Days services={services} view={view} />
      <Neighbours month={month} view={view} />
    </Frame>
  );
};
export default MonthPage;
