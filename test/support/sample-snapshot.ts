import type {
  MeasuredState,
  PublicState,
  Snapshot,
  SnapshotDay,
  SnapshotIncident,
  SnapshotService,
  SnapshotSlo,
} from "#lib/contracts/snapshot.ts";

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
const sampleLatency = (meanMs: number, seed: number): (number | null)[] => {
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

const bad = (
  state: Exclude<MeasuredState, "unknown" | "operational">,
  since: string,
  badSlots: number,
): Partial<SnapshotService> => ({
  published: state,
  measured: state,
  lastKnown: state,
  updatedAt: since,
  why: { decidedSlots: 10, expectedSlots: 10, badSlots, windowSeconds: 300, dissentingLocations: [] },
});

const resolved = (
  id: string,
  name: string,
  from: string,
  to: string,
  body: string,
  serviceId: string,
): SnapshotIncident => ({
  id,
  name,
  status: "resolved",
  impact: "major",
  startedAt: from,
  createdAt: from,
  updatedAt: to,
  monitoringAt: null,
  resolvedAt: to,
  serviceIds: [serviceId],
  updates: [{ id: `${id}-u1`, status: "resolved", body, createdAt: to, updatedAt: to, displayAt: to, affected: [] }],
});

const PAST: SnapshotIncident[] = [
  resolved(
    "inc3",
    "Checkout could not take card payments",
    "2026-07-24T09:12:00.000Z",
    "2026-07-24T09:26:00.000Z",
    "An expired certificate at our payment partner.",
    "checkout",
  ),
  resolved(
    "inc2",
    "Checkout failed for some customers",
    "2026-07-18T09:40:00.000Z",
    "2026-07-18T09:49:00.000Z",
    "One of three servers was out of memory.",
    "checkout",
  ),
  resolved(
    "inc1",
    "Order emails arrived late",
    "2026-06-30T11:00:00.000Z",
    "2026-06-30T11:52:00.000Z",
    "Every delayed message was delivered.",
    "mail",
  ),
];

const OPEN: SnapshotIncident = {
  id: "inc4",
  name: "Checkout cannot complete payments",
  status: "identified",
  impact: "critical",
  startedAt: "2026-08-06T13:58:00.000Z",
  createdAt: "2026-08-06T13:59:00.000Z",
  updatedAt: "2026-08-06T14:06:00.000Z",
  monitoringAt: null,
  resolvedAt: null,
  serviceIds: ["checkout"],
  updates: [
    {
      id: "upd2",
      status: "identified",
      body: "Our payment gateway refuses new connections after a configuration change at 13:57. We are undoing the change now and expect payments to work again by 14:20. Your basket is safe, and no one is charged twice.",
      createdAt: "2026-08-06T14:06:00.000Z",
      updatedAt: "2026-08-06T14:06:00.000Z",
      displayAt: "2026-08-06T14:06:00.000Z",
      affected: [{ serviceId: "checkout", oldState: "operational", newState: "major_outage" }],
    },
    {
      id: "upd1",
      status: "investigating",
      body: "Paying for an order fails at the last step. We have seen it and are looking for the cause.",
      createdAt: "2026-08-06T13:59:00.000Z",
      updatedAt: "2026-08-06T13:59:00.000Z",
      displayAt: "2026-08-06T13:59:00.000Z",
      affected: [{ serviceId: "checkout", oldState: "operational", newState: "major_outage" }],
    },
  ],
};

const calmServices = (): SnapshotService[] => [
  sampleService("checkout", "Checkout", {
    groupId: "Shopping",
    description: "Paying for an order, from the basket to the receipt.",
    slos: [
      sampleSlo("checkout-availability", "99.9", 80_270, 80_310),
      sampleSlo("checkout-latency", "99", 79_900, 80_270, { sli: "latency", thresholdMs: 800 }),
    ],
    days: sampleDays({ 58: "degraded_performance", 19: "partial_outage", 13: "major_outage", 8: "under_maintenance" }),
    latencyMs: sampleLatency(310, 3),
    latencyNowMs: 312,
  }),
  sampleService("shop", "Shop API", {
    groupId: "Shopping",
    slos: [sampleSlo("shop-availability", "99", 80_078, 80_310)],
    days: sampleDays({ 77: "degraded_performance", 49: "partial_outage" }),
    latencyMs: sampleLatency(184, 5),
    latencyNowMs: 184,
  }),
  sampleService("search", "Search", {
    groupId: "Shopping",
    slos: [sampleSlo("search-availability", "99.9", 80_288, 80_310)],
    days: sampleDays({ 26: "degraded_performance" }),
    latencyNowMs: 96,
  }),
  sampleService("images", "Product images", { groupId: "Shopping", latencyMs: sampleLatency(41, 7), latencyNowMs: 41 }),
  sampleService("sign-in", "Sign-in", {
    groupId: "Accounts",
    slos: [sampleSlo("sign-in-availability", "99.95", 80_310, 80_310)],
    days: sampleDays({ 69: "under_maintenance", 41: "under_maintenance" }),
    latencyMs: sampleLatency(128, 9),
    latencyNowMs: 128,
  }),
  sampleService("account", "Account area", {
    groupId: "Accounts",
    slos: [sampleSlo("account-availability", "99.9", 80_265, 80_310)],
    days: sampleDays({ 69: "under_maintenance", 41: "under_maintenance" }),
    latencyMs: sampleLatency(205, 11),
    latencyNowMs: 205,
  }),
  sampleService("mail", "Email and messages", {
    groupId: "Accounts",
    slos: [sampleSlo("mail-availability", "99.9", 80_181, 80_310)],
    days: sampleDays({ 84: "unknown", 83: "unknown", 82: "unknown", 37: "partial_outage", 21: "degraded_performance" }),
    latencyMs: sampleLatency(640, 13),
    latencyNowMs: 640,
  }),
  sampleService("public-api", "Public API", {
    groupId: "Developers",
    slos: [sampleSlo("public-api-availability", "99.9", 80_302, 80_310)],
    days: sampleDays({ 23: "degraded_performance" }),
    latencyMs: sampleLatency(77, 15),
    latencyNowMs: 77,
  }),
  sampleService("docs", "Documentation", { groupId: "Developers", latencyMs: sampleLatency(58, 17), latencyNowMs: 58 }),
];

/** Everything works; three incidents lie behind. */
export const calmDay = (): Snapshot => sampleSnapshot(calmServices(), { incidents: PAST });

/** One service down with an open incident, one degraded, one under maintenance, one unseen, two budgets burning. */
export const badDay = (): Snapshot => {
  const burning = (burnRate: number, since: string) => ({ burning: { since, burnRate, severity: "page" as const } });
  const [checkout, shop, search, images, signIn, account, mail, api, docs] = calmServices() as [
    SnapshotService,
    SnapshotService,
    SnapshotService,
    SnapshotService,
    SnapshotService,
    SnapshotService,
    SnapshotService,
    SnapshotService,
    SnapshotService,
  ];
  const outageDays = sampleDays({
    58: "degraded_performance",
    19: "partial_outage",
    13: "major_outage",
    8: "under_maintenance",
    0: "major_outage",
  });
  return sampleSnapshot(
    [
      {
        ...checkout,
        ...bad("major_outage", "2026-08-06T13:58:30.000Z", 10),
        slos: [
          sampleSlo("checkout-availability", "99.9", 80_248, 80_310, burning(150, "2026-08-06T14:00:00.000Z")),
          sampleSlo("checkout-latency", "99", 79_878, 80_248, { sli: "latency", thresholdMs: 800 }),
        ],
        days: outageDays,
        latencyMs: [...checkout.latencyMs.slice(0, 20), null, null, ...checkout.latencyMs.slice(22)],
        latencyNowMs: null,
      },
      {
        ...shop,
        ...bad("degraded_performance", "2026-08-06T14:01:30.000Z", 3),
        why: { decidedSlots: 10, expectedSlots: 10, badSlots: 3, windowSeconds: 300, dissentingLocations: ["Seoul"] },
        slos: [sampleSlo("shop-availability", "99", 79_812, 80_310, burning(14.2, "2026-08-06T14:02:00.000Z"))],
        days: sampleDays({ 77: "degraded_performance", 49: "partial_outage", 0: "degraded_performance" }),
        latencyNowMs: 1_240,
      },
      search,
      images,
      signIn,
      {
        ...account,
        published: "under_maintenance",
        updatedAt: "2026-08-06T13:30:00.000Z",
        days: sampleDays({ 69: "under_maintenance", 41: "under_maintenance", 0: "under_maintenance" }),
      },
      mail,
      api,
      sampleService("webhooks", "Webhooks", {
        groupId: "Developers",
        published: "unknown",
        measured: "unknown",
        updatedAt: "2026-08-06T13:51:00.000Z",
        why: { decidedSlots: 3, expectedSlots: 10, badSlots: 0, windowSeconds: 300, dissentingLocations: [] },
        days: sampleDays({
          ...Object.fromEntries(Array.from({ length: 34 }, (_, index) => [56 + index, "unknown"])),
          0: "unknown",
        }),
        latencyMs: Array(48).fill(null),
        latencyNowMs: null,
      }),
      docs,
    ],
    { incidents: [OPEN, ...PAST] },
  );
};

/** A configuration without services. */
export const emptyPage = (): Snapshot => sampleSnapshot([]);

const unmeasured: Partial<SnapshotService> = {
  hasData: false,
  published: "unknown",
  measured: "unknown",
  startDate: null,
  why: { decidedSlots: 0, expectedSlots: 0, badSlots: 0, windowSeconds: 300, dissentingLocations: [] },
  days: sampleDays(Object.fromEntries(Array.from({ length: 90 }, (_, index) => [index, "unknown"]))),
  latencyMs: Array(48).fill(null),
  latencyNowMs: null,
};

/** Just started: services are configured, nothing has answered yet. */
export const firstMinute = (): Snapshot =>
  sampleSnapshot([
    sampleService("shop", "Shop API", { ...unmeasured, slos: [sampleSlo("shop-availability", "99.9", 0, 0)] }),
    sampleService("search", "Search", unmeasured),
  ]);

/** Our own monitoring has stopped: every service is unknown. */
export const everythingUnknown = (): Snapshot =>
  sampleSnapshot(
    calmServices().map((service) => ({
      ...service,
      published: "unknown" as const,
      measured: "unknown" as const,
      updatedAt: "2026-08-06T13:51:00.000Z",
      latencyNowMs: null,
    })),
  );

/** The page that the size limit is measured with: 20 services, each with an objective and 90 eventful days. */
export const twentyServices = (count = 20): Snapshot =>
  sampleSnapshot(
    Array.from({ length: count }, (_, index) =>
      sampleService(`service-${index + 1}`, `Service number ${index + 1}`, {
        groupId: ["Shopping", "Accounts", "Developers", "Partners"][index % 4] ?? null,
        slos: [sampleSlo(`service-${index + 1}-availability`, "99.9", 80_310 - index * 5, 80_310)],
        days: sampleDays({
          [(index * 37 + 11) % 90]: "major_outage",
          [(index * 53 + 29) % 90]: "partial_outage",
          [(index * 17 + 3) % 90]: "degraded_performance",
          [(index * 71 + 43) % 90]: "under_maintenance",
          [(index * 29 + 61) % 90]: "unknown",
        }),
        latencyMs: sampleLatency(80 + index * 23, index + 1),
        latencyNowMs: 80 + index * 23,
      }),
    ),
    { incidents: PAST },
  );

/** Names that no layout expects, in a page of one language and another zone. */
export const longNames = (): Snapshot => {
  const name = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";
  const page = { ...calmDay().page, name: `${name} ${name}`, timeZone: "Asia/Seoul", languages: ["en"] as const };
  return sampleSnapshot(
    [
      sampleService("long", name, {
        groupId: `Group ${name}`,
        ...bad("partial_outage", "2026-08-06T13:58:30.000Z", 4),
      }),
      sampleService(
        "many-words",
        "A service with a rather long name of many ordinary words that has to wrap somewhere",
        {
          groupId: `Group ${name}`,
          slos: [sampleSlo("many", "99.995", 80_309, 80_310)],
        },
      ),
    ],
    { page: { ...page, languages: [...page.languages] } },
  );
};

/** The page of the bundled demonstration. */
export const demoPage = (): Snapshot =>
  sampleSnapshot(calmServices().slice(0, 3), { isDemo: true, page: { ...calmDay().page, name: "Demo", url: null } });
