import { z } from "zod";
import { PartResource, ProbeResource, ProbeTrialResource, RunResource } from "../probes.ts";
import { listOperation, wholePaging } from "./list-operation.ts";
import type { Operation } from "./operation.ts";
import { id, instant, listOf, NoQuery, paging, READ_ONE_PROBLEMS, WRITE_PROBLEMS } from "./operation.ts";

const ListRunsQuery = z.strictObject({
  ...paging,
  probe: id.meta({ description: "Identifier of the probe", example: "shop-home" }),
  location: id.optional().meta({ description: "Only runs from this location" }),
  from: instant("Only runs that were scheduled at this instant or later"),
  to: instant("Only runs that were scheduled before this instant"),
  part: z.string().min(1).max(200).optional().meta({ description: "What runs saw of this part: its `key`" }),
});

/** Probes, their parts and single runs: a share of the table of operations. */
export const PROBE_OPERATIONS = [
  {
    ...listOperation({
      operationId: "listProbes",
      path: "/v1/probes",
      tag: "probes",
      summary: "List probes in the order of the file",
      scope: null,
      query: { ...wholePaging("probes"), serviceId: id.optional() },
      item: ProbeResource,
      name: "ProbeList",
    }),
    showsMoreWhenSignedIn: true,
  },
  {
    operationId: "getProbe",
    method: "GET",
    path: "/v1/probes/{id}",
    tag: "probes",
    summary: "Read one probe",
    scope: null,
    query: NoQuery,
    response: ProbeResource,
    showsMoreWhenSignedIn: true,
    problems: READ_ONE_PROBLEMS,
  },
  {
    ...listOperation({
      operationId: "listParts",
      path: "/v1/probes/{id}/parts",
      tag: "probes",
      summary: "List the parts of a probe with what they are now and since when",
      scope: null,
      query: wholePaging("parts"),
      item: PartResource,
      name: "PartList",
    }),
    showsMoreWhenSignedIn: true,
    problems: READ_ONE_PROBLEMS,
  },
  {
    operationId: "runProbe",
    method: "POST",
    path: "/v1/probes/{id}/run",
    tag: "probes",
    summary: "Run a probe once from this installation, within 10 s; nothing counts the run",
    scope: "probes:write",
    query: NoQuery,
    response: ProbeTrialResource,
    cost: 10,
    worksOutside: true,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "listRuns",
    method: "GET",
    path: "/v1/runs",
    tag: "probes",
    summary: "List runs of a probe, or what they saw of one part, the newest first",
    scope: null,
    query: ListRunsQuery,
    response: listOf(RunResource, "RunList"),
    showsMoreWhenSignedIn: true,
    problems: READ_ONE_PROBLEMS,
  },
] as const satisfies readonly Operation[];
