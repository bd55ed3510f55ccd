import { z } from "zod";
import { AuditEntryResource } from "../audit.ts";
import type { Operation } from "./operation.ts";
import { instant, listOf, paging, READ_PROBLEMS } from "./operation.ts";

const filter = (description: string) =>
  z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^\0]*$/)
    .optional()
    .meta({ description });

const AUDIT_FILTERS = {
  actor: filter("Who, exactly: `user:usr_…`, `cli`"),
  action: filter("What, exactly, or all of one thing with a dot at the end: `user.`"),
  subject: filter("Of which thing, exactly"),
  from: instant("At or after"),
  to: instant("Before"),
};

export const AUDIT_OPERATIONS = [
  {
    operationId: "listAudit",
    method: "GET",
    path: "/v1/audit",
    tag: "audit",
    summary: "The audit log, the newest first",
    scope: "audit:read",
    query: z.strictObject({ ...AUDIT_FILTERS, ...paging }),
    response: listOf(AuditEntryResource, "AuditList"),
    problems: READ_PROBLEMS,
  },
  {
    operationId: "exportAudit",
    method: "GET",
    path: "/v1/audit/export",
    tag: "audit",
    summary: "The audit log as a file, the oldest first: NDJSON, which can be verified offline, or CSV",
    scope: "audit:read",
    query: z.strictObject({
      ...AUDIT_FILTERS,
      format: z.enum(["ndjson", "csv"]).default("ndjson").meta({ description: "The file's format" }),
      after: z
        .string()
        .regex(/^\d{1,18}$/, "is no place in the chain")
        .optional()
        .meta({ description: "Go on after this place in the chain: the `sequence` of the last row of a full file" }),
    }),
    response: z.array(AuditEntryResource),
    produces: ["application/x-ndjson", "text/csv"],
    cost: 10,
    problems: READ_PROBLEMS,
  },
] as const satisfies readonly Operation[];
