import type { BurnWindowRow } from "#lib/core/slo/burn-windows.ts";
import { burnWindows } from "#lib/core/slo/burn-windows.ts";
import type { Reading } from "#lib/core/slo/reading.ts";
import { Fill } from "../../_parts/fill.tsx";
import { burnPosition, factorNumber } from "../../_view/burn-windows.ts";
import { Figure, figure, resource } from "./figure.tsx";
import { countText, limitText, minutesText, rateText } from "./slo-words.ts";
import type { AdminView } from "./view.ts";

const Row = ({ window, at, view }: { window: BurnWindowRow; at: number; view: AdminView }) => {
  const { burn } = view.words.sloPage;
  const limit = factorNumber(window.factor);
  const width = burnPosition(window.burnRate ?? 0);
  const isOver = (window.burnRate ?? 0) > limit;
  const place = `/reading/windows/${at}`;
  const counts = {
    bad: (
      <Figure kind="count" at={`${place}/bad`}>
        {countText(window.bad, view.format)}
      </Figure>
    ),
    total: (
      <Figure kind="count" at={`${place}/total`}>
        {countText(window.total, view.format)}
      </Figure>
    ),
  };
  return (
    <tr>
      <th scope="row">{minutesText(window.minutes, view)}</th>
      <td className="number">{window.total === 0 ? burn.noData : <Fill text={burn.of} {...counts} />}</td>
      <td className={`number${isOver ? " major" : ""}`}>
        <b {...figure("rate", `${place}/burnRate`)}>{rateText(window.burnRate, view)}</b>
      </td>
      <td className="draw">
        <svg className="burn" viewBox="0 0 200 14" preserveAspectRatio="none" aria-hidden="true">
          <rect className="track" y="6" width="200" height="2" />
          {window.burnRate === null ? null : (
            <rect className={isOver ? "over" : "under"} y="3" width={width} height="8" />
          )}
          <rect className="tick" x={burnPosition(limit)} width="2" height="14" />
        </svg>
      </td>
      <td className="number" {...figure("limit", `${place}/threshold`)}>
        {limitText(window.factor, view)}
      </td>
    </tr>
  );
};

/** Burn rates over every window of the policy, each beside the limit that its pair has. */
export const BurnTable = ({ id, reading, view }: { id: string; reading: Reading | null; view: AdminView }) => {
  const { burn } = view.words.sloPage;
  return (
    <section aria-labelledby="burn">
      <div className="head">
        <h2 id="burn">{burn.title}</h2>
        <p className="soft">
          {burn.note} · <a href={`/admin/slos/${id}/burn.csv`}>{view.words.frame.csv}</a>
        </p>
      </div>
      {reading === null ? (
        <p className="soft">{burn.notEvaluated}</p>
      ) : (
        <div className="scroll" tabIndex={0} role="group" aria-label={burn.title} {...resource(`/v1/slos/${id}`)}>
          <table>
            <thead>
              <tr>
                <th scope="col">{burn.window}</th>
                <th scope="col" className="number">
                  {burn.failed}
                </th>
                <th scope="col" className="number">
                  {burn.rate}
                </th>
                <th scope="col" className="draw">
                  <span className="hidden">{burn.drawn}</span>
                </th>
                <th scope="col" className="number">
                  {burn.limit}
                </th>
              </tr>
            </thead>
            <tbody>
              {burnWindows(reading).map((window, at) => (
                <Row key={window.minutes} window={window} at={at} view={view} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
};
