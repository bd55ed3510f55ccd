import { z } from "zod";
import type { ZodOpenApiPathsObject } from "zod-openapi";
import { INBOUND_PATHS } from "./inbound-paths.ts";
import {
  AgentWork,
  MAX_PUSH_RUNS,
  OFFSET_HEADER,
  PROBES_PATH,
  PushBody,
  PushResult,
  RUNS_PATH,
  TIME_HEADER,
} from "./ingest.ts";
import { PushedRun } from "./ingest-run.ts";
import { PUBLIC_PATHS } from "./public-paths.ts";

/** Addresses for agents and for Prometheus, which are in no table of operations: what they answer is not JSON of ours, or not read with GET. */

const problem = (name: string) => ({ $ref: `#/components/responses/${name}` });
const METRICS_TEXT = "text/plain; version=0.0.4";
const OPEN_METRICS = "application/openmetrics-text; version=1.0.0";
const plain = (description: string) => ({ description, content: { "text/plain": { schema: z.string() } } });

const TimeHeader = z.object({
  [TIME_HEADER]: z.string().meta({ description: "Milliseconds since 1970 by the clock of this server" }),
});

const INGEST_PATHS: ZodOpenApiPathsObject = {
  [PROBES_PATH]: {
    get: {
      operationId: "pullProbes",
      tags: ["agents"],
      summary: "What the agent of a location is to run, credentials included",
      security: [{ agentToken: [] }],
      requestParams: {
        header: z.object({
          [OFFSET_HEADER]: z.string().optional().meta({ description: "This server's clock minus the agent's, in ms" }),
        }),
      },
      responses: {
        "200": {
          description: "The agent's probes and reference checks",
          headers: TimeHeader,
          content: { "application/json": { schema: AgentWork } },
        },
        "304": { description: "Not modified since the entity tag that was sent." },
        "401": problem("Unauthorized"),
        "503": problem("Unavailable"),
      },
    },
  },
  [RUNS_PATH]: {
    post: {
      operationId: "pushRuns",
      tags: ["agents"],
      summary: "What the agent of a location has seen; runs that are known already change nothing",
      security: [{ agentToken: [] }],
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: PushBody.extend({ runs: z.array(PushedRun).max(MAX_PUSH_RUNS) }).meta({ id: "Push" }),
          },
        },
      },
      responses: {
        "200": {
          description: "What became of the runs",
          headers: TimeHeader,
          content: { "application/json": { schema: PushResult } },
        },
        "400": problem("BadRequest"),
        "401": problem("Unauthorized"),
        "413": problem("TooLarge"),
        "415": problem("UnsupportedMediaType"),
        "503": problem("Unavailable"),
      },
    },
  },
};

const described = (operationId: string, summary: string, format: string): ZodOpenApiPathsObject[string] => ({
  get: {
    operationId,
    tags: ["meta"],
    summary,
    security: [],
    responses: {
      "200": { description: format, content: { "application/json": { schema: z.looseObject({}) } } },
      "304": { description: "Not modified since the entity tag or date that was sent." },
    },
  },
});

export const PROGRAM_PATHS: ZodOpenApiPathsObject = {
  ...INGEST_PATHS,
  ...INBOUND_PATHS,
  ...PUBLIC_PATHS,
  "/probe": {
    get: {
      operationId: "probeForPrometheus",
      tags: ["prometheus"],
      summary: "One check, answered as blackbox_exporter does",
      security: [],
      requestParams: {
        query: z.object({
          target: z
            .string()
            .meta({ description: "What the configuration probes", example: "https://shop.example.com/" }),
          module: z
            .string()
            .optional()
            .meta({ description: "http_2xx (left out), tcp_connect, tls_connect, tls, icmp, dns, grpc, grpc_plain" }),
          debug: z.enum(["true", "false"]).optional().meta({ description: "Says why, before the metrics" }),
        }),
        header: z.object({
          "x-prometheus-scrape-timeout-seconds": z.string().optional().meta({ description: "For how long you wait" }),
        }),
      },
      responses: {
        "200": { description: "Metrics of this check", content: { [METRICS_TEXT]: { schema: z.string() } } },
        "400": plain("The module is not known, or the target is missing or cannot be read."),
        "403": plain("The configuration does not probe this target."),
        "503": plain("Not ready, or too many checks at once: try again after `Retry-After` seconds."),
      },
    },
  },
  "/metrics": {
    get: {
      operationId: "getPrometheusMetrics",
      tags: ["prometheus"],
      summary: "Metrics of all processes of this instance; with exemplars where OpenMetrics is accepted",
      security: [],
      responses: {
        "200": {
          description: "Metrics",
          content: { [METRICS_TEXT]: { schema: z.string() }, [OPEN_METRICS]: { schema: z.string() } },
        },
      },
    },
  },
  "/openapi.json": described("getDescription", "This description", "OpenAPI 3.1"),
  "/asyncapi.json": described("getEventDescription", "The events of webhooks and of the live stream", "AsyncAPI 3.0"),
  "/docs": {
    get: {
      operationId: "getReference",
      tags: ["meta"],
      summary: "This description as a page for people; it loads nothing from elsewhere",
      security: [],
      responses: {
        "200": { description: "A page", content: { "text/html": { schema: z.string() } } },
        "304": { description: "Not modified since the entity tag or date that was sent." },
      },
    },
  },
};
