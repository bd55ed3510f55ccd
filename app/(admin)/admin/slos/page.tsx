import type { Metadata } from "next";
import { loadSloOverview } from "#lib/read/slo/dashboard.ts";
import type { Overview } from "#lib/read/slo/overview.ts";
import { overviewOf, overviewQueryOf } from "#lib/read/slo/overview.ts";
import { loadSparks } from "#lib/read/slo/sparks.ts";
import { fillText } from "../../../_view/format.ts";
import { AdminFrame } from "../../_parts/admin-frame.tsx";
import { OverviewFilters, OverviewPages, overviewHref } from "../../_parts/overview-filters.tsx";
import { OverviewTable } from "../../_parts/overview-rows.tsx";
import type { AdminView, SearchParams } from "../../_parts/view.ts";
import { adminView, iso } from "../../_parts/view.ts";
import "../../_styles/slos.css";

export const metadata: Metadata = { title: "SLOs" };

/** "1 of 5 fires, 2 objectives are missed." of all SLOs, whatever the filters. */
const headline = ({ counts }: Overview, { words, format }: AdminView, missed: number): string => {
  const { overview } = words.slos;
  if (counts.all === 0) return overview.empty;
  return fillText(overview.headline, {
    fires:
      counts.firing === 0
        ? overview.nothingFires
        : fillText(format.plural(counts.firing, overview.fires), { all: format.integer(counts.all) }),
    missed: missed === 0 ? overview.noneMissed : format.plural(missed, overview.missed),
  });
};

const AsOf = ({ newest, view }: { newest: number; view: AdminView }) => {
  const { overview } = view.words.slos;
  if (newest === 0) return <>{overview.notEvaluated}</>;
  const [before = "", after = ""] = overview.until.split("{time}");
  return (
    <>
      {before}
      <time dateTime={iso(newest)}>{view.format.time(iso(newest))}</time>
      {fillText(after, { zone: view.format.zone(iso(newest)) })}
    </>
  );
};

/** All SLOs, what matters now first: firing, exhausting soonest, furthest below. */
const SlosPage = async ({ searchParams }: { searchParams: Promise<SearchParams> }) => {
  const search = await searchParams;
  const view = await adminView(search);
  const query = overviewQueryOf(search);
  const rows = await loadSloOverview(view.cookie);
  const overview = overviewOf(rows, query);
  const sparks = await loadSparks(
    view.cookie,
    overview.groups.flatMap((group) => group.rows),
  );
  const newest = rows.reduce((most, { evaluatedAt }) => Math.max(most, evaluatedAt ?? 0), 0);
  const missed = rows.filter(({ reading }) => reading?.budget.isMet === false).length;
  const { overview: words } = view.words.slos;
  return (
    <AdminFrame current="overview" view={view}>
      <div className="title">
        <h1>{view.words.slos.title}</h1>
        <p>{headline(overview, view, missed)}</p>
        {rows.length === 0 ? null : (
          <p className="small soft">
            <AsOf newest={newest} view={view} /> ·{" "}
            <a href={overviewHref({ ...query, page: 1 }, "/admin/slos/overview.csv")}>{view.words.frame.csv}</a>
          </p>
        )}
      </div>
      {rows.length === 0 ? (
        <p className="list">{words.emptyHelp}</p>
      ) : (
        <>
          <OverviewFilters overview={overview} query={query} view={view} />
          {overview.matched === 0 ? (
            <p className="list">
              {words.noMatch} <a href="/admin/slos">{words.showAll}</a>
            </p>
          ) : (
            <OverviewTable overview={overview} view={view} sparks={sparks} />
          )}
          <OverviewPages overview={overview} query={query} view={view} />
        </>
      )}
    </AdminFrame>
  );
};
export default SlosPage;
