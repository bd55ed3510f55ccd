import type { SloOverviewRow } from "#lib/read/slo/dashboard.ts";
import type { Overview } from "#lib/read/slo/overview.ts";
import type { SparkDay } from "#lib/read/slo/sparks.ts";
import { StateMark } from "../../_parts/glyph.tsx";
import { fillText } from "../../_view/format.ts";
import type { FigureKind } from "./figure.tsx";
import { figure, resource } from "./figure.tsx";
import { Spark } from "./overview-spark.tsx";
import type { Wording } from "./slo-words.ts";
import { attainedText, budgetText, coverageText, exhaustedText, promise, rateText } from "./slo-words.ts";
import type { AdminView } from "./view.ts";
import { iso } from "./view.ts";

type Sparks = ReadonlyMap<string, readonly SparkDay[]>;

/** What fires, or how it stands when nothing does. */
const Standing = ({ row, view }: { row: SloOverviewRow; view: AdminView }) => {
  const { standing } = view.words.slos;
  const worst = row.firing.find(({ severity }) => severity === "page") ?? row.firing[0];
  if (worst !== undefined) {
    const word = standing[worst.severity];
    const at = iso(worst.firedAt);
    const [before = "", after = ""] = standing.since.split("{time}");
    return (
      <>
        <StateMark
          role={worst.severity === "page" ? "major" : "degraded"}
          word={worst.hasData ? word : fillText(standing.noData, { state: word })}
        />{" "}
        <small>
          {before}
          <time dateTime={at}>{view.format.when(at, iso(row.evaluatedAt ?? worst.firedAt))}</time>
          {after}
        </small>
      </>
    );
  }
  const isMet = row.reading?.budget.isMet ?? null;
  if (isMet === null) return <StateMark role="none" word={standing.unknown} />;
  return <StateMark role={isMet ? "ok" : "partial"} word={isMet ? standing.met : standing.missed} />;
};

const COLUMNS = ["attained", "objective", "left", "burn", "exhausted", "coverage"] as const;
type Column = (typeof COLUMNS)[number];

/** Where the API has the figure of a column. */
const MARKS: Readonly<Record<Column, readonly [FigureKind, string]>> = {
  attained: ["attained", ""],
  objective: ["percent", "/objective"],
  left: ["budget", "/reading/budget/remainingRatio"],
  burn: ["rate", "/reading/burnRate"],
  exhausted: ["exhausted", "/reading/budget/exhaustedInSeconds"],
  coverage: ["share", "/reading/coverageRatio"],
};

/** The figures of a row as they are shown. */
const overviewFigures = (row: SloOverviewRow, wording: Wording): Readonly<Record<Column, string>> => {
  const budget = row.reading?.budget;
  const { objective } = row.definition;
  const { format } = wording;
  return {
    attained: budget === undefined ? "–" : attainedText(budget.good, budget.total, objective, format),
    objective: format.percentText(objective),
    left: budgetText(budget?.remaining ?? null, format),
    burn: rateText(budget?.burnRate1h ?? null, wording),
    exhausted: exhaustedText(budget?.minutesToExhaustion ?? null, wording),
    coverage: coverageText(budget?.coverage ?? null, format),
  };
};

/** Phones show a row as a small block; the roles keep it a row of a table for screen readers. */
const Row = ({ row, view, sparks }: { row: SloOverviewRow; view: AdminView; sparks: Sparks }) => {
  const { overview } = view.words.slos;
  const figures = overviewFigures(row, view);
  const isMissed = row.reading?.budget.isMet === false;
  const days = sparks.get(row.id);
  return (
    <tr role="row" {...resource(`/v1/slos/${row.id}`)}>
      <th scope="row" role="rowheader">
        <a href={`/admin/slos/${row.id}`}>{row.id}</a>
        <small>{`${row.serviceName} · ${promise(row.definition, view)}`}</small>
      </th>
      <td role="cell">
        <Standing row={row} view={view} />
      </td>
      <td role="cell" data-name={overview.spark}>
        {days === undefined ? (
          view.words.slos.nothing
        ) : (
          <Spark days={days} objective={row.definition.objective} words={overview} format={view.format} />
        )}
      </td>
      {COLUMNS.map((name) => (
        <td
          key={name}
          role="cell"
          className={`number${isMissed && name === "left" ? " major" : ""}`}
          data-name={overview.columns[name]}
          {...figure(...MARKS[name])}
        >
          {figures[name]}
        </td>
      ))}
    </tr>
  );
};

/** The table of one page of SLOs, under headings when they are grouped. */
export const OverviewTable = ({ overview, view, sparks }: { overview: Overview; view: AdminView; sparks: Sparks }) => {
  const words = view.words.slos.overview;
  return (
    <div className="list scroll" tabIndex={0} role="group" aria-label={words.table}>
      <table role="table">
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader">
              {words.slo}
            </th>
            <th scope="col" role="columnheader">
              {words.now}
            </th>
            <th scope="col" role="columnheader">
              {words.spark}
            </th>
            {COLUMNS.map((name) => (
              <th scope="col" role="columnheader" className="number" key={name}>
                {words.columns[name]}
              </th>
            ))}
          </tr>
        </thead>
        {overview.groups.map(({ name, count, rows }) => (
          <tbody role="rowgroup" key={name ?? ""}>
            {name === null ? null : (
              <tr role="row" className="group">
                <th scope="rowgroup" role="rowheader" colSpan={COLUMNS.length + 3}>
                  {name === "" ? words.noTeam : name}{" "}
                  <span className="soft">{view.format.plural(count, words.matched)}</span>
                </th>
              </tr>
            )}
            {rows.map((row) => (
              <Row key={row.id} row={row} view={view} sparks={sparks} />
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
};
