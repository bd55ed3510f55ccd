import type { Snapshot, SnapshotService } from "#lib/contracts/snapshot.ts";

const DAY_MS = 86_400_000;

const service = (index: number, at: number): SnapshotService => ({
  id: `service-${index}`,
  name: `Service number ${index}`,
  description: null,
  groupId: `group-${index % 4}`,
  position: Math.floor(index / 4) + 1,
  createdAt: new Date(at - 100 * DAY_MS).toISOString(),
  updatedAt: new Date(at - DAY_MS).toISOString(),
  startDate: new Date(at - 100 * DAY_MS).toISOString().slice(0, 10),
  hasData: true,
  published: "operational",
  lastKnown: "operational",
  measured: "operational",
  why: { decidedSlots: 10, expectedSlots: 10, badSlots: 0, windowSeconds: 300, dissentingLocations: [] },
  slos: [
    {
      id: `service-${index}-availability`,
      sli: "availability",
      thresholdMs: null,
      objective: "99.9",
      windowDays: 28,
      good: 80_600 - index,
      total: 80_640,
      coverage: 1,
      attained: (80_600 - index) / 80_640,
      budgetRemaining: 1 - (40 + index) / 80.64,
      isMet: 40 + index <= 80,
      burning: null,
    },
  ],
  days: Array.from({ length: 90 }, (_, day) => {
    const worst = (day * 7 + index * 13) % 41 === 0 ? "partial_outage" : "operational";
    return {
      date: new Date(at - (89 - day) * DAY_MS).toISOString().slice(0, 10),
      worst,
      seconds: worst === "operational" ? { operational: 86_400 } : { operational: 85_140, partial_outage: 1_260 },
    };
  }),
  latencyMs: Array.from({ length: 48 }, (_, slot) => 80 + ((slot * 37 + index * 11) % 60)),
  latencyNowMs: 95 + index,
});

/** The page that speed is measured with: 20 services in 4 groups, 90 days each. `at` in epoch milliseconds. */
export const benchSnapshot = (at: number): Snapshot => {
  const iso = new Date(at).toISOString();
  return {
    schemaVersion: 1,
    version: 1,
    builtAt: iso,
    dataAsOf: iso,
    isDemo: false,
    page: {
      name: "Bench",
      url: "https://status.example.com",
      timeZone: "Etc/UTC",
      languages: ["en"],
      createdAt: iso,
      updatedAt: iso,
    },
    overall: "operational",
    groups: [0, 1, 2, 3].map((index) => ({
      id: `group-${index}`,
      name: `Group ${index}`,
      position: index + 1,
      createdAt: iso,
      updatedAt: iso,
    })),
    services: Array.from({ length: 20 }, (_, index) => service(index, at)),
    incidents: [],
  };
};
