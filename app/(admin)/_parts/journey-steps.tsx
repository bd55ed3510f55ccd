import type { ProbeParts } from "#lib/read/service-dashboard.ts";
import { StateMark } from "../../_parts/glyph.tsx";
import { fillText } from "../../_view/format.ts";
import { Figure, resource } from "./figure.tsx";
import { roleOfRun, tookText } from "./red-marks.ts";
import type { AdminView } from "./view.ts";

type Part = ProbeParts["parts"][number];

const MARK = 8;
const HEIGHT = 20;
/** How tall a mark stands: calm is low, trouble is tall, what says nothing lies on the ground. */
const TALL = { good: 8, bad: 20, none: 2 } as const;

const marksPath = (part: Part, vote: "good" | "bad" | "none"): string =>
  part.marks
    .map((mark, index) => (mark.vote === vote ? `M${index * MARK} ${HEIGHT - TALL[vote]}h6v${TALL[vote]}h-6z` : ""))
    .join("");

const Marks = ({ view, part }: { view: AdminView; part: Part }) => {
  const good = part.marks.filter(({ vote }) => vote === "good").length;
  const { format, words } = view;
  const label = fillText(words.services.marks, {
    good: format.integer(good),
    count: format.integer(part.marks.length),
  });
  const width = Math.max(1, part.marks.length) * MARK;
  return (
    <svg
      className="marks"
      width={width}
      height={HEIGHT}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      role="img"
      aria-label={label}
    >
      <path className="good" d={marksPath(part, "good")} />
      <path className="bad" d={marksPath(part, "bad")} />
      <path className="unvoted" d={marksPath(part, "none")} />
    </svg>
  );
};

const Row = ({ view, part, at }: { view: AdminView; part: Part; at: number }) => {
  const { format, words, today } = view;
  const { classes } = words.probes;
  const { vote, class: name, since } = part;
  const details = part.locations.flatMap(({ detail, vote: seen }) =>
    detail === null || seen === "good" ? [] : [detail],
  );
  return (
    <tr>
      <th scope="row">{part.name}</th>
      <td>
        {vote === null || name === null ? (
          <StateMark role="none" word={words.services.noReading} />
        ) : (
          <StateMark role={roleOfRun({ vote, class: name })} word={classes[name]} />
        )}
        <div className="small soft">
          {since === null ? null : (
            <time dateTime={since}>{fillText(words.services.since, { time: format.when(since, today) })}</time>
          )}
          {details.length === 0 ? null : <span translate="no">{` · ${[...new Set(details)].join(" · ")}`}</span>}
        </div>
      </td>
      <td>
        <Marks view={view} part={part} />
      </td>
      <td className="number">
        {part.locations.map(({ locationId, durationMs }, place) => (
          <div key={locationId}>
            {part.locations.length === 1 ? null : (
              <span className="soft" translate="no">
                {locationId}{" "}
              </span>
            )}
            <Figure kind="took" at={`/data/${at}/locations/${place}/durationMs`}>
              {tookText(durationMs, format)}
            </Figure>
          </div>
        ))}
      </td>
    </tr>
  );
};

/** The steps of a journey as they are walked, or the entries of a health document, each with its newest looks. */
export const JourneySteps = ({
  view,
  serviceId,
  journey,
}: {
  view: AdminView;
  serviceId: string;
  journey: ProbeParts;
}) => {
  const { words } = view;
  const text = words.services;
  const title = fillText(journey.type === "journey" ? text.journey : text.healthDocument, { probe: journey.probeId });
  const id = `parts-${journey.probeId}`;
  return (
    <section aria-labelledby={id}>
      <div className="head">
        <h2 id={id}>{title}</h2>
        {journey.parts.length === 0 ? null : (
          <a className="small" href={`/admin/services/${serviceId}/steps.csv`}>
            {words.frame.csv}
          </a>
        )}
      </div>
      {journey.parts.length === 0 ? (
        <p className="soft">{text.noParts}</p>
      ) : (
        <div
          className="scroll"
          tabIndex={0}
          role="group"
          aria-label={title}
          {...resource(`/v1/probes/${journey.probeId}/parts?limit=100`)}
        >
          <table>
            <thead>
              <tr>
                {[text.step, text.now, text.lately].map((name) => (
                  <th scope="col" key={name}>
                    {name}
                  </th>
                ))}
                <th scope="col" className="number">
                  {text.took}
                </th>
              </tr>
            </thead>
            <tbody>
              {journey.parts.map((part) => (
                <Row key={part.key} view={view} part={part} at={part.place} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
};
