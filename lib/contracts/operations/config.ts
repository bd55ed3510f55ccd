import { z } from "zod";
import { ServiceResource, SloResource } from "../api.ts";
import { ConfigPlanResource } from "../config-plan.ts";
import { ConfigResource, ConfigVersionResource } from "../configured.ts";
import { ProbeResource } from "../probes.ts";
import type { Operation } from "./operation.ts";
import { listOf, NoQuery, paging, READ_PROBLEMS, WRITE_PROBLEMS } from "./operation.ts";

// Services, probes and SLOs by API. Their fields are those of nines.yaml in camelCase; the schema of the file judges them,
// so that what is written here is the same as what is written there. Only what is needed to route a body is said here.

const configId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "must be lower-case letters, digits and dashes, at most 63")
  .meta({ description: "For good: no other service, probe or SLO may have it", example: "blog" });
const serviceId = z.string().min(1).max(63).meta({ description: "What it belongs to; may be one of the file" });
const section = (id: string, what: string) =>
  z
    .looseObject({})
    .meta({ id, description: `${what} with the fields of nines.yaml in camelCase: docs/configuration.md` });
const ProbeSection = section("ProbeSection", "A probe");
const SloSection = section("SloSection", "An SLO");
const ThresholdSection = section("ThresholdAlertSection", "A threshold alert");

const serviceFields = {
  name: z.string().meta({ description: "What customers call it" }),
  description: z.string().nullable().optional(),
  group: z.string().nullable().optional(),
  publishSlos: z.boolean().nullable().optional(),
  dependsOn: z.array(z.string()).max(1_000).nullable().optional(),
  probes: z.array(ProbeSection).max(1_000),
  slos: z.array(SloSection).max(1_000).nullable().optional(),
  thresholdAlerts: z.array(ThresholdSection).max(50).nullable().optional(),
};
const CreateServiceBody = z.strictObject({ id: configId, ...serviceFields }).meta({ id: "ServiceCreation" });
const PATCHED = "A merge patch: what is left out stays, null takes a field away, lists are replaced as a whole";
const ChangeServiceBody = z
  .strictObject({ ...serviceFields, name: serviceFields.name.optional(), probes: serviceFields.probes.optional() })
  .meta({ id: "ServiceChange", description: PATCHED });

const isWithoutId = (body: object): boolean => !("id" in body || "serviceId" in body);
const owned = (id: string, what: string) =>
  z
    .looseObject({ serviceId, id: configId })
    .meta({ id, description: `${what} with the fields of nines.yaml in camelCase` });
const patch = (id: string) =>
  z.looseObject({}).refine(isWithoutId, "id and serviceId cannot be changed").meta({ id, description: PATCHED });

type Kind = "Service" | "Probe" | "Slo";
const writes = <const K extends Kind, const P extends string, Create extends z.ZodType, Change extends z.ZodType>(
  kind: K,
  path: P,
  { response, create, change }: { response: z.ZodType; create: Create; change: Change },
) => {
  const tag =
    path === "/v1/services" ? ("services" as const) : path === "/v1/probes" ? ("probes" as const) : ("slos" as const);
  const common = { tag, scope: `${tag}:write` as const, query: NoQuery, problems: WRITE_PROBLEMS, deadlineMs: 10_000 };
  return [
    {
      ...common,
      operationId: `create${kind}` as const,
      method: "POST",
      path,
      summary: `Make ${kind === "Slo" ? "an SLO" : `a ${tag.slice(0, -1)}`} beside those of nines.yaml`,
      body: create,
      response,
      status: 201,
    },
    {
      ...common,
      operationId: `change${kind}` as const,
      method: "PATCH",
      path: `${path}/{id}` as const,
      summary: "Change what was made by API; what the file owns is changed there (409)",
      body: change,
      response,
    },
    {
      ...common,
      operationId: `remove${kind}` as const,
      method: "DELETE",
      path: `${path}/{id}` as const,
      summary: "End what was made by API; what was measured stays",
      response: null,
      status: 204,
    },
  ] as const;
};

export const CONFIG_OPERATIONS = [
  ...writes("Service", "/v1/services", {
    response: ServiceResource,
    create: CreateServiceBody,
    change: ChangeServiceBody,
  }),
  ...writes("Probe", "/v1/probes", {
    response: ProbeResource,
    create: owned("ProbeCreation", "A probe"),
    change: patch("ProbeChange"),
  }),
  ...writes("Slo", "/v1/slos", {
    response: SloResource,
    create: owned("SloCreation", "An SLO"),
    change: patch("SloChange"),
  }),
  {
    operationId: "getConfig",
    method: "GET",
    path: "/v1/config",
    tag: "config",
    summary: "The configuration in force, who made it, and what does not stand in the file",
    scope: "config:read",
    query: NoQuery,
    response: ConfigResource,
    problems: READ_PROBLEMS,
  },
  {
    operationId: "getConfigYaml",
    method: "GET",
    path: "/v1/config/yaml",
    tag: "config",
    summary: "Everything in force as one nines.yaml, with env: in the place of secrets",
    scope: "config:read",
    query: NoQuery,
    response: null,
    produces: ["application/yaml"],
    cost: 5,
    problems: READ_PROBLEMS,
  },
  {
    operationId: "getConfigPlan",
    method: "GET",
    path: "/v1/config/plan",
    tag: "config",
    summary: "What the configuration file would change if it were applied now, or what is wrong with it",
    scope: "config:read",
    query: NoQuery,
    response: ConfigPlanResource,
    cost: 5,
    problems: READ_PROBLEMS,
  },
  {
    operationId: "listConfigVersions",
    method: "GET",
    path: "/v1/config/versions",
    tag: "config",
    summary: "Versions of the configuration: who changed what, the newest first",
    scope: "config:read",
    query: z.strictObject(paging),
    response: listOf(ConfigVersionResource, "ConfigVersionList"),
    problems: READ_PROBLEMS,
  },
] as const satisfies readonly Operation[];
