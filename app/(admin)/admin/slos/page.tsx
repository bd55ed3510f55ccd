import type { Metadata } from "next";
import type { SloOverviewRow } from "#lib/read/slo-dashboard.ts";
import { loadSloOverview } from "#lib/read/slo-dashboard.ts";
import { StateMark } from "../../../_parts/glyph.tsx";
import type { Format } from "../../../_view/format.ts";
import { AdminFrame } from "../../_parts/admin-frame.tsx";
import { attainedText, budgetText, promise, rateText } from "../../_parts/slo-words.ts";
import { adminFormat, iso, signedInCookie } from "../../_parts/view.ts";

export const metadata: Metadata = { title: "SLOs" };

const MINUTE_MS = 60_000;

/** What fires, or how it stands when nothing does. */
const Standing = ({ row, format }: { row: SloOverviewRow; format: Format }) => {
  const worst = row.firing.find(({ severity }) => severity === "page") ?? row.firing[0];
  if (worst !== undefined) {
    const word = worst.severity === "page" ? "Page firing" : "Ticket firing";
    const at = iso(worst.firedAt);
    return (
      <>
        <StateMark
          role={worst.severity === "page" ? "major" : "degraded"}
          word={worst.hasData ? word : `${word}, no data`}
        />
        <small>
          since <time dateTime={at}>{format.when(at, iso(row.evaluatedAt ?? worst.firedAt))}</time>
        </small>
      </>
    );
  }
  if (row.reading === null || row.reading.budget.isMet === null) return <StateMark role="none" word="No data yet" />;
  return row.reading.budget.isMet ? <StateMark role="ok" word="Met" /> : <StateMark role="partial" word="Missed" />;
};

const COLUMNS = ["Attained", "Objective", "Budget left", "Burn, 1 h", "Exhausted", "Coverage"] as const;

const figuresOf = (row: SloOverviewRow, format: Format): Record<(typeof COLUMNS)[number], string> => {
  const budget = row.reading?.budget;
  const { objective } = row.definition;
  const minutes = budget?.minutesToExhaustion ?? null;
  const coverage = budget?.coverage ?? null;
  return {
    Attained: budget === undefined ? "–" : attainedText(budget.good, budget.total, objective, format),
    Objective: format.percentText(objective),
    "Budget left": budgetText(budget?.remaining ?? null, format),
    "Burn, 1 h": rateText(budget?.burnRate1h ?? null, format),
    Exhausted: minutes === null ? "–" : minutes === 0 ? "spent" : `in ${format.span(minutes * MINUTE_MS)}`,
    Coverage: coverage === null ? "–" : format.percent(coverage, 1),
  };
};

/** Phones show a row as a small block; the roles keep it a row of a table for screen readers. */
const Row = ({ row, format }: { row: SloOverviewRow; format: Format }) => {
  const figures = figuresOf(row, format);
  const isMissed = row.reading?.budget.isMet === false;
  return (
    <tr role="row">
      <th scope="row" role="rowheader">
        <a href={`/admin/slos/${row.id}`}>{row.id}</a>
        <small>{`${row.serviceName} · ${promise(row.definition, format)}`}</small>
      </th>
      <td role="cell">
        <Standing row={row} format={format} />
      </td>
      {COLUMNS.map((name) => (
        <td
          key={name}
          role="cell"
          className={`number${isMissed && name === "Budget left" ? " major" : ""}`}
          data-name={name}
        >
          {figures[name]}
        </td>
      ))}
    </tr>
  );
};

const headline = (rows: readonly SloOverviewRow[]): string => {
  const firing = rows.filter((row) => row.firing.length > 0).length;
  const missed = rows.filter((row) => row.reading?.budget.isMet === false).length;
  if (rows.length === 0) return "No SLO is configured yet.";
  const parts = [
    firing === 0 ? "Nothing fires" : `${firing} of ${rows.length} ${firing === 1 ? "fires" : "fire"}`,
    missed === 0 ? "no objective is missed" : `${missed} ${missed === 1 ? "objective is" : "objectives are"} missed`,
  ];
  return `${parts.join(", ")}.`;
};

/** All SLOs, what matters now first: firing, exhausting soonest, furthest below. */
const SlosPage = async () => {
  const cookie = await signedInCookie();
  const rows = await loadSloOverview(cookie);
  const format = adminFormat();
  const newest = Math.max(0, ...rows.map(({ evaluatedAt }) => evaluatedAt ?? 0));
  return (
    <AdminFrame current="slos">
      <div className="title">
        <h1>SLOs</h1>
        <p>{headline(rows)}</p>
        <p className="small soft">
          {newest === 0 ? (
            "Not evaluated yet: that happens at the end of the first complete minute."
          ) : (
            <>
              Complete minutes until <time dateTime={iso(newest)}>{format.time(iso(newest))}</time>,{" "}
              {format.zone(iso(newest))}
            </>
          )}
        </p>
      </div>
      {rows.length === 0 ? (
        <p className="list">
          Add <code>slos</code> to a service in the configuration file, and they appear here.
        </p>
      ) : (
        <div className="list scroll" tabIndex={0} role="group" aria-label="SLOs">
          <table role="table">
            <thead role="rowgroup">
              <tr role="row">
                <th scope="col" role="columnheader">
                  SLO
                </th>
                <th scope="col" role="columnheader">
                  Now
                </th>
                {COLUMNS.map((name) => (
                  <th scope="col" role="columnheader" className="number" key={name}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody role="rowgroup">
              {rows.map((row) => (
                <Row key={row.id} row={row} format={format} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </AdminFrame>
  );
};
export default SlosPage;
