import { describe, expect, test } from "vitest";
import { isScope } from "#lib/core/access/authorise.ts";
import { EVENT_DATA, EVENT_TYPES } from "./events.ts";
import { BODY_EXAMPLES } from "./examples.ts";
import { openApiDocument } from "./openapi.ts";
import { OPERATIONS } from "./operations.ts";

type Media = Record<string, { example?: unknown }>;
type Operation = {
  operationId: string;
  description?: string;
  tags: string[];
  security: Record<string, string[]>[];
  requestBody?: { content: Media };
  responses: Record<string, { content?: Media }>;
  parameters?: { name: string; in: string }[];
};
type Document = {
  openapi: string;
  info: Record<string, unknown>;
  servers: { url: string; description: string }[];
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, { post: Operation }>;
  components: { schemas: Record<string, unknown>; responses: Record<string, unknown>; securitySchemes: object };
};

const text = JSON.stringify(openApiDocument({ version: "1.2.3", serverUrl: "https://status.example.com" }));
const document = JSON.parse(text) as Document;

describe("the OpenAPI document", () => {
  test("declares every operation of the table, once", () => {
    expect(document.openapi).toBe("3.1.0");
    const declared = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(declared).toEqual(expect.arrayContaining(OPERATIONS.map(({ method, path }) => `${method} ${path}`)));
    const ids = Object.values(document.paths).flatMap((item) =>
      Object.values(item).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(OPERATIONS.map(({ operationId }) => operationId)));
  });

  test("every parameter of a path is described", () => {
    for (const [path, item] of Object.entries(document.paths)) {
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const operation of Object.values(item)) {
        const described = (operation.parameters ?? []).filter((one) => one.in === "path").map(({ name }) => name);
        expect(described.sort(), path).toEqual(wanted.sort());
      }
    }
  });

  test("every reference leads somewhere", () => {
    for (const [, kind, name] of text.matchAll(/"#\/components\/(\w+)\/(\w+)"/g)) {
      expect(document.components, `${kind}/${name}`).toHaveProperty([kind as string, name as string]);
    }
  });

  test("has a webhook for every event at its top, its data being the component that the API answers with", () => {
    expect(Object.keys(document.webhooks)).toEqual([...EVENT_TYPES]);
    expect(text).toContain('"AlertFiringEvent":{"type":"object"');
    const alert = document.components.schemas.AlertFiringEvent as { properties: Record<string, unknown> };
    expect(alert.properties.data).toEqual({ $ref: "#/components/schemas/Alert" });
    const got = document.paths["/v1/alerts/{id}"]?.get?.responses["200"]?.content?.["application/json"];
    expect(got).toHaveProperty("schema", { $ref: "#/components/schemas/Alert" });
  });

  test("says who answers for it, under which licence, where it runs and where it can be tried", () => {
    expect(document.info).toMatchObject({
      contact: { url: "https://status.example.com" },
      license: { name: "Apache-2.0" },
    });
    expect(document.servers.map(({ description }) => description.split(":")[0])).toEqual(["Production", "Sandbox"]);
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
    const known = document.tags.map(({ name }) => name);
    for (const { tags, description, operationId } of operations) {
      expect(known, operationId).toEqual(expect.arrayContaining(tags));
      expect(description, operationId).toBeTruthy();
    }
  });

  test("names security schemes and scopes that exist", () => {
    for (const item of Object.values(document.paths)) {
      for (const { security, operationId } of Object.values(item)) {
        for (const [scheme, scopes] of security.flatMap((one) => Object.entries(one))) {
          expect(document.components.securitySchemes, operationId).toHaveProperty(scheme);
          for (const scope of scopes) expect(isScope(scope), `${operationId}: ${scope}`).toBe(true);
        }
      }
    }
  });

  test("says of every operation who may ask, what it takes and what may go wrong", () => {
    for (const { operationId, path, method, scope, body, showsMoreWhenSignedIn = false } of OPERATIONS) {
      const operation = document.paths[path]?.[method.toLowerCase()];
      const more = [{}, { session: [] }, { bearerAuth: ["probes:read"] }];
      const asked = scope === null ? [] : [{ bearerAuth: [scope] }];
      expect(operation?.security, operationId).toEqual(showsMoreWhenSignedIn ? more : asked);
      expect(operation?.requestBody !== undefined, operationId).toBe(body !== undefined);
      const statuses = Object.keys(operation?.responses ?? {});
      if (scope !== null) expect(statuses, operationId).toEqual(expect.arrayContaining(["401", "403"]));
      if (method !== "GET") expect(scope, `${operationId} writes`).not.toBeNull();
      if (method !== "GET") expect(statuses, operationId).toEqual(expect.arrayContaining(["409", "422"]));
    }
    expect(document.components).toHaveProperty(["securitySchemes", "bearerAuth", "scheme"], "bearer");
  });

  test("names the parameters that a list takes", () => {
    const names = document.paths["/v1/alerts"]?.get?.parameters?.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["limit", "after", "before", "fields", "state", "severity", "sloId"]));
  });
});

type Named = (typeof OPERATIONS)[number] & { readonly name: string };

describe("every example is what its schema describes", () => {
  test.each(OPERATIONS.map((operation): Named => ({ ...operation, name: operation.operationId })))(
    "$name",
    (operation) => {
      const described = document.paths[operation.path]?.[operation.method.toLowerCase()];
      const answer = described?.responses[String(operation.status ?? 200)]?.content?.["application/json"]?.example;
      if (operation.response !== null && operation.streams !== true) operation.response.parse(answer);
      const body = described?.requestBody?.content["application/json"]?.example;
      if (operation.body !== undefined) operation.body.parse(body);
    },
  );

  test("of webhooks too", () => {
    for (const type of EVENT_TYPES) {
      const content = document.webhooks[type]?.post.requestBody?.content ?? {};
      const example = content["application/cloudevents+json"]?.example as { type: string; data: unknown };
      expect(example.type).toBe(type);
      EVENT_DATA[type].parse(example.data);
    }
  });

  test("and none is kept for an operation that is gone", () => {
    const ids: readonly string[] = OPERATIONS.map(({ operationId }) => operationId);
    expect(ids).toEqual(expect.arrayContaining(Object.keys(BODY_EXAMPLES)));
  });
});
