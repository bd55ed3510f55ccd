import type { MetricsResource } from "#lib/contracts/metrics.ts";
import type { RedTotals } from "#lib/read/probe-dashboard.ts";
import { fillText } from "../../_view/format.ts";
import { tookText } from "./red-marks.ts";
import type { AdminView } from "./view.ts";

/** The five figures of the range, each with its neighbour. */
export const ProbeFacts = ({
  view,
  metrics,
  totals,
}: {
  view: AdminView;
  metrics: MetricsResource;
  totals: RedTotals;
}) => {
  const { format, words } = view;
  const { figures, noData } = words.probes;
  const { runs, errors, errorRatio } = totals;
  const expected = metrics.points.reduce((sum, point) => sum + point.expected, 0);
  const facts = [
    {
      name: figures.runs,
      value: format.integer(runs),
      about: fillText(figures.ofExpected, { count: format.integer(expected) }),
      isBad: false,
    },
    {
      name: figures.errors,
      value: errorRatio === null ? noData : format.percent(errorRatio, 3),
      about: fillText(figures.errorsOf, { errors: format.integer(errors), runs: format.integer(runs) }),
      isBad: errors > 0,
    },
    ...(["p50", "p95", "p99"] as const).map((name) => ({
      name: figures[name],
      value: totals[name] === null ? noData : tookText(totals[name], format),
      about: figures.good,
      isBad: false,
    })),
  ];
  return (
    <dl className="facts">
      {facts.map(({ name, value, about, isBad }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className={isBad ? "major" : undefined}>
            {value} <small>{about}</small>
          </dd>
        </div>
      ))}
    </dl>
  );
};
