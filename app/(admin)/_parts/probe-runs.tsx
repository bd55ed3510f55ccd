import type { ProbeDashboard, ProbeQuestion, RunWithTries } from "#lib/read/probe-dashboard.ts";
import { StateMark } from "../../_parts/glyph.tsx";
import { fillText } from "../../_view/format.ts";
import { probeAddress } from "./probe-search.ts";
import { createStamp, roleOfRun, tookText } from "./red-marks.ts";
import type { AdminView } from "./view.ts";

/** What a run saw: its reason, every assertion that did not hold with an excerpt of what came, and further tries. */
const Seen = ({ view, run, stamp }: { view: AdminView; run: RunWithTries; stamp: (instant: string) => string }) => {
  const { format, words } = view;
  const { runs: text, classes } = words.probes;
  const failures = run.failures ?? [];
  return (
    <>
      {run.detail === null && failures.length === 0 ? <span className="soft">{text.nothing}</span> : run.detail}
      {failures.map(({ assertion, expected, seen }, index) => (
        <div className="failure" key={index}>
          <b>{assertion}</b> <span className="soft">{fillText(text.expected, { expected })}</span>
          <details>
            <summary>{text.seen}</summary>
            <pre tabIndex={0}>{seen}</pre>
          </details>
        </div>
      ))}
      {run.tries.map((one) => (
        <div className="failure" key={one.number}>
          <b>{fillText(text.tryAgain, { number: format.integer(one.number) })}</b>{" "}
          <span className="soft">
            {stamp(one.startedAt)} · {classes[one.class]} · {tookText(one.durationMs, format)}
            {one.detail === null ? "" : ` · ${one.detail}`}
          </span>
        </div>
      ))}
      <small className="soft">
        {[run.isLate === true ? text.late : null, run.address].filter((part) => part !== null).join(" · ")}
      </small>
    </>
  );
};

const Row = ({ view, run, stamp }: { view: AdminView; run: RunWithTries; stamp: (instant: string) => string }) => {
  const { format, words } = view;
  const { runs: text, classes } = words.probes;
  return (
    <tr role="row">
      <th scope="row" role="rowheader">
        <time dateTime={run.scheduledAt}>{stamp(run.scheduledAt)}</time>
      </th>
      <td role="cell">
        <StateMark role={roleOfRun(run)} word={classes[run.class]} />
      </td>
      <td role="cell" data-name={text.where}>
        {run.locationId}
      </td>
      <td role="cell" className="number" data-name={text.took}>
        {tookText(run.durationMs, format)}
      </td>
      <td role="cell" className="number" data-name={text.status}>
        {run.httpStatus ?? "–"}
      </td>
      <td role="cell" className="wide break">
        <Seen view={view} run={run} stamp={stamp} />
      </td>
      <td role="cell" className="wide" data-name={text.trace}>
        {run.traceId === null ? "–" : <code className="trace">{run.traceId}</code>}
      </td>
    </tr>
  );
};

type Props = {
  readonly view: AdminView;
  readonly question: ProbeQuestion;
  readonly runs: ProbeDashboard["runs"];
};

const Pager = ({ view, question, runs }: Props) => {
  const { runs: text } = view.words.probes;
  const { nextCursor, prevCursor } = runs.pagination;
  return (
    <p className="pager">
      {prevCursor === null ? null : (
        <a href={`${probeAddress(question, { before: prevCursor, after: undefined })}#runs`}>{text.newer}</a>
      )}
      {nextCursor === null ? null : (
        <a href={`${probeAddress(question, { after: nextCursor, before: undefined })}#runs`}>{text.older}</a>
      )}
    </p>
  );
};

/** One page of runs, the newest first, as `GET /v1/runs` has them. */
export const ProbeRuns = ({ view, question, runs }: Props) => {
  const { runs: text } = view.words.probes;
  const stamp = createStamp(view);
  const heads = [text.where, text.took, text.status];
  const certificate = runs.data[0]?.certificateExpiresAt ?? null;
  return (
    <section aria-labelledby="runs">
      <div className="head">
        <h2 id="runs">{text.title}</h2>
        {certificate === null ? null : (
          <p className="soft">{fillText(text.certificate, { time: view.format.day(certificate, view.today) })}</p>
        )}
      </div>
      {runs.data.length === 0 ? (
        <p className="soft">{text.none}</p>
      ) : (
        <div className="list runs scroll" tabIndex={0} role="group" aria-label={text.title}>
          <table role="table">
            <thead role="rowgroup">
              <tr role="row">
                {[text.at, text.outcome].map((name) => (
                  <th scope="col" role="columnheader" key={name}>
                    {name}
                  </th>
                ))}
                {heads.map((name, index) => (
                  <th scope="col" role="columnheader" className={index === 0 ? undefined : "number"} key={name}>
                    {name}
                  </th>
                ))}
                {[text.about, text.trace].map((name) => (
                  <th scope="col" role="columnheader" key={name}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody role="rowgroup">
              {runs.data.map((run) => (
                <Row key={`${run.locationId} ${run.scheduledAt}`} view={view} run={run} stamp={stamp} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Pager view={view} question={question} runs={runs} />
    </section>
  );
};
