import type { Metadata } from "next";
import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import { calendarMaintenances } from "#lib/read/maintenances.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { getWebContext } from "#lib/read/web-context.ts";
import { StateMark } from "../../../_parts/glyph.tsx";
import { fillText } from "../../../_view/format.ts";
import { spanOfMonth, withAhead } from "../../_parts/calendar-ahead.ts";
import { monthOf, nearest } from "../../_parts/calendar-days.ts";
import { CalendarMonth, WORK_ROLES } from "../../_parts/calendar-month.tsx";
import { PlanWork } from "../../_parts/calendar-plan.tsx";
import { pageServices } from "../../_parts/portal-reads.ts";
import { Area, Given, ListFile, ReadOnly, Refused, Rows, toSettings } from "../../_parts/settings-parts.tsx";
import { filtersOf, textOf } from "../../_parts/settings-query.ts";
import type { AdminView, SearchParams } from "../../_parts/view.ts";
import { adminView } from "../../_parts/view.ts";

export const generateMetadata = async (): Promise<Metadata> => ({ title: (await adminView()).words.calendar.title });

/** A page without pages: a year of weekly work is one row. */
const MOST = 500;

type Named = { readonly id: string; readonly name: string };

const cellsOf = (view: AdminView, work: MaintenanceResource, services: readonly Named[]) => {
  const { calendar } = view.words;
  const one = nearest(work);
  const { format, today } = view;
  const names = work.serviceIds.map((id) => services.find((service) => service.id === id)?.name ?? id);
  const span = (from: string, until: string) =>
    fillText(calendar.span, { from: format.when(from, today), until: format.when(until, today) });
  return [
    <a key="title" href={`/admin/maintenance/${work.id}`}>
      {work.title}
    </a>,
    <StateMark key="state" role={WORK_ROLES[work.state]} word={calendar.states[work.state]} />,
    one === undefined ? (
      "–"
    ) : (
      <time key="when" dateTime={one.startsAt}>
        {span(one.startsAt, one.endsAt)}
      </time>
    ),
    <Given key="services">{format.list(names)}</Given>,
    calendar.impacts[work.impact],
    work.rrule === null ? calendar.once : <code key="rule">{work.rrule}</code>,
  ];
};

/** Planned work as a month and as a list. */
const MaintenancePage = async ({ searchParams }: { searchParams: Promise<SearchParams> }) => {
  const search = await searchParams;
  const view = await adminView(search);
  const { calendar } = view.words;
  if (!mayDo(view.session, "maintenances:read"))
    return <Refused view={view} title={calendar.title} scope="maintenances:read" />;
  const { database, clock } = getWebContext();
  const now = clock.now();
  const tz = textOf(search, "tz");
  const month = monthOf(textOf(search, "month"), view.timeZone, now);
  const { from: since } = spanOfMonth(month);
  const [found, services] = await Promise.all([
    calendarMaintenances(database, { limit: MOST, since }, now),
    pageServices(),
  ]);
  const works = found.map((work) => withAhead(work, month, now));
  const hrefOf = (other: string) =>
    `/admin/maintenance?${new URLSearchParams(filtersOf({ month: other, tz })).toString()}`;
  return (
    <Area view={view} title={calendar.title} lead={calendar.lead} back={toSettings(view)}>
      <ReadOnly view={view} scope="maintenances:write" />
      <CalendarMonth view={view} month={month} works={works} now={now} hrefOf={hrefOf} tz={tz} />
      <p className="small soft">{view.format.zone(view.today)}</p>
      <section aria-labelledby="works">
        <h2 id="works">{calendar.list}</h2>
        <Rows
          label={calendar.list}
          empty={calendar.none}
          columns={[calendar.work, calendar.state, calendar.when, calendar.services, calendar.impact, calendar.repeats]}
          rows={found.map((work) => ({ key: work.id, cells: cellsOf(view, work, services) }))}
        />
        <ListFile view={view} href="/admin/settings/maintenance.csv" />
        {mayDo(view.session, "maintenances:write") ? <PlanWork view={view} services={services} /> : null}
      </section>
    </Area>
  );
};
export default MaintenancePage;
