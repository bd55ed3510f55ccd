import type { SnapshotService } from "#lib/contracts/snapshot.ts";
import { linePath, roundUp } from "../../_view/line-path.ts";
import { Instant } from "./instant.tsx";
import type { View } from "./view.ts";

const HALF_HOUR_MS = 1_800_000;
const WIDTH = 720;
const HEIGHT = 120;
const GRID_LINES = [0, 0.5, 1];

/** Start of each half hour of `latencyMs`; the last one is the half hour that `now` lies in. */
const halfHours = (count: number, now: string): readonly string[] => {
  const last = Math.floor(Date.parse(now) / HALF_HOUR_MS) * HALF_HOUR_MS;
  return Array.from({ length: count }, (_, index) => new Date(last - (count - 1 - index) * HALF_HOUR_MS).toISOString());
};

const Chart = ({ service, view, starts }: { service: SnapshotService; view: View; starts: readonly string[] }) => {
  const { format } = view;
  const known = service.latencyMs.filter((value) => value !== null);
  const top = roundUp(Math.max(...known));
  const label = format.words.service.responseChart
    .replace("{lowest}", format.response(Math.min(...known)))
    .replace("{highest}", format.response(Math.max(...known)))
    .replace("{latest}", format.response(known.at(-1) ?? 0));
  const box = { left: 0, top: 0, width: WIDTH, height: HEIGHT };
  const ticks = [starts[0], starts[Math.floor(starts.length / 2)], starts.at(-1)].filter((at) => at !== undefined);
  return (
    <figure className="chart">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        <path className="grid" d={GRID_LINES.map((share) => `M0 ${share * HEIGHT}h${WIDTH}`).join("")} />
        <path d={linePath(service.latencyMs, { low: 0, high: top }, box)} />
      </svg>
      <div className="scale" aria-hidden="true">
        {GRID_LINES.map((share) => (
          <span key={share}>{format.response(top * (1 - share))}</span>
        ))}
      </div>
      <div className="axis" aria-hidden="true">
        {ticks.map((at) => (
          <span key={at}>{format.time(at)}</span>
        ))}
      </div>
    </figure>
  );
};

/** The last 24 hours of response times: a drawing without gaps filled in, and a table of the same values. */
export const ResponseChart = ({ service, view }: { service: SnapshotService; view: View }) => {
  const { format } = view;
  const { service: words, response } = format.words;
  const starts = halfHours(service.latencyMs.length, view.now);
  const hasAnswers = service.latencyMs.some((value) => value !== null);
  return (
    <section aria-labelledby="response">
      <div className="head">
        <h2 id="response">{words.responseTitle}</h2>
        <p className="soft">{words.responseCaption}</p>
      </div>
      {hasAnswers ? (
        <Chart service={service} view={view} starts={starts} />
      ) : (
        <p className="soft">{words.responseNone}</p>
      )}
      {hasAnswers ? (
        <details>
          <summary>{words.responseTable}</summary>
          <table className="day-table">
            <thead>
              <tr>
                <th scope="col">{words.from}</th>
                <th scope="col" className="number">
                  {words.mean}
                </th>
              </tr>
            </thead>
            <tbody>
              {starts.map((at, index) => {
                const value = service.latencyMs[index] ?? null;
                return (
                  <tr key={at}>
                    <th scope="row">
                      <Instant at={at} view={view} />
                    </th>
                    <td className="number">{value === null ? response.noAnswer : format.response(value)}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </details>
      ) : null}
    </section>
  );
};
