import { shownEndpoint } from "#lib/commands/endpoints/endpoint-facts.ts";
import { listOwnSessions, loadOwnAccount } from "#lib/commands/identity/own-account.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { subscriberResource } from "#lib/commands/subscribers/subscriber-facts.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, durationMs } from "#lib/core/units.ts";
import { listKeys } from "#lib/read/api-keys.ts";
import { listAudit } from "#lib/read/audit.ts";
import { getConfig, listConfigVersions } from "#lib/read/config.ts";
import { getDelivery, listDeliveries } from "#lib/read/deliveries.ts";
import { getEndpoint, listEndpoints } from "#lib/read/endpoints.ts";
import { loadSignInChoices, readIdentitySettings } from "#lib/read/identity-settings.ts";
import { loadDesk, loadDeskIncident, loadDeskTemplates, loadNewIncident } from "#lib/read/incident-desk.ts";
import { loadKeyTerms } from "#lib/read/key-terms.ts";
import { calendarMaintenances, getMaintenance, listMaintenances } from "#lib/read/maintenances.ts";
import { getMeta } from "#lib/read/meta.ts";
import { loadOnCall, loadOnCallAlert } from "#lib/read/on-call.ts";
import { loadProbeDashboard } from "#lib/read/probe-dashboard.ts";
import { RED_RANGES } from "#lib/read/red-range.ts";
import { loadServiceDashboard, loadServiceOverview } from "#lib/read/service-dashboard.ts";
import { loadServices } from "#lib/read/services.ts";
import { loadCourses } from "#lib/read/slo/course.ts";
import { loadSlo, loadSloOverview } from "#lib/read/slo/dashboard.ts";
import { loadBacktest, loadLedger, loadSloExpectations } from "#lib/read/slo/expectations.ts";
import { loadSparks } from "#lib/read/slo/sparks.ts";
import { listStatements } from "#lib/read/statements.ts";
import { listSubscribers, subscriberCounts } from "#lib/read/subscribers.ts";
import { listUsers } from "#lib/read/users.ts";
import type { Database } from "#lib/read/web-context.ts";

/** What dashboards import and what asks the database nothing. */
export const ASKS_NOTHING: ReadonlySet<string> = new Set([
  ...["CODES_COOKIE", "codesContext", "DEFAULT_RED_RANGE", "isRedRange", "RED_RANGES", "HISTORY_DAYS", "NO_TEAM"],
  ...[
    "OVERVIEW_STATES",
    "cookieValue",
    "findRequestSession",
    "getWebContext",
    "mayDo",
    "overviewOf",
    "overviewQueryOf",
  ],
  ...["stateOf", "teamOf", "expandStarts", "HORIZON_MS", "shownEndpoint", "subscriberResource"],
]);

type LoadArgs = {
  readonly database: Database;
  readonly box: SecretBox;
  readonly cookie: string;
  readonly now: EpochMs;
};

const PAGE = { limit: 20 } as const;

const loadProbes = async ({ cookie, now }: LoadArgs): Promise<void> => {
  for (const probeId of ["probe-1", "probe-3", "probe-5", "probe-7"]) {
    for (const range of RED_RANGES)
      await loadProbeDashboard(cookie, { probeId, range, location: null, until: addMs(now, -60_000) });
  }
  const ask = { probeId: "probe-7", range: "6h", location: "fra", until: null } as const;
  const first = await loadProbeDashboard(cookie, ask);
  await loadProbeDashboard(cookie, { ...ask, after: first?.runs.pagination.nextCursor ?? undefined });
};

const loadOneSlo = async ({ cookie }: LoadArgs): Promise<void> => {
  const found = await loadSlo(cookie, "slo-1");
  if (found === null) return;
  await loadCourses(cookie, found.slo, "UTC");
  await loadSloExpectations(cookie, found.slo);
  await loadLedger(cookie, "slo-1", {});
  await loadBacktest(cookie, { id: "slo-1", objective: "99.5", window: durationMs(7 * DAY_MS) });
};

const loadAudit = async ({ database, now }: LoadArgs): Promise<void> => {
  const filters = [{}, { actor: "user:usr_7" }, { subject: "silence/7" }, { action: "silence.created" }];
  for (const filter of [...filters, { from: addMs(now, -DAY_MS), to: now }])
    await listAudit(database, { ...filter, ...PAGE });
};

/** Every read of the dashboards, by the names of the functions that it goes through. */
export const LOADS: readonly {
  readonly names: readonly string[];
  readonly load: (args: LoadArgs) => Promise<unknown>;
}[] = [
  { names: ["loadProbeDashboard"], load: loadProbes },
  { names: ["loadSlo", "loadCourses", "loadSloExpectations", "loadLedger", "loadBacktest"], load: loadOneSlo },
  {
    names: ["loadSloOverview", "loadSparks"],
    load: async ({ cookie }) => loadSparks(cookie, await loadSloOverview(cookie)),
  },
  { names: ["loadServiceOverview"], load: ({ cookie }) => loadServiceOverview(cookie) },
  {
    names: ["loadServiceDashboard"],
    load: async ({ cookie }) => [
      await loadServiceDashboard(cookie, "service-3"),
      await loadServiceDashboard(cookie, "service-7"),
    ],
  },
  { names: ["loadServices"], load: ({ database }) => loadServices(database, null) },
  { names: ["loadOnCall"], load: ({ cookie }) => loadOnCall(cookie) },
  { names: ["loadOnCallAlert"], load: ({ cookie }) => loadOnCallAlert(cookie, "alt_0_5") },
  {
    names: ["loadDesk"],
    load: async ({ cookie }) => [await loadDesk(cookie, {}), await loadDesk(cookie, { service: "service-1" })],
  },
  {
    names: ["loadDeskIncident"],
    load: async ({ cookie }) => [await loadDeskIncident(cookie, "inc_0"), await loadDeskIncident(cookie, "inc_open_0")],
  },
  { names: ["loadDeskTemplates"], load: ({ cookie }) => loadDeskTemplates(cookie) },
  {
    names: ["loadNewIncident"],
    load: ({ cookie }) => loadNewIncident(cookie, { alertId: "alt_0_5", templateId: "tpl_1" }),
  },
  {
    names: ["getConfig", "listConfigVersions"],
    load: async ({ database }) => [await getConfig(database), await listConfigVersions(database, PAGE)],
  },
  {
    names: ["getDelivery", "listDeliveries"],
    load: async ({ database }) => [
      await getDelivery(database, "dlv_00000050"),
      await listDeliveries(database, { ...PAGE, endpoint: "hook-0", event: null, state: null }),
      await listDeliveries(database, { ...PAGE, endpoint: "hook-0", event: null, state: "dead" }),
    ],
  },
  {
    names: ["getEndpoint", "listEndpoints"],
    load: async ({ database, box, now }) => [
      await getEndpoint(database, "hook-0", (row) => shownEndpoint(box, row, now)),
      await listEndpoints(database, PAGE, (row) => shownEndpoint(box, row, now)),
    ],
  },
  {
    names: ["calendarMaintenances", "getMaintenance", "listMaintenances"],
    load: async ({ database, now }) => [
      await getMaintenance(database, "mnt_20", now),
      await calendarMaintenances(database, { limit: 100, since: addMs(now, -60 * DAY_MS) }, now),
      await listMaintenances(database, PAGE, now),
    ],
  },
  {
    names: ["getMeta"],
    load: ({ database, now }) => getMeta(database, { snapshot: null, version: "", now, rateLimit: null }),
  },
  { names: ["listAudit"], load: loadAudit },
  {
    names: ["listKeys", "loadKeyTerms"],
    load: async ({ database, now }) => [await listKeys(database, PAGE, now), await loadKeyTerms(database, "key_1")],
  },
  {
    names: ["listOwnSessions", "loadOwnAccount"],
    load: async ({ database, box, now }) => [
      await listOwnSessions(database, { userId: "usr_1", now }),
      await loadOwnAccount(database, { userId: "usr_1", secretBox: box }),
    ],
  },
  { names: ["listStatements"], load: ({ database }) => listStatements(database, PAGE) },
  {
    names: ["listSubscribers", "subscriberCounts"],
    load: async ({ database, box }) => [
      await listSubscribers(database, PAGE, (row) => subscriberResource(box, row)),
      await subscriberCounts(database),
    ],
  },
  { names: ["listUsers"], load: ({ database }) => listUsers(database, PAGE) },
  {
    names: ["loadSignInChoices", "readIdentitySettings"],
    load: async ({ database }) => [await loadSignInChoices(), await readIdentitySettings(database)],
  },
];
