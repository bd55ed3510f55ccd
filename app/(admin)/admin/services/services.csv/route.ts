import { loadServiceOverview } from "#lib/read/service-dashboard.ts";
import { csvAnswer } from "../../../_parts/red-csv.ts";
import { signedInCookie } from "../../../_parts/view.ts";

const HEAD = [
  ...["service", "name", "group", "published", "measured", "since", "firing_pages", "firing_tickets"],
  ...["probes", "slos", "needs", "needed_by"],
];

/** The list of services as a file. */
export const GET = async (): Promise<Response> => {
  const { services, firing, dependsOn } = await loadServiceOverview(await signedInCookie());
  const count = (id: string, severity: "page" | "ticket"): number =>
    firing.filter((alert) => alert.serviceId === id && alert.severity === severity).length;
  const rows = services.map(({ id, name, group, state, measuredState, stateSince, probes, sloIds }) => [
    ...[id, name, group, state, measuredState, stateSince, count(id, "page"), count(id, "ticket")],
    ...[probes.length, sloIds.length, (dependsOn.get(id) ?? []).join(" ")],
    services.flatMap((one) => (dependsOn.get(one.id)?.includes(id) ? [one.id] : [])).join(" "),
  ]);
  return csvAnswer("services.csv", [HEAD, ...rows]);
};
