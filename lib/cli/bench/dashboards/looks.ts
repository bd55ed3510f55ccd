import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { DAY_MS, MINUTE_MS } from "#lib/core/units.ts";
import { RED_RANGES } from "#lib/read/red-range.ts";
import type { OrganisationSize } from "./config.ts";
import { KINDS } from "./config.ts";

/** One address of a page; `{slo}`, `{service}` and the probes are filled in anew in each round. */
export type Look = { readonly page: string; readonly address: string };

const PROBES = ["plain", "quick", "wide", "journey"] as const;

/** Every range of each kind of probe, which differ in what they are answered from; then a location, and a list of runs. */
const PROBE_LOOKS = [
  ...PROBES.flatMap((kind) => RED_RANGES.map((range) => `/admin/probes/{${kind}}?range=${range}&until={until}`)),
  "/admin/probes/{wide}?range=6h&location=fra&until={until}",
  "/admin/probes/{plain}",
];

/**
 * Addresses of pages whose path has parameters, or whose queries depend on the rest of the address. A page that is not named
 * here is visited by its path.
 */
const LOOKS: Readonly<Record<string, readonly string[]>> = {
  "/admin/[...rest]": ["/admin/no-such-page"],
  "/admin/audit": [
    "/admin/audit",
    "/admin/audit?actor=user:usr_7",
    "/admin/audit?subject=silence/7",
    "/admin/audit?action=silence.created",
    "/admin/audit?from={yesterday}&to={today}",
  ],
  "/admin/incidents": ["/admin/incidents", "/admin/incidents?service=service-3"],
  "/admin/incidents/[id]": ["/admin/incidents/inc_1", "/admin/incidents/inc_open_0"],
  "/admin/incidents/new": [
    "/admin/incidents/new",
    "/admin/incidents/new?alert=alt_10_5",
    "/admin/incidents/new?template=tpl_1",
  ],
  "/admin/maintenance": ["/admin/maintenance", "/admin/maintenance?month={month}"],
  "/admin/maintenance/[id]": ["/admin/maintenance/mnt_20"],
  "/admin/on-call/[id]": ["/admin/on-call/alt_10_5"],
  "/admin/probes/[id]": PROBE_LOOKS,
  "/admin/probes/[id]/[file]": ["red", "heat", "locations", "runs"].map(
    (file) => `/admin/probes/{wide}/${file}.csv?range=6h&until={until}`,
  ),
  "/admin/services/[id]": ["/admin/services/{service}", "/admin/services/service-3"],
  "/admin/services/[id]/[file]": ["dependencies", "states", "steps"].map(
    (file) => `/admin/services/service-3/${file}.csv`,
  ),
  "/admin/slos": ["/admin/slos", "/admin/slos?group=team&state=met", "/admin/slos?group=service&page=5"],
  "/admin/slos/[id]": [
    "/admin/slos/{slo}",
    "/admin/slos/{slo}?spent={month}",
    "/admin/slos/{slo}?objective=99.95&window=14d&policy=default",
  ],
  "/admin/settings/[file]": ["keys", "users"].map((file) => `/admin/settings/${file}.csv`),
  "/admin/slos/[id]/[file]": ["alerts", "exclusions", "feasibility"].map((file) => `/admin/slos/{slo}/${file}.csv`),
  "/admin/slos/[id]/burn-down.csv": ["/admin/slos/{slo}/burn-down.csv"],
  "/admin/slos/[id]/burn.csv": ["/admin/slos/{slo}/burn.csv"],
  "/admin/slos/[id]/ledger.csv": ["/admin/slos/{slo}/ledger.csv"],
  "/admin/subscribers": [
    "/admin/subscribers",
    "/admin/subscribers?state=active",
    "/admin/subscribers?channel=email&state=active",
  ],
  "/admin/webhooks/[id]": ["/admin/webhooks/hook-0", "/admin/webhooks/hook-0?state=dead"],
  "/admin/webhooks/[id]/deliveries.csv": ["/admin/webhooks/hook-0/deliveries.csv"],
  "/admin/webhooks/[id]/deliveries/[deliveryId]/attempts.csv": [
    "/admin/webhooks/hook-0/deliveries/dlv_00000050/attempts.csv",
  ],
  "/admin/webhooks/[id]/deliveries/[deliveryId]": ["/admin/webhooks/hook-0/deliveries/dlv_00000050"],
};

/** Paths of everything that answers below a folder of the app: pages and files beside them. */
const routesBelow = (folder: string, path: string): string[] => [
  ...(["page.tsx", "route.ts"].some((file) => existsSync(join(folder, file))) ? [path] : []),
  ...readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => routesBelow(join(folder, name), name.startsWith("(") ? path : `${path}/${name}`)),
];

/** All pages of the dashboards, as the folder of the app has them, with their addresses. @throws AppError USAGE names pages without one */
export const looksOf = (root: string): Look[] => {
  const pages = routesBelow(join(root, "app", "(admin)", "admin"), "/admin").sort();
  const nameless = pages.filter((page) => page.includes("[") && LOOKS[page] === undefined);
  if (nameless.length > 0)
    throw new AppError("USAGE", `lib/cli/bench/dashboards/looks.ts has no address for ${nameless.join(", ")}`);
  return pages.flatMap((page) => (LOOKS[page] ?? [page]).map((address) => ({ page, address })));
};

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** Numbers of probes of a kind, as `organisationConfig` deals them out. */
const numberOf = (kind: string, turn: number, { services }: OrganisationSize): number => {
  const of50 = (KINDS as Readonly<Record<string, number>>)[kind];
  if (of50 !== undefined) return of50 + 50 * (turn % Math.max(1, Math.floor(services / 50)));
  return (turn * 37 + 10) % services;
};

const isPlain = (index: number): boolean => !Object.values<number>(KINDS).includes(index % 50);

/** The address of one round. */
export const addressIn = (
  { address }: Look,
  turn: number,
  { size, now }: { readonly size: OrganisationSize; readonly now: EpochMs },
): string => {
  const values: Readonly<Record<string, () => string>> = {
    slo: () => `slo-${(turn * 37 + 10) % size.slos}`,
    service: () => `service-${numberOf("any", turn, size)}`,
    plain: () => {
      const index = numberOf("any", turn, size);
      return `probe-${isPlain(index) ? index : (index + 1) % size.services}`;
    },
    quick: () => `probe-${numberOf("quick", turn, size)}`,
    wide: () => `probe-${numberOf("wide", turn, size)}`,
    journey: () => `probe-${numberOf("journey", turn, size)}`,
    until: () => `${new Date(now - (turn % 60) * MINUTE_MS).toISOString().slice(0, 16)}:00Z`,
    month: () =>
      new Date(Date.UTC(new Date(now).getUTCFullYear(), new Date(now).getUTCMonth() - 1, 1)).toISOString().slice(0, 7),
    yesterday: () => day(now - DAY_MS),
    today: () => day(now),
  };
  return address.replace(/\{(\w+)\}/g, (_, name: string) => values[name]?.() ?? name);
};
