import type { Feasibility, PairFeasibility } from "#lib/read/slo-expectations.ts";
import type { Format } from "../../_view/format.ts";
import { pairWords, severityWord } from "./slo-words.ts";

const MINUTE_MS = 60_000;
const SHARES = ["100", "50", "5", "1", "0.1"] as const;

const after = (minutes: number | null, format: Format): string =>
  minutes === null ? "never" : minutes === 0 ? "at once" : format.span(Math.round(minutes * MINUTE_MS));

/** Alerts by chance are few: two figures say enough. */
const chance = (count: number): string => (count < 0.005 ? "below 0.01" : count.toPrecision(2));

const Row = ({ pair, format }: { pair: PairFeasibility; format: Format }) => (
  <tr>
    <th scope="row">{`${severityWord[pair.severity]}, ${pairWords(pair.pairId)}`}</th>
    <td className={`number${pair.isPossible ? "" : " major"}`}>
      {pair.isPossible ? format.integer(pair.failuresNeeded) : "impossible"}
    </td>
    {SHARES.map((share) => (
      <td key={share} className="number">
        {after(pair.detectionMinutes[share], format)}
      </td>
    ))}
    <td className="number">{after(pair.resetMinutes, format)}</td>
    <td className="number">{chance(pair.falseAlertsIn30d)}</td>
  </tr>
);

/** What the alerts can and cannot do, before any data; nothing for events that do not come from probes. */
export const FeasibilitySection = ({ feasibility, format }: { feasibility: Feasibility | null; format: Format }) =>
  feasibility === null ? null : (
    <section aria-labelledby="feasibility">
      <div className="head">
        <h2 id="feasibility">What the alerts can do</h2>
        <p className="soft">time from the first failure, by share of failing checks</p>
      </div>
      <div className="scroll" tabIndex={0} role="group" aria-label="What the alerts can do">
        <table className="pairs">
          <thead>
            <tr>
              <th scope="col">Pair</th>
              <th scope="col" className="number">
                Failures needed
              </th>
              {SHARES.map((share) => (
                <th key={share} scope="col" className="number">
                  {format.percentText(share)}
                </th>
              ))}
              <th scope="col" className="number">
                Over after
              </th>
              <th scope="col" className="number">
                By chance in 30 days
              </th>
            </tr>
          </thead>
          <tbody>
            {feasibility.pairs.map((pair) => (
              <Row key={pair.pairId} pair={pair} format={format} />
            ))}
          </tbody>
        </table>
      </div>
      <p className="soft small">
        {`In full, otherwise healthy windows. By chance: if one run of ${format.integer(Math.round(1 / feasibility.flakeRate))} fails by itself.`}
      </p>
    </section>
  );
