import type { Metadata } from "next";
import type { SnapshotMaintenance } from "#lib/contracts/snapshot-maintenances.ts";
import { maintenanceLists } from "../../../../_view/maintenance.ts";
import { Frame, Up } from "../../../_parts/frame.tsx";
import { MaintenanceList } from "../../../_parts/maintenances.tsx";
import { pageMetadata } from "../../../_parts/page-metadata.ts";
import type { View } from "../../../_parts/view.ts";
import { loadView } from "../../../_parts/view.ts";

type Props = { params: Promise<{ language: string }> };

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const view = await loadView(params);
  const { maintenance } = view.format.words;
  return pageMetadata(view, "/maintenance", {
    title: `${maintenance.title} · ${view.snapshot.page.name}`,
    description: maintenance.text,
  });
};

type SectionProps = {
  id: string;
  title: string;
  none: string;
  maintenances: readonly SnapshotMaintenance[];
  view: View;
};

const Section = ({ id, title, none, maintenances, view }: SectionProps) => (
  <section aria-labelledby={id}>
    <h2 id={id}>{title}</h2>
    {maintenances.length === 0 ? (
      <p className="soft">{none}</p>
    ) : (
      <MaintenanceList maintenances={maintenances} view={view} isWhole />
    )}
  </section>
);

/** All planned work: under way, to come, and past. */
const MaintenancePage = async ({ params }: Props) => {
  const view = await loadView(params);
  const { words } = view.format;
  const { maintenance } = words;
  const { active, planned, past } = maintenanceLists(view.snapshot);
  const say = (
    <>
      <Up view={view} path="/" name={`${view.snapshot.page.name} ${words.status}`} />
      <h1>{maintenance.title}</h1>
      <p>{maintenance.text}</p>
    </>
  );
  return (
    <Frame view={view} role={active.length > 0 ? "maint" : null} say={say}>
      {active.length === 0 ? null : (
        <Section id="active" title={maintenance.active} none="" maintenances={active} view={view} />
      )}
      <Section
        id="planned"
        title={maintenance.planned}
        none={maintenance.nonePlanned}
        maintenances={planned}
        view={view}
      />
      <Section id="past" title={maintenance.past} none={maintenance.nonePast} maintenances={past} view={view} />
    </Frame>
  );
};
export default MaintenancePage;
