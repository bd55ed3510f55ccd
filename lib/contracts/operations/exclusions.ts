import { z } from "zod";
import { ExclusionKind, ExclusionResource, ExclusionState } from "../exclusions.ts";
import { listOperation, wholePaging } from "./list-operation.ts";
import type { Operation } from "./operation.ts";
import { bodyInstant, bodyText, id, NoQuery, READ_ONE_PROBLEMS, WRITE_PROBLEMS } from "./operation.ts";

const CreateExclusionBody = z
  .strictObject({
    sloId: id.optional(),
    serviceId: id.optional(),
    probeId: id.optional(),
    kind: ExclusionKind.optional().meta({
      description: "Without it `announced` for what is to come and `retroactive` for what has begun",
    }),
    startsAt: bodyInstant("Every minute that the span touches is excluded"),
    endsAt: bodyInstant("366 days after the start at most"),
    reason: bodyText(2_000, "Why; it is shown in ledgers and statements"),
  })
  .refine(({ sloId, serviceId, probeId }) => [sloId, serviceId, probeId].filter(Boolean).length === 1, {
    message: "name exactly one of sloId, serviceId and probeId",
    path: ["sloId"],
  })
  .meta({ id: "ExclusionCreation" });

export const EXCLUSION_OPERATIONS = [
  listOperation({
    operationId: "listExclusions",
    path: "/v1/exclusions",
    tag: "exclusions",
    summary: "List exclusions, revoked ones too, the newest first",
    scope: "exclusions:read",
    query: {
      ...wholePaging("exclusions"),
      state: ExclusionState.optional(),
      kind: ExclusionKind.optional(),
      sloId: id.optional(),
      serviceId: id.optional(),
      probeId: id.optional(),
    },
    item: ExclusionResource,
    name: "ExclusionList",
  }),
  {
    operationId: "getExclusion",
    method: "GET",
    path: "/v1/exclusions/{id}",
    tag: "exclusions",
    summary: "Read one exclusion",
    scope: "exclusions:read",
    query: NoQuery,
    response: ExclusionResource,
    problems: READ_ONE_PROBLEMS,
  },
  {
    operationId: "createExclusion",
    method: "POST",
    path: "/v1/exclusions",
    tag: "exclusions",
    summary: "Exclude a time from what counts; the author is the key that asks",
    scope: "exclusions:write",
    query: NoQuery,
    body: CreateExclusionBody,
    response: ExclusionResource,
    status: 201,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "approveExclusion",
    method: "POST",
    path: "/v1/exclusions/{id}/approve",
    tag: "exclusions",
    summary: "Let a retroactive exclusion count, as a second person",
    scope: "exclusions:write",
    query: NoQuery,
    response: ExclusionResource,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "revokeExclusion",
    method: "POST",
    path: "/v1/exclusions/{id}/revoke",
    tag: "exclusions",
    summary: "Revoke an exclusion for good: figures are what they were without it",
    scope: "exclusions:write",
    query: NoQuery,
    response: ExclusionResource,
    problems: WRITE_PROBLEMS,
  },
] as const satisfies readonly Operation[];
