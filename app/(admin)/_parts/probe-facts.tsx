import type { MetricsResource, MetricsTotals } from "#lib/contracts/metrics.ts";
import { Fill } from "../../_parts/fill.tsx";
import { figure, figureOf, resource } from "./figure.tsx";
import { metricsPath, tookText } from "./red-marks.ts";
import type { AdminView } from "./view.ts";

type Props = {
  /** One location was asked for. */
  readonly isOne: boolean;
  readonly view: AdminView;
  readonly metrics: MetricsResource;
  readonly totals: MetricsTotals;
};

const factsOf = ({ format, words }: AdminView, totals: MetricsTotals) => {
  const { figures, noData } = words.probes;
  const { total, expected, errors, errorRatio, durationMs } = totals;
  const count = (at: keyof MetricsTotals, value: number) => figureOf("count", `/totals/${at}`, format.integer(value));
  return [
    {
      name: figures.runs,
      mark: figure("count", "/totals/total"),
      value: format.integer(total),
      about: <Fill text={figures.ofExpected} count={count("expected", expected)} />,
      isBad: false,
    },
    {
      name: figures.errors,
      mark: figure("finerShare", "/totals/errorRatio"),
      value: errorRatio === null ? noData : format.percent(errorRatio, 3),
      about: <Fill text={figures.errorsOf} errors={count("errors", errors)} runs={count("total", total)} />,
      isBad: errors > 0,
    },
    ...(["p50", "p95", "p99"] as const).map((name) => ({
      name: figures[name],
      mark: figure("took", `/totals/durationMs/${name}`),
      value: durationMs[name] === null ? noData : tookText(durationMs[name], format),
      about: figures.good,
      isBad: false,
    })),
  ];
};

/** The five figures of the range, each with its neighbour. */
export const ProbeFacts = ({ isOne, view, metrics, totals }: Props) => {
  return (
    <dl className="facts" {...resource(metricsPath(metrics, isOne))}>
      {factsOf(view, totals).map(({ name, mark, value, about, isBad }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className={isBad ? "major" : undefined}>
            <span {...mark}>{value}</span> <small>{about}</small>
          </dd>
        </div>
      ))}
    </dl>
  );
};
