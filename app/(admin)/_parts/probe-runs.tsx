import { traceLink } from "#lib/core/trace-link.ts";
import type { ProbeDashboard, ProbeQuestion, RunWithTries } from "#lib/read/probe-dashboard.ts";
import { StateMark } from "../../_parts/glyph.tsx";
import { fillText } from "../../_view/format.ts";
import { figure, resource } from "./figure.tsx";
import { probeAddress, runsPath } from "./probe-search.ts";
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

type RowProps = {
  view: AdminView;
  run: RunWithTries;
  at: number;
  traceUrl: string | null;
  stamp: (instant: string) => string;
};

/** The id of the trace; a link where the configuration says where traces are. */
const Trace = ({ view, run: { traceId }, traceUrl }: Pick<RowProps, "view" | "run" | "traceUrl">) => {
  const href = traceLink(traceUrl, traceId);
  if (traceId === null) return "–";
  const id = <code className="trace">{traceId}</code>;
  if (href === null) return id;
  return (
    <a href={href} rel="noreferrer" target="_blank">
      <span className="hidden">{view.words.probes.runs.openTrace} </span>
      {id}
    </a>
  );
};

const Row = ({ view, run, at, traceUrl, stamp }: RowProps) => {
  const { format, words } = view;
  const { runs: text, classes } = words.probes;
  return (
    <tr role="row" {...resource(`#/data/${at}`)}>
      <th scope="row" role="rowheader">
        <time dateTime={run.scheduledAt}>{stamp(run.scheduledAt)}</time>
      </th>
      <td role="cell">
        <StateMark role={roleOfRun(run)} word={classes[run.class]} />
      </td>
      <td role="cell" data-name={text.where} translate="no">
        {run.locationId}
      </td>
      <td role="cell" className="number" data-name={text.took} {...figure("took", "/durationMs")}>
        {tookText(run.durationMs, format)}
      </td>
      <td role="cell" className="number" data-name={text.status} {...figure("text", "/httpStatus")}>
        {run.httpStatus ?? "–"}
      </td>
      <td role="cell" className="wide break" translate="no">
        <Seen view={view} run={run} stamp={stamp} />
      </td>
      <td role="cell" className="wide" data-name={text.trace}>
        <Trace view={view} run={run} traceUrl={traceUrl} />
      </td>
    </tr>
  );
};

type Props = {
  readonly view: AdminView;
  readonly question: ProbeQuestion;
  readonly runs: ProbeDashboard["runs"];
  readonly traceUrl: string | null;
};

const Pager = ({ view, question, runs }: Omit<Props, "traceUrl">) => {
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
export const ProbeRuns = ({ view, question, runs, traceUrl }: Props) => {
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
          <table role="table" {...resource(runsPath(question, runs.pagination.limit))}>
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
              {runs.data.map((run, at) => (
                <Row
                  key={`${run.locationId} ${run.scheduledAt}`}
                  view={view}
                  run={run}
                  at={at}
                  traceUrl={traceUrl}
                  stamp={stamp}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Pager view={view} question={question} runs={runs} />
    </section>
  );
};
