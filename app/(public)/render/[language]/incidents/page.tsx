import type { Metadata } from "next";
import type { SnapshotIncident } from "#lib/contracts/snapshot.ts";
import { archiveByMonth } from "#lib/contracts/snapshot-archive.ts";
import { monthOf } from "#lib/core/status/history-months.ts";
import { epochMs } from "#lib/core/units.ts";
import { addressOf } from "../../../../_view/address.ts";
import { isOpen } from "../../../../_view/heading.ts";
import { Frame, Up } from "../../../_parts/frame.tsx";
import { IncidentList } from "../../../_parts/incidents.tsx";
import { pageMetadata } from "../../../_parts/page-metadata.ts";
import type { View } from "../../../_parts/view.ts";
import { loadView } from "../../../_parts/view.ts";

type Props = { params: Promise<{ language: string }> };

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const view = await loadView(params);
  const { incident } = view.format.words;
  return pageMetadata(view, "/incidents", {
    title: `${incident.title} · ${view.snapshot.page.name}`,
    description: incident.text,
  });
};

/** By the month in which they began, newest first. */
const byMonth = (incidents: readonly SnapshotIncident[], timeZone: string): [string, SnapshotIncident[]][] => {
  const months = new Map<string, SnapshotIncident[]>();
  for (const incident of incidents) {
    const month = monthOf(epochMs(Date.parse(incident.startedAt)), timeZone);
    months.set(month, [...(months.get(month) ?? []), incident]);
  }
  return [...months].sort(([a], [b]) => b.localeCompare(a));
};

const Section = (props: { id: string; title: string; incidents: readonly SnapshotIncident[]; view: View }) => (
  <section aria-labelledby={props.id}>
    <h2 id={props.id} className="cap">
      {props.title}
    </h2>
    <IncidentList incidents={props.incidents} view={props.view} />
  </section>
);

/** Months whose incidents are too old for the list, newest first, with how many each had. */
const Older = ({ view, after }: { view: View; after: ReadonlySet<string> }) => {
  const { format, snapshot } = view;
  const months = [...archiveByMonth(snapshot.archive ?? [], snapshot.page.timeZone)].flatMap(([month, entries]) => {
    const count = entries.filter(({ kind, id }) => kind === "incident" && !after.has(id)).length;
    return count === 0 ? [] : [{ month, count }];
  });
  if (months.length === 0) return null;
  return (
    <section aria-labelledby="older">
      <h2 id="older">{format.words.incident.older}</h2>
      <ul className="things months">
        {months
          .toSorted((a, b) => b.month.localeCompare(a.month))
          .map(({ month, count }) => (
            <li key={month}>
              <h3>
                <a className="cap" href={addressOf(`/history/${month}`, view)}>
                  {format.month(month)}
                </a>
              </h3>
              <p>{format.plural(count, format.words.history.counts.incidents)}</p>
            </li>
          ))}
      </ul>
    </section>
  );
};

/** All incidents that are told of: the open ones first, then month by month, then the months before. */
const IncidentsPage = async ({ params }: Props) => {
  const view = await loadView(params);
  const { snapshot, format } = view;
  const { incident: words, links } = format.words;
  const open = snapshot.incidents.filter(isOpen);
  const over = byMonth(
    snapshot.incidents.filter((incident) => !isOpen(incident)),
    snapshot.page.timeZone,
  );
  const say = (
    <>
      <Up view={view} path="/" name={`${snapshot.page.name} ${format.words.status}`} />
      <h1>{words.title}</h1>
      <p>{snapshot.incidents.length === 0 ? words.none : words.text}</p>
    </>
  );
  return (
    <Frame view={view} role={null} say={say}>
      {open.length === 0 ? null : <Section id="open" title={words.open} incidents={open} view={view} />}
      {over.map(([month, incidents]) => (
        <Section key={month} id={`in-${month}`} title={format.month(month)} incidents={incidents} view={view} />
      ))}
      <Older view={view} after={new Set(snapshot.incidents.map(({ id }) => id))} />
      <p className="onward">
        <a href={addressOf("/history", view)}>{links.fullHistory}</a>
      </p>
    </Frame>
  );
};
export default IncidentsPage;
