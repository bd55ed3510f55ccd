import { z } from "zod";
import { LANGUAGES } from "#lib/core/languages.ts";
import { SnapshotInstant as Instant, PublicState } from "./public-state.ts";

/** Incidents in the snapshot: what is published, with everything that pages, feeds and `/api/v2` say of them. */

export const IncidentStatus = z.enum(["investigating", "identified", "monitoring", "resolved", "postmortem"]);
export type IncidentStatus = z.infer<typeof IncidentStatus>;
export const IncidentImpact = z.enum(["none", "minor", "major", "critical"]);
export type IncidentImpact = z.infer<typeof IncidentImpact>;

const Language = z.enum(LANGUAGES);

export const SnapshotIncidentUpdate = z.strictObject({
  id: z.string(),
  status: IncidentStatus,
  /** As it was written: markdown, which reads as plain text too. */
  body: z.string(),
  /** The body as safe HTML. */
  bodyHtml: z.string().optional(),
  createdAt: Instant,
  updatedAt: Instant,
  displayAt: Instant,
  /** False: subscribers are not told. */
  notify: z.boolean().optional(),
  affected: z.array(z.strictObject({ serviceId: z.string(), oldState: PublicState, newState: PublicState })),
  translations: z.partialRecord(Language, z.strictObject({ body: z.string(), bodyHtml: z.string() })).optional(),
});
export type SnapshotIncidentUpdate = z.infer<typeof SnapshotIncidentUpdate>;

/** What an incident spent of one error budget. */
const SnapshotIncidentCost = z.strictObject({
  serviceId: z.string(),
  sloId: z.string(),
  /** Share of the whole budget: 0.31 is 31 %, above 1 is overspent. */
  share: z.number().nonnegative(),
  /** The month that the budget is of, YYYY-MM; null where the window is none of the calendar's months. */
  period: z.string().nullable(),
  windowDays: z.number().positive(),
});

export const SnapshotIncident = z.strictObject({
  id: z.string(),
  name: z.string(),
  status: IncidentStatus,
  impact: IncidentImpact,
  startedAt: Instant,
  createdAt: Instant,
  updatedAt: Instant,
  monitoringAt: Instant.nullable(),
  resolvedAt: Instant.nullable(),
  serviceIds: z.array(z.string()),
  /** Newest first. */
  updates: z.array(SnapshotIncidentUpdate),
  /** The impact on each service now, or when it ended. */
  affected: z.array(z.strictObject({ serviceId: z.string(), impact: IncidentImpact })).optional(),
  /** The impact on each service over time; `until` null: it goes on. */
  impactSpans: z
    .array(
      z.strictObject({
        serviceId: z.string(),
        spans: z.array(z.strictObject({ from: Instant, until: Instant.nullable(), impact: IncidentImpact })),
      }),
    )
    .optional(),
  costs: z.array(SnapshotIncidentCost).optional(),
  postmortem: z
    .strictObject({
      bodyHtml: z.string(),
      publishedAt: Instant,
      translations: z.partialRecord(Language, z.strictObject({ bodyHtml: z.string() })).optional(),
    })
    .nullable()
    .optional(),
  translations: z.partialRecord(Language, z.strictObject({ name: z.string() })).optional(),
});
export type SnapshotIncident = z.infer<typeof SnapshotIncident>;
