import type { Snapshot, SnapshotIncident } from "#lib/contracts/snapshot.ts";
import type { Archive, ArchivedDocuments } from "#lib/contracts/snapshot-archive.ts";
import { fullDay } from "./sample-snapshot.ts";

const oldIncident = (id: string, startedAt: string): SnapshotIncident => {
  const end = new Date(Date.parse(startedAt) + 5_400_000).toISOString();
  const [shop = "shop"] = fullDay().services.map((service) => service.id);
  return {
    id,
    name: `Slow answers in ${startedAt.slice(0, 4)}`,
    status: "resolved",
    impact: "minor",
    startedAt,
    createdAt: startedAt,
    updatedAt: end,
    monitoringAt: null,
    resolvedAt: end,
    serviceIds: [shop],
    updates: [
      {
        id: `u-${id}`,
        status: "resolved",
        body: "A cache was too small. It has grown.",
        bodyHtml: "<p>A cache was too small. It has grown.</p>",
        createdAt: end,
        updatedAt: end,
        displayAt: end,
        affected: [],
      },
    ],
    translations: { ko: { name: `${startedAt.slice(0, 4)}년의 느린 응답` } },
  };
};

const DOCUMENTS: readonly SnapshotIncident[] = [
  oldIncident("old3", "2025-02-11T08:00:00.000Z"),
  oldIncident("old2", "2023-05-20T13:30:00.000Z"),
  oldIncident("old1", "2023-05-02T22:15:00.000Z"),
];

/** A page that remembers incidents of earlier years. */
export const longHistory = (): Snapshot => ({
  ...fullDay(),
  archive: DOCUMENTS.map(({ id, name, translations, startedAt, serviceIds }) => ({
    ...{ kind: "incident" as const, id, name, at: startedAt, serviceIds, stamp: "1" },
    ...(translations === undefined ? {} : { translations }),
  })),
});

/** What was said of entries of that page's archive. */
export const readLongHistory = (entries: Archive): Promise<ArchivedDocuments> =>
  Promise.resolve({
    incidents: DOCUMENTS.filter(({ id }) => entries.some((entry) => entry.id === id)),
    maintenances: [],
  });
