import type { ReactNode } from "react";
import type { Overview, OverviewQuery } from "#lib/read/slo/overview.ts";
import { NO_TEAM, OVERVIEW_STATES } from "#lib/read/slo/overview.ts";
import { fillText } from "../../_view/format.ts";
import type { AdminView } from "./view.ts";

type Props = { overview: Overview; query: OverviewQuery; view: AdminView };

const Choice = ({
  name,
  label,
  value,
  children,
}: {
  name: string;
  label: string;
  value: string;
  children: ReactNode;
}) => (
  <label>
    {label}
    <select name={name} defaultValue={value}>
      {children}
    </select>
  </label>
);

/** The address of the overview with this query, without what is left at its default. */
export const overviewHref = (query: OverviewQuery, path = "/admin/slos"): string => {
  const parameters = new URLSearchParams();
  if (query.state !== null) parameters.set("state", query.state);
  if (query.service !== null) parameters.set("service", query.service);
  if (query.team !== null) parameters.set("team", query.team === "" ? NO_TEAM : query.team);
  if (query.text !== null) parameters.set("q", query.text);
  if (query.group !== "none") parameters.set("group", query.group);
  if (query.page > 1) parameters.set("page", String(query.page));
  const text = parameters.toString();
  return text === "" ? path : `${path}?${text}`;
};

/** Filters and grouping: a form whose address is the view. */
export const OverviewFilters = ({ overview, query, view }: Props) => {
  const { overview: words } = view.words.slos;
  const { counts } = overview;
  const number = (count: number): string => view.format.integer(count);
  return (
    <form className="filters" method="get" action="/admin/slos" role="search" aria-label={words.filters}>
      <Choice name="state" label={words.state} value={query.state ?? ""}>
        <option value="">{fillText(words.all, { count: number(counts.all) })}</option>
        {OVERVIEW_STATES.map((state) => (
          <option key={state} value={state}>
            {fillText(words.stateCount, { state: words.states[state], count: number(counts[state]) })}
          </option>
        ))}
      </Choice>
      <Choice name="service" label={words.service} value={query.service ?? ""}>
        <option value="">{view.words.frame.all}</option>
        {overview.services.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Choice>
      {overview.teams.length === 0 ? null : (
        <Choice name="team" label={words.team} value={query.team === "" ? NO_TEAM : (query.team ?? "")}>
          <option value="">{view.words.frame.all}</option>
          {overview.teams.map((team) => (
            <option key={team} value={team}>
              {team}
            </option>
          ))}
          <option value={NO_TEAM}>{words.noTeam}</option>
        </Choice>
      )}
      <Choice name="group" label={words.group} value={query.group}>
        <option value="none">{words.groups.none}</option>
        <option value="team">{words.groups.team}</option>
        <option value="service">{words.groups.service}</option>
      </Choice>
      <label>
        {words.text}
        <input type="search" name="q" maxLength={100} defaultValue={query.text ?? ""} />
      </label>
      <button type="submit">{view.words.frame.apply}</button>
    </form>
  );
};

/** Where in the list the reader is; nothing on the only page. */
export const OverviewPages = ({ overview, query, view }: Props) => {
  const { overview: words } = view.words.slos;
  const { page, pages } = overview;
  if (pages === 1) return null;
  const count = (value: number): string => view.format.integer(value);
  return (
    <nav className="pages" aria-label={words.pages}>
      {page === 1 ? null : (
        <a rel="prev" href={overviewHref({ ...query, page: page - 1 })}>
          {words.previousPage}
        </a>
      )}
      <span className="soft">{fillText(words.page, { page: count(page), pages: count(pages) })}</span>
      {page === pages ? null : (
        <a rel="next" href={overviewHref({ ...query, page: page + 1 })}>
          {words.nextPage}
        </a>
      )}
    </nav>
  );
};
