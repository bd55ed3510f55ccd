import type { Metadata } from "next";
import { loadServiceOverview } from "#lib/read/service-dashboard.ts";
import { AdminFrame } from "../../_parts/admin-frame.tsx";
import { ServiceList } from "../../_parts/service-list.tsx";
import type { SearchParams } from "../../_parts/view.ts";
import { adminView } from "../../_parts/view.ts";
import "../../_styles/probes.css";

export const generateMetadata = async (): Promise<Metadata> => ({
  title: (await adminView()).words.services.title,
});

/** All services by group, with their state, what fires, and what depends on what. */
const ServicesPage = async ({ searchParams }: { searchParams: Promise<SearchParams> }) => {
  const view = await adminView(await searchParams);
  const { format, words } = view;
  const text = words.services;
  const overview = await loadServiceOverview(view.cookie);
  const { services } = overview;
  const groups = [...new Set(services.map(({ group }) => group))];
  const unwell = services.filter(({ state }) => state !== "operational").length;
  return (
    <AdminFrame current="services" view={view}>
      <div className="title">
        <h1>{text.title}</h1>
        <p>
          {services.length === 0
            ? text.none
            : `${format.plural(services.length, text.count)}, ${unwell === 0 ? text.allWell : format.plural(unwell, text.notWell)}.`}
        </p>
        {services.length === 0 ? null : (
          <p className="small">
            <a href="/admin/services/services.csv">{words.frame.csv}</a>
          </p>
        )}
      </div>
      {groups.map((group) => (
        <ServiceList
          key={group ?? ""}
          view={view}
          overview={overview}
          title={group ?? (groups.length === 1 ? text.title : text.ungrouped)}
          services={services.filter((service) => service.group === group)}
        />
      ))}
    </AdminFrame>
  );
};
export default ServicesPage;
