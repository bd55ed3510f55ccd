import type { MeasuredState, Snapshot, SnapshotService } from "#lib/contracts/snapshot.ts";
import { sampleDays, sampleLatency, sampleService, sampleSlo, sampleSnapshot } from "./sample-builders.ts";
import { OPEN_INCIDENT, PAST_INCIDENTS, TOLD_INCIDENT } from "./sample-incidents.ts";
import { MAINTENANCES } from "./sample-maintenances.ts";

export { SAMPLE_NOW, sampleDays, sampleService, sampleSlo, sampleSnapshot } from "./sample-builders.ts";

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
export const calmDay = (): Snapshot => sampleSnapshot(calmServices(), { incidents: PAST_INCIDENTS });

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
    { incidents: [OPEN_INCIDENT, ...PAST_INCIDENTS] },
  );
};

const SVG_LOGO = `data:image/svg+xml;base64,${btoa('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 28"><path fill="#7a3fc2" d="M0 28 14 0l14 28zM26 28 33 14l7 14z"/></svg>')}`;

/** A page that uses everything: the bad day with planned work, a post-mortem, nested groups, exclusions, and looks of its own. */
export const fullDay = (): Snapshot => {
  const day = badDay();
  const services = day.services.map((service): SnapshotService => {
    const why = {
      ...service.why,
      decidedBy: { sli: "availability" as const, thresholdMs: null, objective: service.slos[0]?.objective ?? null },
    };
    const slos = service.slos.map((slo, index) =>
      service.id === "account" && index === 0
        ? {
            ...slo,
            raw: { good: slo.good - 120, total: slo.total + 30, attained: (slo.good - 120) / (slo.total + 30) },
          }
        : slo,
    );
    const isInner = service.id === "search" || service.id === "images";
    return { ...service, why, slos, groupId: isInner ? "Shopping / Finding things" : service.groupId };
  });
  return sampleSnapshot(services, {
    incidents: [OPEN_INCIDENT, TOLD_INCIDENT, ...PAST_INCIDENTS.slice(1)],
    maintenances: MAINTENANCES,
    page: {
      ...day.page,
      description: "How the services of Acme are, measured from outside every half minute.",
      logo: SVG_LOGO,
      accent: { light: "#6d2fb5", dark: "#d2b3ff" },
      footerLinks: [{ label: "Help", url: "https://acme.example/help" }],
      searchEngines: false,
    },
  });
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
    { incidents: PAST_INCIDENTS },
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
