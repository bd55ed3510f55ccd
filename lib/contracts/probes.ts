import { z } from "zod";
import { OUTCOME_CLASSES } from "#lib/core/outcome.ts";
import { ManagedBy } from "./configured.ts";
import { DurationText, Identifier, Instant } from "./values.ts";

/**
 * Probes, the parts of them that have a history of their own, and single runs. What a run was told by its target, and where
 * that is, is for people who are signed in: `null` for everybody else. Credentials are in none of these resources.
 */

const OutcomeClass = z
  .enum(OUTCOME_CLASSES)
  .meta({ id: "OutcomeClass", description: "What a run saw; `ok` and `slow` are good" });
const Vote = z
  .enum(["good", "bad", "none"])
  .meta({ id: "Vote", description: "`none` says nothing of the target: blocked, skipped, or a fault of ours" });
const Milliseconds = z.number().nonnegative();
const SIGNED_IN = "null unless signed in";

export const ProbeResource = z
  .strictObject({
    id: Identifier,
    serviceId: Identifier,
    type: z.string().meta({ example: "http" }),
    interval: DurationText,
    timeout: DurationText,
    locations: z.array(Identifier),
    managedBy: ManagedBy.optional(),
    version: z.number().int().positive().meta({ description: "Counts the definitions of this probe from 1" }),
    partCount: z.number().int().nonnegative().meta({ description: "Steps or entries with a history of their own" }),
    definition: z
      .looseObject({})
      .nullable()
      .meta({ description: `As configured, defaults filled in, without credentials; ${SIGNED_IN}` }),
    createdAt: Instant,
    updatedAt: Instant,
  })
  .meta({ id: "Probe", description: "What is checked, how often and from where" });
export type ProbeResource = z.infer<typeof ProbeResource>;

const AssertionFailureResource = z
  .strictObject({
    assertion: z.string(),
    expected: z.string(),
    seen: z.string().meta({ description: "An excerpt of at most 1 kB" }),
  })
  .meta({ id: "AssertionFailure" });

const PartLocation = z
  .strictObject({
    locationId: Identifier,
    class: OutcomeClass,
    vote: Vote,
    since: Instant.meta({ description: "The first run of this class in a row" }),
    at: Instant.meta({ description: "The newest run that told of it" }),
    httpStatus: z.number().int().nullable(),
    durationMs: Milliseconds,
    detail: z.string().nullable().meta({ description: SIGNED_IN }),
  })
  .meta({ id: "PartAtLocation" });

export const PartResource = z
  .strictObject({
    key: z.string().meta({ description: "Stable over runs: the id of a step, the name of an entry" }),
    name: z.string(),
    class: OutcomeClass.nullable().meta({ description: "The worst of its locations; null before the first run" }),
    vote: Vote.nullable(),
    since: Instant.nullable(),
    locations: z.array(PartLocation),
    createdAt: Instant,
  })
  .meta({ id: "Part", description: "A step of a journey, or an entry of a health document" });
export type PartResource = z.infer<typeof PartResource>;

const PhasesResource = z
  .strictObject({
    dns: Milliseconds.nullable(),
    connect: Milliseconds.nullable(),
    tls: Milliseconds.nullable(),
    firstByte: Milliseconds.nullable(),
    transfer: Milliseconds.nullable(),
  })
  .meta({ id: "Phases", description: "Null: not reached, or does not apply" });

export const RunResource = z
  .strictObject({
    probeId: Identifier,
    locationId: Identifier,
    part: z.string().nullable().meta({ description: "Key of the part that this is about; null: the whole run" }),
    scheduledAt: Instant,
    startedAt: Instant.nullable(),
    class: OutcomeClass,
    vote: Vote,
    detail: z.string().nullable().meta({ description: SIGNED_IN }),
    durationMs: Milliseconds,
    phasesMs: PhasesResource.nullable().meta({ description: "Null for a part" }),
    httpStatus: z.number().int().nullable(),
    bytesRead: z.number().int().nonnegative().nullable(),
    address: z
      .string()
      .nullable()
      .meta({ description: `What was connected to; ${SIGNED_IN}` }),
    certificateExpiresAt: Instant.nullable(),
    traceId: z.string().nullable().meta({ description: "Was sent as the trace id of `traceparent`" }),
    isLate: z.boolean().nullable().meta({ description: "Arrived after its minute was closed" }),
    failures: z
      .array(AssertionFailureResource)
      .nullable()
      .meta({ description: `Assertions that did not hold; ${SIGNED_IN}` }),
  })
  .meta({ id: "Run", description: "One execution of a probe at a scheduled instant from one location" });
export type RunResource = z.infer<typeof RunResource>;

const PartTrial = z
  .strictObject({
    key: z.string(),
    name: z.string(),
    class: OutcomeClass,
    vote: Vote,
    detail: z.string().nullable(),
    durationMs: Milliseconds,
    httpStatus: z.number().int().nullable(),
    failures: z.array(AssertionFailureResource),
  })
  .meta({ id: "PartTrial" });

export const ProbeTrialResource = z
  .strictObject({
    probeId: Identifier,
    startedAt: Instant,
    class: OutcomeClass,
    vote: Vote,
    detail: z.string().nullable(),
    durationMs: Milliseconds,
    phasesMs: PhasesResource,
    httpStatus: z.number().int().nullable(),
    bytesRead: z.number().int().nonnegative(),
    address: z.string().nullable(),
    certificateExpiresAt: Instant.nullable(),
    traceId: z.string().nullable().meta({ description: "Was sent as the trace id of `traceparent`" }),
    failures: z.array(AssertionFailureResource),
    parts: z.array(PartTrial),
    isCounted: z.literal(false).meta({ description: "It is stored nowhere and in no SLI" }),
  })
  .meta({ id: "ProbeTrial", description: "One run that somebody asked for, from this installation" });
export type ProbeTrialResource = z.infer<typeof ProbeTrialResource>;

export const PROBE_EXAMPLE: ProbeResource = {
  id: "shop-home",
  serviceId: "shop",
  type: "http",
  interval: "30s",
  timeout: "5s",
  locations: ["fra"],
  version: 1,
  partCount: 0,
  definition: null,
  createdAt: "2026-10-01T08:00:00.000Z",
  updatedAt: "2026-10-01T08:00:00.000Z",
};

export const PART_EXAMPLE: PartResource = {
  key: "database:connections",
  name: "database:connections",
  class: "body_mismatch",
  vote: "bad",
  since: "2026-11-03T14:01:30.000Z",
  locations: [
    {
      locationId: "fra",
      class: "body_mismatch",
      vote: "bad",
      since: "2026-11-03T14:01:30.000Z",
      at: "2026-11-03T14:04:00.000Z",
      httpStatus: 503,
      durationMs: 12.5,
      detail: null,
    },
  ],
  createdAt: "2026-10-01T08:00:30.000Z",
};

export const RUN_EXAMPLE: RunResource = {
  probeId: "shop-home",
  locationId: "fra",
  part: null,
  scheduledAt: "2026-11-03T14:01:30.000Z",
  startedAt: "2026-11-03T14:01:30.004Z",
  class: "bad_status",
  vote: "bad",
  detail: "status 503",
  durationMs: 84.213,
  phasesMs: { dns: 1.204, connect: 9.871, tls: 20.4, firstByte: 52.6, transfer: 0.138 },
  httpStatus: 503,
  bytesRead: 512,
  address: "203.0.113.10",
  certificateExpiresAt: "2027-01-12T00:00:00.000Z",
  traceId: "0af7651916cd43dd8448eb211c80319c",
  isLate: false,
  failures: [{ assertion: "status in", expected: "2xx", seen: "503" }],
};
