import type { Reading } from "#lib/core/slo/reading.ts";
import type { BurnWindowRow } from "../../_view/burn-windows.ts";
import { burnPosition, burnWindows, factorNumber } from "../../_view/burn-windows.ts";
import type { Format } from "../../_view/format.ts";
import { limitText, minutesWords, rateText } from "./slo-words.ts";

const Row = ({ window, format }: { window: BurnWindowRow; format: Format }) => {
  const limit = factorNumber(window.factor);
  const width = burnPosition(window.burnRate ?? 0);
  const isOver = (window.burnRate ?? 0) > limit;
  return (
    <tr>
      <th scope="row">{minutesWords(window.minutes)}</th>
      <td className="number">
        {window.total === 0 ? "no data" : `${format.integer(window.bad)} of ${format.integer(window.total)}`}
      </td>
      <td className={`number${isOver ? " major" : ""}`}>
        <b>{rateText(window.burnRate, format)}</b>
      </td>
      <td className="draw">
        <svg className="burn" viewBox="0 0 200 14" preserveAspectRatio="none" aria-hidden="true">
          <rect className="track" y="6" width="200" height="2" />
          <rect className={isOver ? "over" : "under"} y="3" width={width} height="8" />
          <rect className="tick" x={burnPosition(limit)} width="2" height="14" />
        </svg>
      </td>
      <td className="number">{limitText(window.factor, format)}</td>
    </tr>
  );
};

/** Burn rates over every window of the policy, each beside the limit that its pair has. */
export const BurnTable = ({ reading, format }: { reading: Reading | null; format: Format }) => (
  <section aria-labelledby="burn">
    <div className="head">
      <h2 id="burn">Burn rate by window</h2>
      <p className="soft">logarithmic, tick = limit</p>
    </div>
    {reading === null ? (
      <p className="soft">Not evaluated yet.</p>
    ) : (
      <div className="scroll" tabIndex={0} role="group" aria-label="Burn rate by window">
        <table>
          <thead>
            <tr>
              <th scope="col">Window</th>
              <th scope="col" className="number">
                Failed
              </th>
              <th scope="col" className="number">
                Burn
              </th>
              <th scope="col" className="draw">
                <span className="hidden">Burn drawn</span>
              </th>
              <th scope="col" className="number">
                Limit
              </th>
            </tr>
          </thead>
          <tbody>
            {burnWindows(reading).map((window) => (
              <Row key={window.minutes} window={window} format={format} />
            ))}
          </tbody>
        </table>
      </div>
    )}
  </section>
);
