import { ERROR_SHARES } from "#lib/core/slo/feasibility.ts";
import type { Feasibility, PairFeasibility } from "#lib/read/slo/expectations.ts";
import { fillText } from "../../_view/format.ts";
import { figure, resource } from "./figure.tsx";
import { pairText } from "./slo-words.ts";
import type { AdminView } from "./view.ts";

const MINUTE_MS = 60_000;
const LEAST_CHANCE = 0.01;

const after = (minutes: number | null, { words, format }: AdminView): string => {
  const { never, atOnce } = words.sloPage.feasibility;
  return minutes === null ? never : minutes === 0 ? atOnce : format.span(Math.round(minutes * MINUTE_MS));
};

/** Alerts by chance are few: two figures say enough. */
const chance = (count: number, { words, format }: AdminView): string => {
  const write = (value: number): string =>
    new Intl.NumberFormat(format.words.locale, { maximumSignificantDigits: 2 }).format(value);
  return count < LEAST_CHANCE / 2
    ? fillText(words.sloPage.feasibility.below, { n: write(LEAST_CHANCE) })
    : write(count);
};

const Row = ({ pair, at, view }: { pair: PairFeasibility; at: number; view: AdminView }) => (
  <tr {...resource(`#/pairs/${at}`)}>
    <th scope="row">{pairText(pair.pairId, view)}</th>
    <td
      className={`number${pair.isPossible ? "" : " major"}`}
      {...(pair.isPossible ? figure("count", "/failuresNeeded") : {})}
    >
      {pair.isPossible ? view.format.integer(pair.failuresNeeded) : view.words.sloPage.feasibility.impossible}
    </td>
    {ERROR_SHARES.map((share) => (
      <td key={share} className="number" {...figure("after", `/detectionSeconds/${share}`)}>
        {after(pair.detectionMinutes[share], view)}
      </td>
    ))}
    <td className="number" {...figure("after", "/resetSeconds")}>
      {after(pair.resetMinutes, view)}
    </td>
    <td className="number" {...figure("chance", "/falseAlertsIn30d")}>
      {chance(pair.falseAlertsIn30d, view)}
    </td>
  </tr>
);

type Props = { id: string; feasibility: Feasibility | null; view: AdminView };

/** What the alerts can and cannot do, before any data; nothing for events that do not come from probes. */
export const FeasibilitySection = ({ id, feasibility, view }: Props) => {
  const words = view.words.sloPage.feasibility;
  const { format } = view;
  if (feasibility === null) return null;
  const columns = [words.needed, ...ERROR_SHARES.map((share) => format.percentText(share)), words.over, words.chance];
  return (
    <section aria-labelledby="feasibility">
      <div className="head">
        <h2 id="feasibility">{words.title}</h2>
        <p className="soft">
          {words.note} · <a href={`/admin/slos/${id}/feasibility.csv`}>{view.words.frame.csv}</a>
        </p>
      </div>
      <div
        className="scroll"
        tabIndex={0}
        role="group"
        aria-label={words.title}
        {...resource(`/v1/slos/${id}/feasibility`)}
      >
        <table className="pairs">
          <thead>
            <tr>
              <th scope="col">{view.words.sloPage.alerts.pair}</th>
              {columns.map((column) => (
                <th scope="col" className="number" key={column}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {feasibility.pairs.map((pair, at) => (
              <Row key={pair.pairId} pair={pair} at={at} view={view} />
            ))}
          </tbody>
        </table>
      </div>
      <p className="soft small">
        {fillText(words.foot, { count: format.integer(Math.round(1 / feasibility.flakeRate)) })}
      </p>
    </section>
  );
};
