import type { ProbeDashboard, ProbeQuestion } from "#lib/read/probe-dashboard.ts";
import { RED_RANGES } from "#lib/read/red-range.ts";
import { fillText } from "../../_view/format.ts";
import { probeAddress } from "./probe-search.ts";
import type { AdminView } from "./view.ts";
import { iso } from "./view.ts";

type Choice = { readonly href: string; readonly text: string; readonly isCurrent: boolean };

const Choices = ({ label, choices }: { label: string; choices: readonly Choice[] }) => (
  <nav aria-label={label}>
    <ul className="picks">
      {choices.map(({ href, text, isCurrent }) => (
        <li key={href}>
          <a href={href} aria-current={isCurrent ? "true" : undefined}>
            {text}
          </a>
        </li>
      ))}
    </ul>
  </nav>
);

/** Range and location of the charts: links, so that the address says what is seen. */
export const ProbeControls = ({
  view,
  question,
  dashboard,
}: {
  view: AdminView;
  question: ProbeQuestion;
  dashboard: ProbeDashboard;
}) => {
  const text = view.words.probes;
  const base = { ...question, after: undefined, before: undefined };
  const { locations, until, red } = dashboard;
  const places = [{ id: null, name: text.allLocations }, ...locations];
  const dataUntil = red.metrics.dataUntil;
  return (
    <div className="controls">
      <Choices
        label={text.range}
        choices={RED_RANGES.map((range) => ({
          href: probeAddress(base, { range }),
          text: text.ranges[range],
          isCurrent: range === question.range,
        }))}
      />
      {locations.length < 2 ? null : (
        <Choices
          label={text.location}
          choices={places.map(({ id, name }) => ({
            href: probeAddress(base, { location: id }),
            text: name,
            isCurrent: id === question.location,
          }))}
        />
      )}
      <p className="small soft">
        {dataUntil === null ? text.notMeasured : null}
        {dataUntil === null
          ? null
          : fillText(text.until, {
              time: view.format.when(dataUntil < iso(until) ? dataUntil : iso(until), view.today),
              zone: view.format.zone(dataUntil),
            })}{" "}
        {red.metrics.source.durations === "runs"
          ? text.exact
          : fillText(text.nearly, { percent: view.format.percent(red.metrics.source.maxRelativeError, 1) })}{" "}
        <a href={probeAddress(question, { until, tz: view.timeZone })}>{text.permalink}</a>
        {question.until === null ? null : (
          <>
            {" · "}
            <a href={probeAddress(base, { until: null })}>{text.newest}</a>
          </>
        )}
      </p>
    </div>
  );
};
