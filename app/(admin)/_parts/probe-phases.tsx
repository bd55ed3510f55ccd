import type { ProbeQuestion, RunWithTries } from "#lib/read/probe-dashboard.ts";
import { fillText } from "../../_view/format.ts";
import { resource, tableFigures } from "./figure.tsx";
import { probeAddress, runsPath } from "./probe-search.ts";
import { RedHeads } from "./red-heads.tsx";
import { createStamp, tookText } from "./red-marks.ts";
import type { AdminView } from "./view.ts";

const PHASES = ["dns", "connect", "tls", "firstByte", "transfer"] as const;
const WIDTH = 1_000;

/** The phases of a run one after another, on the scale of the longest. */
const Bar = ({ run, longest }: { run: RunWithTries; longest: number }) => {
  let at = 0;
  const parts = PHASES.map((phase) => {
    const width = ((run.phasesMs?.[phase] ?? 0) / longest) * WIDTH;
    const x = at;
    at += width;
    return { phase, x, width };
  });
  return (
    <svg className="phases" viewBox={`0 0 ${WIDTH} 10`} preserveAspectRatio="none" aria-hidden="true">
      {parts.map(({ phase, x, width }) =>
        width === 0 ? null : (
          <rect key={phase} className={`phase ${phase}`} x={x.toFixed(1)} width={width.toFixed(1)} height="10" />
        ),
      )}
    </svg>
  );
};

const Key = ({ names }: { names: Readonly<Record<(typeof PHASES)[number], string>> }) => (
  <ul className="key">
    {PHASES.map((phase) => (
      <li key={phase}>
        <svg className="swatch" viewBox="0 0 10 10" aria-hidden="true">
          <rect className={`phase ${phase}`} width="10" height="10" />
        </svg>{" "}
        {names[phase]}
      </li>
    ))}
  </ul>
);

/** Where the time of the last runs went, each beside its figures. A phase that was not reached has none. */
export const ProbePhases = ({
  view,
  question,
  runs,
}: {
  view: AdminView;
  question: ProbeQuestion;
  runs: readonly RunWithTries[];
}) => {
  const { format, words } = view;
  const { phases: text, runs: runWords } = words.probes;
  const stamp = createStamp(view);
  const total = ({ phasesMs }: RunWithTries): number =>
    PHASES.reduce((sum, phase) => sum + (phasesMs?.[phase] ?? 0), 0);
  const longest = Math.max(0.001, ...runs.map(total));
  return (
    <section aria-labelledby="phases">
      <div className="head">
        <h2 id="phases">{text.title}</h2>
        <a className="small" href={probeAddress(question, { file: "runs.csv" })}>
          {words.frame.csv}
        </a>
      </div>
      <p className="small soft">{fillText(text.note, { count: format.integer(runs.length) })}</p>
      <Key names={text.names} />
      <div className="scroll" tabIndex={0} role="group" aria-label={text.title}>
        <table className="tight" {...resource(runsPath(question, runs.length))} {...tableFigures("phases", "/data")}>
          <RedHeads
            heads={[
              { name: text.run },
              { name: runWords.where },
              { name: text.title, kind: "draw" },
              ...PHASES.map((phase) => ({ name: text.names[phase], kind: "number" as const })),
              { name: text.total, kind: "number" },
            ]}
          />
          <tbody>
            {runs.map((run) => (
              <tr key={`${run.locationId} ${run.scheduledAt}`}>
                <th scope="row">
                  <time dateTime={run.scheduledAt}>{stamp(run.scheduledAt)}</time>
                </th>
                <td translate="no">{run.locationId}</td>
                <td className="draw">
                  <Bar run={run} longest={longest} />
                </td>
                {PHASES.map((phase) => (
                  <td className="number" key={phase}>
                    {tookText(run.phasesMs?.[phase] ?? null, format)}
                  </td>
                ))}
                <td className="number">{tookText(run.durationMs, format)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
};
