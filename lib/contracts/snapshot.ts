import { z } from "zod";
import { LANGUAGES } from "#lib/core/languages.ts";
import { SnapshotInstant as Instant, MeasuredState, PublicState } from "./public-state.ts";
import { ArchiveEntry } from "./snapshot-archive.ts";
import { SnapshotIncident } from "./snapshot-incidents.ts";
import { SnapshotMaintenance, SnapshotMaintenanceRule } from "./snapshot-maintenances.ts";
import { SnapshotPage } from "./snapshot-pages.ts";

export { MeasuredState, PublicState } from "./public-state.ts";
export { IncidentImpact, IncidentStatus, SnapshotIncident, SnapshotIncidentUpdate } from "./snapshot-incidents.ts";

/**
 * The snapshot: everything that the public page, `/api/v2` and feeds show, built once by the engine and served many
 * times by web roles that may have lost the database. It holds public facts only: no URL of a probe, no secret.
 * Instants are ISO 8601 in UTC with milliseconds. Fields are added, never renamed.
 */

/** One UTC-independent calendar day in the page's time zone. */
export const SnapshotDay = z.strictObject({
  /** YYYY-MM-DD in the page's time zone. */
  date: z.iso.date(),
  /** The worst state of the day; `unknown` when nothing was measured. */
  worst: PublicState,
  /** Seconds spent in each state; states that did not occur are left out. They sum to at most a day. */
  seconds: z.partialRecord(PublicState, z.number().nonnegative()),
});
export type SnapshotDay = z.infer<typeof SnapshotDay>;

export const SnapshotSlo = z.strictObject({
  id: z.string(),
  sli: z.enum(["availability", "latency"]),
  /** Only for latency. */
  thresholdMs: z.number().positive().nullable(),
  /** Percent, decimal string: "99.9". */
  objective: z.string(),
  /** The nominal length where the window is a period of the calendar. */
  windowDays: z.number().positive(),
  /** Left out for rolling windows. */
  calendar: z.enum(["day", "week", "month", "quarter", "year"]).optional(),
  /** Whole, but where slices count that may be bad in part. */
  good: z.number().nonnegative(),
  total: z.number().int().nonnegative(),
  /** Decided / expected slots of the window so far, 0..1; null before the first expected slot. */
  coverage: z.number().min(0).max(1).nullable(),
  /** good / total; null without data. Exact values are good and total. */
  attained: z.number().min(0).max(1).nullable(),
  /** Signed share of the budget left (1 = untouched, below 0 = overspent); null without data. */
  budgetRemaining: z.number().nullable(),
  /** attained >= objective, judged exactly; null without data. */
  isMet: z.boolean().nullable(),
  /** The worst firing pair (page before ticket), else null. */
  burning: z.strictObject({ since: Instant, burnRate: z.number(), severity: z.enum(["page", "ticket"]) }).nullable(),
  /** Before exclusions, where they change anything: what the same window counts without leaving anything out. */
  raw: z
    .strictObject({
      good: z.number().nonnegative(),
      total: z.number().int().nonnegative(),
      attained: z.number().min(0).max(1).nullable(),
    })
    .optional(),
});
export type SnapshotSlo = z.infer<typeof SnapshotSlo>;

export const SnapshotService = z.strictObject({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  /** Id of a group, or null. */
  groupId: z.string().nullable(),
  /** From 1, restarts inside each group. */
  position: z.number().int().positive(),
  createdAt: Instant,
  /** When the published state changed last. */
  updatedAt: Instant,
  /** YYYY-MM-DD of the first measured day, or null. */
  startDate: z.iso.date().nullable(),
  /** False until the first decided slot: such a service is not yet in the Statuspage API. */
  hasData: z.boolean(),
  /** What customers are shown. */
  published: PublicState,
  /** The last published state that was not unknown; what the Statuspage API shows. */
  lastKnown: PublicState.exclude(["unknown"]),
  /** What was measured, before incidents and maintenance. */
  measured: MeasuredState,
  /** One short sentence of facts behind `measured`, for "why?": counts, not prose for customers. */
  why: z.strictObject({
    decidedSlots: z.number().int().nonnegative(),
    expectedSlots: z.number().int().nonnegative(),
    badSlots: z.number().int().nonnegative(),
    windowSeconds: z.number().nonnegative(),
    /** Names of locations that disagree with the majority. */
    dissentingLocations: z.array(z.string()),
    /** Names of locations that are blind, so that their votes do not count, or that have not reported lately. */
    locationsWithoutData: z.array(z.string()).optional(),
    /** Which SLI decided, and what it promises; left out where no SLI is watched. */
    decidedBy: z
      .strictObject({
        sli: z.enum(["availability", "latency"]),
        thresholdMs: z.number().positive().nullable(),
        /** Percent; null for a service without objectives, or one that does not publish them. */
        objective: z.string().nullable(),
      })
      .optional(),
  }),
  slos: z.array(SnapshotSlo),
  /** The last 90 days, oldest first, today last. */
  days: z.array(SnapshotDay),
  /** Mean response time of good runs in each of the last 48 half hours, oldest first; null where nothing answered. */
  latencyMs: z.array(z.number().nonnegative().nullable()),
  /** Mean response time of the newest complete minute with an answer, within the last ten minutes; else null. */
  latencyNowMs: z.number().nonnegative().nullable(),
});
export type SnapshotService = z.infer<typeof SnapshotService>;

export const Snapshot = z.strictObject({
  schemaVersion: z.literal(1),
  /** Grows at every publication. */
  version: z.number().int().positive(),
  builtAt: Instant,
  /** Up to when the probes are known: `builtAt` while no run is missing that was due, else the first slot without any run. */
  dataAsOf: Instant,
  isDemo: z.boolean(),
  page: z.strictObject({
    name: z.string(),
    url: z.string().nullable(),
    timeZone: z.string(),
    languages: z.array(z.enum(LANGUAGES)).min(1),
    createdAt: Instant,
    updatedAt: Instant,
    description: z.string().optional(),
    /** An image as a `data:` address. */
    logo: z.string().optional(),
    /** Colour of links, `#rrggbb`. */
    accent: z.strictObject({ light: z.string(), dark: z.string() }).optional(),
    footerLinks: z.array(z.strictObject({ label: z.string(), url: z.string() })).optional(),
    /** Left out: search engines may list the page. */
    searchEngines: z.boolean().optional(),
    /** Left out: five. */
    statuspageIndicators: z.enum(["four", "five"]).optional(),
  }),
  /** The worst published state of all services. */
  overall: PublicState,
  /** Ordered. */
  groups: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      position: z.number().int().positive(),
      createdAt: Instant,
      updatedAt: Instant,
    }),
  ),
  /** Ordered as on the page: grouped services follow their group's order; those without a group come last. */
  services: z.array(SnapshotService),
  /** The 50 newest, newest first, of any status. */
  incidents: z.array(SnapshotIncident),
  /** What is planned or under way, the soonest first, then what is over, the newest first. */
  maintenances: z.array(SnapshotMaintenance).optional(),
  /** The rules behind maintenance that recurs, for calendars. */
  maintenanceRules: z.array(SnapshotMaintenanceRule).optional(),
  /** The main page first; left out where there is no other and it shows everything to everybody. */
  pages: z.array(SnapshotPage).optional(),
  /** What is over, also long ago, newest first. Who serves the page adds it: it is not published with every snapshot. */
  archive: z.array(ArchiveEntry).readonly().optional(),
});
export type Snapshot = z.infer<typeof Snapshot>;
