import type { ZodOpenApiOperationObject } from "zod-openapi";
import { createDocument } from "zod-openapi";
import { isEventType } from "./events.ts";
import { exampleMakerFor, fillExamples, type PathItems } from "./openapi-examples.ts";
import { operationOf, sharedResponses } from "./openapi-operation.ts";
import { SECURITY_SCHEMES, TAGS } from "./openapi-parts.ts";
import { exampleEvent, webhooks } from "./openapi-webhooks.ts";
import { OPERATIONS } from "./operations.ts";
import { PROGRAM_PATHS } from "./program-paths.ts";
import { PUSH_PATHS } from "./push-paths.ts";

/** Where this installation is reached, and components that are known elsewhere: they take the place of ours by name. */
export type DocumentArgs = {
  readonly version: string;
  readonly serverUrl: string;
  readonly sections?: Readonly<Record<string, unknown>>;
};
export type OpenApiDocument = {
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly description: string;
    readonly contact: { readonly name: string; readonly url: string };
    readonly license: { readonly name: string };
  };
  readonly servers: readonly { readonly url: string; readonly description: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: PathItems;
  readonly webhooks: PathItems;
  readonly components: {
    readonly schemas: Readonly<Record<string, unknown>>;
    readonly responses: Readonly<Record<string, { content?: Record<string, { schema?: unknown; example?: unknown }> }>>;
    readonly securitySchemes: Readonly<Record<string, unknown>>;
  };
};

const DESCRIPTION =
  "Services, objectives, error budgets and burn-rate alerts. Reading what the status page shows needs no key. Unknown parameters are refused; fields are only ever added.";
/** The demonstration that `npm start` runs without a configuration. */
const SANDBOX = { url: "http://localhost:3000", description: "Sandbox: the demonstration that `npm start` runs" };

const describedPaths = (): Record<string, Record<string, ZodOpenApiOperationObject>> => {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const operation of OPERATIONS)
    paths[operation.path] = { ...paths[operation.path], [operation.method.toLowerCase()]: operationOf(operation) };
  return Object.assign(paths, PUSH_PATHS, PROGRAM_PATHS);
};

/** Gives each webhook the example of its event, with the resource that its schema names. */
const fillWebhooks = (items: PathItems, schemas: Readonly<Record<string, unknown>>): void => {
  const make = exampleMakerFor(schemas);
  for (const [type, { post }] of Object.entries(items)) {
    for (const media of Object.values(post?.requestBody?.content ?? {})) {
      const { data } = make(media.schema) as { data: unknown };
      if (isEventType(type)) media.example = exampleEvent(type, data);
    }
  }
};

/** Addresses that are in no table of operations say once a group whom they are for. */
const PROGRAM_TEXTS: Readonly<Record<string, string>> = {
  agents: "For agents of remote locations, which sign their tokens with a key of their own.",
  heartbeats: "For work that reports that it ran. The address holds the secret; other tools' forms are kept.",
  prometheus: "In the form that Prometheus, Alertmanager and blackbox_exporter speak.",
  meta: "Made from the tables that the server itself answers from.",
};
const describeProgramPaths = (items: PathItems): void => {
  for (const operation of Object.values(items).flatMap((item) => Object.values(item)))
    operation.description ??= PROGRAM_TEXTS[operation.tags[0] ?? ""] ?? operation.summary;
};

/** The OpenAPI 3.1 document of what this server serves. `serverUrl` is the page's address. */
export const openApiDocument = ({ version, serverUrl, sections = {} }: DocumentArgs): OpenApiDocument => {
  const made = createDocument({
    openapi: "3.1.0",
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    info: {
      title: "Nines",
      version,
      description: DESCRIPTION,
      contact: { name: "Whoever runs this installation", url: serverUrl },
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: serverUrl, description: "Production: this installation" }, SANDBOX],
    tags: [...TAGS],
    paths: describedPaths(),
    webhooks: webhooks(),
    components: { responses: sharedResponses(), securitySchemes: SECURITY_SCHEMES },
  }) as unknown as OpenApiDocument;
  const components = { ...made.components, schemas: { ...made.components.schemas, ...sections } };
  const document: OpenApiDocument = { ...made, components };
  describeProgramPaths(document.paths);
  const make = exampleMakerFor(document.components.schemas);
  fillExamples(document.paths, make);
  for (const { content } of Object.values(document.components.responses))
    for (const media of Object.values(content ?? {})) media.example ??= make(media.schema);
  fillWebhooks(document.webhooks, document.components.schemas);
  return document;
};
