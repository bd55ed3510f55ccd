import type { SnapshotIncident } from "#lib/contracts/snapshot.ts";
import type { Archive } from "#lib/contracts/snapshot-archive.ts";
import { archiveByMonth, archivedIncidents } from "#lib/contracts/snapshot-archive.ts";
import { getWebContext } from "#lib/read/web-context.ts";
import type { MonthFacts } from "../../_view/history.ts";
import { monthFacts } from "../../_view/history.ts";
import type { View } from "./view.ts";

const readDocuments = async (entries: Archive) =>
  (await getWebContext().archived?.(entries)) ?? { incidents: [], maintenances: [] };

/** An incident of any age; null when there is none of this id. */
export const loadIncidentOf = async ({ snapshot }: View, id: string): Promise<SnapshotIncident | null> => {
  const recent = snapshot.incidents.find((one) => one.id === id);
  if (recent !== undefined) return recent;
  const entry = archivedIncidents(snapshot.archive ?? []).get(id);
  return entry === undefined ? null : ((await readDocuments([entry])).incidents[0] ?? null);
};

/** What happened in a month, however long ago. */
export const loadMonthFacts = async ({ snapshot }: View, month: string): Promise<MonthFacts> => {
  const known = new Set([...snapshot.incidents, ...(snapshot.maintenances ?? [])].map(({ id }) => id));
  const entries = archiveByMonth(snapshot.archive ?? [], snapshot.page.timeZone).get(month) ?? [];
  const documents = await readDocuments(entries.filter(({ id }) => !known.has(id)));
  return monthFacts(snapshot, month, documents);
};
