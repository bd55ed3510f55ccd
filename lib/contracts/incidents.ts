import { z } from "zod";
import { LANGUAGES } from "#lib/core/languages.ts";
import { PublicState } from "./public-state.ts";
import { IncidentImpact, IncidentStatus } from "./snapshot-incidents.ts";
import { DecimalText, Identifier, Instant } from "./values.ts";

/** Incidents as `/v1/incidents`, events and the command line show them. */

export const IncidentLanguage = z.enum(LANGUAGES);
export type IncidentLanguage = z.infer<typeof IncidentLanguage>;

export const IncidentPublication = z.enum(["draft", "scheduled", "published", "discarded", "merged"]);
export type IncidentPublication = z.infer<typeof IncidentPublication>;

const ServiceImpact = z.strictObject({ serviceId: Identifier, impact: IncidentImpact }).meta({ id: "ServiceImpact" });

const IncidentUpdateResource = z
  .strictObject({
    id: Identifier,
    status: IncidentStatus,
    body: z.string().meta({ description: "Markdown" }),
    affected: z.array(z.strictObject({ serviceId: Identifier, oldState: PublicState, newState: PublicState })),
    impacts: z.array(ServiceImpact).meta({ description: "Impacts that this update set" }),
    displayAt: Instant.meta({ description: "When it is said to have been" }),
    publishAt: Instant.nullable().meta({ description: "When it is published by itself" }),
    publishedAt: Instant.nullable().meta({ description: "Null: it is not on the page yet" }),
    notify: z.boolean().meta({ description: "Whether subscribers are told" }),
    translations: z.partialRecord(IncidentLanguage, z.strictObject({ body: z.string() })),
    createdAt: Instant,
    updatedAt: Instant,
  })
  .meta({ id: "IncidentUpdate" });

export const IncidentResource = z
  .strictObject({
    id: Identifier,
    name: z.string(),
    status: IncidentStatus,
    impact: IncidentImpact,
    publication: IncidentPublication,
    origin: z.enum(["person", "alert"]).meta({ description: "Who opened it" }),
    serviceIds: z.array(Identifier),
    affected: z.array(ServiceImpact).meta({ description: "The impact on each service now" }),
    alertIds: z.array(Identifier),
    mergedInto: Identifier.nullable(),
    startedAt: Instant,
    monitoringAt: Instant.nullable(),
    resolvedAt: Instant.nullable(),
    publishAt: Instant.nullable(),
    publishedAt: Instant.nullable(),
    isHandled: z.boolean().meta({ description: "A person changed it: it is never closed by itself" }),
    asksToResolve: z.boolean().meta({ description: "All has been well for half an hour: is it over?" }),
    translations: z.partialRecord(IncidentLanguage, z.strictObject({ name: z.string() })),
    createdAt: Instant,
    updatedAt: Instant,
    updates: z.array(IncidentUpdateResource).meta({ description: "Newest first" }),
  })
  .meta({ id: "Incident", description: "Something that customers should know about, told in updates" });
export type IncidentResource = z.infer<typeof IncidentResource>;

export const IncidentTemplateResource = z
  .strictObject({
    id: Identifier,
    name: z.string().meta({ description: "What people call the template" }),
    title: z.string(),
    message: z.string().meta({ description: "Markdown" }),
    status: z.enum(["investigating", "identified", "monitoring"]),
    impact: IncidentImpact,
    affected: z.array(ServiceImpact),
    translations: z.partialRecord(
      IncidentLanguage,
      z.strictObject({ title: z.string().optional(), message: z.string().optional() }),
    ),
    managedBy: z
      .enum(["file", "ui"])
      .meta({ description: "`file`: it stands in the configuration and is changed there" }),
    createdAt: Instant,
    updatedAt: Instant,
  })
  .meta({ id: "IncidentTemplate" });
export type IncidentTemplateResource = z.infer<typeof IncidentTemplateResource>;

export const PostmortemDraft = z
  .strictObject({
    incidentId: Identifier,
    title: z.string(),
    text: z.string().meta({ description: "Markdown to begin with: times and figures are filled in, causes are yours" }),
    times: z.strictObject({
      startedAt: Instant,
      firstFailureAt: Instant.nullable().meta({ description: "The first failed run of a probe of these services" }),
      detectedAt: Instant.nullable().meta({ description: "The first alert" }),
      acknowledgedAt: Instant.nullable(),
      resolvedAt: Instant.nullable(),
      detectionSeconds: z.number().nonnegative().nullable(),
      acknowledgementSeconds: z.number().nonnegative().nullable(),
      resolutionSeconds: z.number().nonnegative().nullable(),
    }),
    timeline: z.array(
      z.strictObject({
        at: Instant,
        kind: z.enum(["run", "alert", "state", "update", "acknowledgement"]),
        text: z.string(),
      }),
    ),
    costs: z.array(
      z.strictObject({
        serviceId: Identifier,
        sloId: Identifier,
        objective: DecimalText,
        consumedRatio: DecimalText.nullable().meta({ description: "Share of the whole budget" }),
        bad: z.number().nonnegative(),
        period: z.string().nullable().meta({ description: "YYYY-MM of a calendar month", example: "2026-07" }),
        windowDays: z.number().positive(),
      }),
    ),
  })
  .meta({ id: "PostmortemDraft" });
export type PostmortemDraft = z.infer<typeof PostmortemDraft>;
