import type { PublicState, Snapshot, SnapshotDay, SnapshotService, SnapshotSlo } from "#lib/contracts/snapshot.ts";

/** The instant of all samples. */
export const SAMPLE_NOW = "2026-08-06T14:07:31.000Z";
const LONG_AGO = "2026-01-05T09:00:00.000Z";
const DAY_MS = 86_400_000;
const DAY_SECONDS = 86_400;

const dateOf = (daysAgo: number): string =>
  new Date(Date.parse(SAMPLE_NOW) - daysAgo * DAY_MS).toISOString().slice(0, 10);

const sampleDay = (date: string, worst: PublicState): SnapshotDay => {
  if (worst === "unknown") return { date, worst, seconds: {} };
  if (worst === "operational") return { date, worst, seconds: { operational: DAY_SECONDS } };
  return { date, worst, seconds: { operational: DAY_SECONDS - 1_260, [worst]: 1_260 } };
};

/** Ninety days, operational but for the days named by how long ago they were. */
export const sampleDays = (worst: Readonly<Record<number, PublicState>> = {}): SnapshotDay[] =>
  Array.from({ length: 90 }, (_, index) => sampleDay(dateOf(89 - index), worst[89 - index] ?? "operational"));

/** A response time that wanders a little, the same for the same seed. */
export const sampleLatency = (meanMs: number, seed: number): (number | null)[] => {
  let state = seed * 7_919 + 17;
  let drift = 0;
  return Array.from({ length: 48 }, () => {
    state = (state * 48_271) % 2_147_483_647;
    drift = drift * 0.7 + (state / 2_147_483_647 - 0.5);
    return Math.round(meanMs * (1 + drift * 0.22));
  });
};

/** An objective with its exact counts; what follows from them is computed here as the engine would. */
export const sampleSlo = (
  id: string,
  objective: string,
  good: number,
  total: number,
  rest: Partial<SnapshotSlo> = {},
): SnapshotSlo => {
  const allowed = (total * (100 - Number(objective))) / 100;
  return {
    id,
    sli: "availability",
    thresholdMs: null,
    objective,
    windowDays: 28,
    good,
    total,
    coverage: total === 0 ? null : 0.997,
    attained: total === 0 ? null : good / total,
    budgetRemaining: total === 0 ? null : 1 - (total - good) / allowed,
    isMet: total === 0 ? null : total - good <= allowed,
    burning: null,
    ...rest,
  };
};

/** A service with good manners; everything can be said otherwise. */
export const sampleService = (id: string, name: string, rest: Partial<SnapshotService> = {}): SnapshotService => ({
  id,
  name,
  description: null,
  groupId: null,
  position: 1,
  createdAt: LONG_AGO,
  updatedAt: "2026-07-24T09:26:00.000Z",
  startDate: "2026-01-05",
  hasData: true,
  published: "operational",
  lastKnown: "operational",
  measured: "operational",
  why: { decidedSlots: 10, expectedSlots: 10, badSlots: 0, windowSeconds: 300, dissentingLocations: [] },
  slos: [],
  days: sampleDays(),
  latencyMs: sampleLatency(120, id.length + name.length),
  latencyNowMs: 118,
  ...rest,
});

const worstOf = (services: readonly SnapshotService[]): PublicState => {
  const order: PublicState[] = [
    "major_outage",
    "partial_outage",
    "degraded_performance",
    "unknown",
    "under_maintenance",
    "operational",
  ];
  return order.find((state) => services.some(({ published }) => published === state)) ?? "operational";
};

/** A whole snapshot around services; groups are made from the names that the services give as their group id. */
export const sampleSnapshot = (services: readonly SnapshotService[], rest: Partial<Snapshot> = {}): Snapshot => {
  const names = [...new Set(services.flatMap(({ groupId }) => (groupId === null ? [] : [groupId])))];
  return {
    schemaVersion: 1,
    version: 4_711,
    builtAt: SAMPLE_NOW,
    dataAsOf: SAMPLE_NOW,
    isDemo: false,
    page: {
      name: "Acme",
      url: "https://status.acme.example",
      timeZone: "UTC",
      languages: ["en", "ko", "ru"],
      createdAt: LONG_AGO,
      updatedAt: LONG_AGO,
    },
    overall: worstOf(services),
    groups: names.map((name, index) => ({
      id: name,
      name,
      position: index + 1,
      createdAt: LONG_AGO,
      updatedAt: LONG_AGO,
    })),
    services: services.map((service, index) => ({ ...service, position: index + 1 })),
    incidents: [],
    ...rest,
  };
};
