import type { Metadata } from "next";
import type { Desk } from "#lib/read/incident-desk.ts";
import { loadDesk } from "#lib/read/incident-desk.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { AdminFrame } from "../../_parts/admin-frame.tsx";
import { IncidentRows, PlannedUpdates } from "../../_parts/desk-list.tsx";
import { Live } from "../../_parts/live.tsx";
import type { AdminView, SearchParams } from "../../_parts/view.ts";
import { adminLanguage, adminView } from "../../_parts/view.ts";
import { ADMIN_WORDS } from "../../_words/index.ts";

export const generateMetadata = async (): Promise<Metadata> => ({
  title: ADMIN_WORDS[await adminLanguage()].desk.title,
});

const text = (value: string | string[] | undefined): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

const headlineOf = ({ open, waiting }: Desk, { words, format }: AdminView): string => {
  const { headline } = words.desk;
  return [
    open.length === 0 ? headline.none : format.plural(open.length, headline.open),
    ...(waiting.length === 0 ? [] : [format.plural(waiting.length, headline.drafts)]),
  ].join(", ");
};

const Filter = ({ view, desk, service }: { view: AdminView; desk: Desk; service: string | undefined }) => (
  <form className="filter" action="/admin/incidents">
    <label htmlFor="filter-service">{view.words.desk.service}</label>
    <select id="filter-service" name="service" defaultValue={service ?? ""}>
      <option value="">{view.words.frame.all}</option>
      {desk.services.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
    <button type="submit">{view.words.frame.apply}</button>
  </form>
);

const Closed = ({
  view,
  desk,
  service,
  after,
}: {
  view: AdminView;
  desk: Desk;
  service: string | undefined;
  after: string | undefined;
}) => {
  const { words } = view;
  const next = desk.recent.pagination.nextCursor;
  const query = (values: Record<string, string | undefined>): string =>
    `/admin/incidents?${new URLSearchParams(Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])))}`;
  return (
    <section aria-labelledby="recent">
      <h2 id="recent">{words.desk.recent}</h2>
      {desk.recent.data.length === 0 ? (
        <p className="soft">{words.desk.nothingRecent}</p>
      ) : (
        <IncidentRows view={view} services={desk.services} incidents={desk.recent.data} />
      )}
      <p className="linkline">
        {after === undefined ? null : <a href={query({ service })}>{words.desk.newest}</a>}
        {next === null ? null : <a href={query({ service, after: next })}>{words.desk.older}</a>}
      </p>
    </section>
  );
};

/** The incident desk: what is open, what waits for a person, what is planned, and what is over. */
const IncidentsPage = async ({ searchParams }: { searchParams: Promise<SearchParams> }) => {
  const search = await searchParams;
  const view = await adminView(search);
  const { words } = view;
  const [service, after] = [text(search["service"]), text(search["after"])];
  const desk = await loadDesk(view.cookie, { service, after });
  return (
    <AdminFrame current="incidents" view={view}>
      <div className="title">
        <h1>{headlineOf(desk, view)}</h1>
        <Live view={view} />
        <p className="buttons">
          {mayDo(view.session, "incidents:write") ? (
            <a className="button main" href="/admin/incidents/new">
              {words.desk.newIncident}
            </a>
          ) : null}
          <a className="button" href="/admin/incidents/templates">
            {words.desk.templates}
          </a>
        </p>
      </div>
      <section aria-labelledby="open">
        <h2 id="open">{words.desk.open}</h2>
        {desk.open.length === 0 ? (
          <p className="soft">{words.desk.nothingOpen}</p>
        ) : (
          <IncidentRows
            view={view}
            services={desk.services}
            incidents={desk.open.toSorted((a, b) => Number(b.asksToResolve) - Number(a.asksToResolve))}
          />
        )}
      </section>
      {desk.waiting.length === 0 ? null : (
        <section aria-labelledby="waiting">
          <h2 id="waiting">{words.desk.waiting}</h2>
          <IncidentRows view={view} services={desk.services} incidents={desk.waiting} />
        </section>
      )}
      <PlannedUpdates view={view} incidents={desk.open} />
      <Closed view={view} desk={desk} service={service} after={after} />
      <Filter view={view} desk={desk} service={service} />
    </AdminFrame>
  );
};
export default IncidentsPage;
