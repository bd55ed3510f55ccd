import { z } from "zod";
import { parseStatementPeriod } from "#lib/core/statements/period.ts";
import { GateResource, LedgerResource } from "../budgets.ts";
import { StatementResource, StatementSummary } from "../statements.ts";
import { listOperation, wholePaging } from "./list-operation.ts";
import type { Operation } from "./operation.ts";
import { id, instant, NoQuery, READ_ONE_PROBLEMS, WRITE_PROBLEMS } from "./operation.ts";

const isOf = (kind: "month" | "quarter") => (text: string) => parseStatementPeriod(text)?.kind === kind;
const month = z.string().refine(isOf("month"), "must be a month such as 2026-10").meta({ example: "2026-10" });
const quarter = z.string().refine(isOf("quarter"), "must be a quarter such as 2026-Q3").meta({ example: "2026-Q3" });

const IssueStatementBody = z
  .strictObject({
    month: month.optional(),
    quarter: quarter.optional(),
    serviceId: id.optional().meta({ description: "Only this service; without it the whole page" }),
  })
  .refine(({ month: one, quarter: other }) => (one === undefined) !== (other === undefined), {
    message: "give either month or quarter",
    path: ["month"],
  })
  .meta({ id: "StatementCreation" });

export const BUDGET_OPERATIONS = [
  {
    operationId: "getLedger",
    method: "GET",
    path: "/v1/slos/{id}/ledger",
    tag: "slos",
    summary: "Read who spent the error budget: incidents, maintenances, and what nothing answers for",
    scope: null,
    query: z.strictObject({
      from: instant("Start; that of the SLO's window when it is left out"),
      to: instant("End; that of the newest reading when it is left out, and at most"),
    }),
    response: LedgerResource,
    problems: READ_ONE_PROBLEMS,
  },
  {
    operationId: "getGate",
    method: "GET",
    path: "/v1/slos/{id}/gate",
    tag: "slos",
    summary: "Ask whether releases are frozen by the error-budget policy, and why",
    scope: null,
    query: NoQuery,
    response: GateResource,
    problems: READ_ONE_PROBLEMS,
  },
  listOperation({
    operationId: "listStatements",
    path: "/v1/statements",
    tag: "statements",
    summary: "List frozen statements, replaced ones too, the newest first",
    scope: "statements:read",
    query: { ...wholePaging("statements"), period: z.union([month, quarter]).optional(), serviceId: id.optional() },
    item: StatementSummary,
    name: "StatementList",
  }),
  {
    operationId: "getStatement",
    produces: ["text/csv", "text/html"],
    method: "GET",
    path: "/v1/statements/{id}",
    tag: "statements",
    summary: "Read a frozen statement; as CSV or HTML with Accept, or with .csv or .html after the id",
    scope: "statements:read",
    query: NoQuery,
    response: StatementResource,
    problems: READ_ONE_PROBLEMS,
  },
  {
    operationId: "createStatement",
    method: "POST",
    path: "/v1/statements",
    tag: "statements",
    summary:
      "Freeze the statement of a month or a quarter; of one that is not over, a provisional one that is not kept",
    scope: "statements:write",
    query: NoQuery,
    body: IssueStatementBody,
    response: StatementResource,
    status: 201,
    // A quarter of a page with a thousand SLOs is 130 million minutes.
    deadlineMs: 60_000,
    problems: WRITE_PROBLEMS,
  },
] as const satisfies readonly Operation[];
