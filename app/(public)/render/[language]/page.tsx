import type { Metadata } from "next";
import { Glyph } from "../../../_parts/glyph.tsx";
import { addressOf } from "../../../_view/address.ts";
import { headingOf, isOpen } from "../../../_view/heading.ts";
import { maintenanceLists } from "../../../_view/maintenance.ts";
import { Frame } from "../../_parts/frame.tsx";
import { OpenIncident, PastIncidents } from "../../_parts/incidents.tsx";
import { MaintenanceList } from "../../_parts/maintenances.tsx";
import { pageMetadata } from "../../_parts/page-metadata.ts";
import { Services } from "../../_parts/services.tsx";
import type { View } from "../../_parts/view.ts";
import { loadView } from "../../_parts/view.ts";

type Props = { params: Promise<{ language: string }> };
const PAST_SHOWN = 5;
const PLANNED_SHOWN = 5;

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const view = await loadView(params);
  const { title, text } = headingOf(view.snapshot, view.format);
  return pageMetadata(view, "/", {
    title: `${title.replace(/[.。]$/, "")} · ${view.snapshot.page.name} ${view.format.words.status}`,
    description: text === "" ? (view.snapshot.page.description ?? title) : text,
  });
};

/** What is under way and what comes next; nothing at all when there is neither. */
const NextMaintenance = ({ view }: { view: View }) => {
  const { maintenance, links } = view.format.words;
  const { active, planned } = maintenanceLists(view.snapshot);
  const shown = [...active, ...planned].slice(0, active.length + PLANNED_SHOWN);
  if (shown.length === 0) return null;
  return (
    <section aria-labelledby="maintenance">
      <div className="head">
        <h2 id="maintenance">{maintenance.title}</h2>
        <a href={addressOf("/maintenance", view)}>{links.allMaintenance}</a>
      </div>
      <MaintenanceList maintenances={shown} view={view} />
    </section>
  );
};

/** The first page: what is wrong now, in one sentence; open incidents; every service; planned work; what happened before. */
const HomePage = async ({ params }: Props) => {
  const view = await loadView(params);
  const { snapshot, format } = view;
  const { past, links } = format.words;
  const { role, title, text } = headingOf(snapshot, format);
  const over = snapshot.incidents.filter((incident) => !isOpen(incident)).slice(0, PAST_SHOWN);
  const say = (
    <>
      <h1>
        <Glyph role={role} />
        <span>{title}</span>
      </h1>
      {text === "" ? null : <p>{text}</p>}
    </>
  );
  return (
    <Frame view={view} role={role} say={say}>
      {snapshot.incidents.filter(isOpen).map((incident) => (
        <OpenIncident key={incident.id} incident={incident} view={view} />
      ))}
      <Services view={view} />
      <NextMaintenance view={view} />
      <PastIncidents
        incidents={over}
        view={view}
        title={past.title}
        none={past.none}
        more={{ href: addressOf("/history", view), text: links.fullHistory }}
      />
    </Frame>
  );
};
export default HomePage;
