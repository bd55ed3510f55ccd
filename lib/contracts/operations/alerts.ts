import { z } from "zod";
import { AlertResource, AlertSeverity } from "../alerts.ts";
import { SilenceResource } from "../silences.ts";
import { listOperation, wholePaging } from "./list-operation.ts";
import type { Operation } from "./operation.ts";
import { bodyInstant, bodyLine, bodyText, id, NoQuery, READ_ONE_PROBLEMS, WRITE_PROBLEMS } from "./operation.ts";

const author = bodyLine(100, "Who, for people to read; without it the name of the key").optional();
const matcher = (description: string) => z.array(id).max(100).default([]).meta({ description });

const CreateSilenceBody = z
  .strictObject({
    serviceIds: matcher("Services whose alerts are silenced; empty for any"),
    sloIds: matcher("SLOs whose alerts are silenced; empty for any"),
    pairs: matcher("Pairs of windows such as page_1h_5m, or threshold_<id>; empty for any"),
    severities: z.array(AlertSeverity).max(2).default([]).meta({ description: "Empty for both" }),
    startsAt: bodyInstant("Now when it is left out").optional(),
    endsAt: bodyInstant("90 days after the start at most"),
    author,
    comment: bodyText(2_000, "Why"),
  })
  .meta({ id: "SilenceCreation", description: "At least one list has to name something" });

const AcknowledgeBody = z
  .strictObject({
    author,
    note: bodyText(2_000, "What is being done").optional(),
    expiresAt: bodyInstant("Without it, until the alert ends or it is taken back").optional(),
  })
  .meta({ id: "AcknowledgementCreation" });

export const ALERT_OPERATIONS = [
  {
    operationId: "acknowledgeAlert",
    method: "POST",
    path: "/v1/alerts/{id}/acknowledge",
    tag: "alerts",
    summary: "Say that somebody looks after a firing alert, in place of who said so before",
    scope: "alerts:write",
    query: NoQuery,
    body: AcknowledgeBody,
    response: AlertResource,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "unacknowledgeAlert",
    method: "POST",
    path: "/v1/alerts/{id}/unacknowledge",
    tag: "alerts",
    summary: "Take the acknowledgement of a firing alert back",
    scope: "alerts:write",
    query: NoQuery,
    response: AlertResource,
    problems: WRITE_PROBLEMS,
  },
  listOperation({
    operationId: "listSilences",
    path: "/v1/silences",
    tag: "silences",
    summary: "List silences of the last 30 days and those to come, the newest first",
    scope: "silences:read",
    query: { ...wholePaging("silences"), state: z.enum(["pending", "active", "expired"]).optional() },
    item: SilenceResource,
    name: "SilenceList",
  }),
  {
    operationId: "getSilence",
    method: "GET",
    path: "/v1/silences/{id}",
    tag: "silences",
    summary: "Read one silence",
    scope: "silences:read",
    query: NoQuery,
    response: SilenceResource,
    problems: READ_ONE_PROBLEMS,
  },
  {
    operationId: "createSilence",
    method: "POST",
    path: "/v1/silences",
    tag: "silences",
    summary: "Silence alerts for a time: they are recorded, but nobody is told",
    scope: "silences:write",
    query: NoQuery,
    body: CreateSilenceBody,
    response: SilenceResource,
    status: 201,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "expireSilence",
    method: "POST",
    path: "/v1/silences/{id}/expire",
    tag: "silences",
    summary: "End a silence now; again, it changes nothing",
    scope: "silences:write",
    query: NoQuery,
    response: SilenceResource,
    problems: WRITE_PROBLEMS,
  },
] as const satisfies readonly Operation[];
