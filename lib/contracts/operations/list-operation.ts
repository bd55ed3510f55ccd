import { z } from "zod";
import type { Scope } from "#lib/core/access/authorise.ts";
import type { OperationTag } from "./operation.ts";
import { instant, listOf, offsetPaging, paging, READ_PROBLEMS, searching, sorting, staticListOf } from "./operation.ts";

/*
 * What lists can be asked: one table. A list that is held in memory (the configuration, keys, users …) takes everything:
 * cursors, the offset form, a search, the instant of making and any of its fields to sort by. A list that grows takes
 * what an index or a bounded number of rows serves; which, stands beside the columns in db/queries. A log (events, runs,
 * audit, versions of the configuration) has one order, which is its meaning, and is narrowed by time.
 */

/** The fields that `sort` may name, by the last part of the list's address. */
export const SORT_FIELDS = {
  services: ["createdAt", "updatedAt", "name", "id"],
  slos: ["createdAt", "updatedAt", "serviceId", "id"],
  alerts: ["createdAt", "firedAt", "severity", "state", "serviceId"],
  probes: ["id", "serviceId", "type", "createdAt", "updatedAt"],
  parts: ["key", "name", "createdAt"],
  silences: ["createdAt", "startsAt", "endsAt", "state", "author"],
  keys: ["createdAt", "name", "state", "expiresAt", "lastUsedAt"],
  users: ["login", "name", "role", "state", "createdAt", "updatedAt", "lastSignInAt"],
  endpoints: ["id", "type", "state", "createdAt", "updatedAt"],
  exclusions: ["createdAt", "startsAt", "endsAt", "kind", "state"],
  maintenances: ["createdAt", "startsAt", "title", "state"],
  "incident-templates": ["name", "title", "createdAt", "updatedAt"],
  statements: ["issuedAt", "period", "version", "serviceId"],
  budgets: ["remainingRatio", "consumedRatio", "evaluatedAt", "id"],
  locations: ["id", "name"],
  incidents: ["startedAt", "createdAt", "updatedAt", "name", "status", "impact"],
  "external-alerts": ["firstHeardAt", "lastHeardAt", "startsAt", "state"],
  deliveries: ["createdAt"],
  jobs: ["createdAt", "kind", "status"],
  subscribers: ["createdAt", "updatedAt", "channel", "state"],
} as const satisfies Readonly<Record<string, readonly [string, ...string[]]>>;
export type SortedList = keyof typeof SORT_FIELDS;

export const createdAfter = instant("Only what was made after this instant");

/** Parameters of a list that pages by cursor in the orders of its table. */
export const sortedPaging = (list: SortedList) => ({ ...paging, sort: sorting(SORT_FIELDS[list]) });

/** Parameters of a list that is held in memory and whose items do not say when they were made. */
export const timelessPaging = (list: SortedList) => ({ ...sortedPaging(list), ...offsetPaging, ...searching });

/** Parameters of a list that is held in memory. */
export const wholePaging = (list: SortedList) => ({ ...timelessPaging(list), createdAfter });

/** The row of the table of operations for a list. It has the offset form where its parameters have. */
export const listOperation = <
  const Id extends string,
  const Path extends string,
  const Tag extends OperationTag,
  const Allowed extends Scope | null,
  Shape extends z.ZodRawShape,
>(args: {
  readonly operationId: Id;
  readonly path: Path;
  readonly tag: Tag;
  readonly scope: Allowed;
  readonly summary: string;
  readonly query: Shape;
  readonly item: z.ZodType;
  /** Name of the component. */
  readonly name: string;
}) => {
  const { item, name, query, ...rest } = args;
  return {
    ...rest,
    method: "GET" as const,
    query: z.strictObject(query),
    response: "offset" in query ? staticListOf(item, name) : listOf(item, name),
    problems: READ_PROBLEMS,
  };
};
