import { describe, expect, test } from "vitest";
import { AlertResource, ServiceResource, SloResource } from "./api.ts";
import { ApiKeyResource } from "./api-keys.ts";
import {
  ALERT_EXAMPLE,
  KEY_EXAMPLE,
  RESOLVED_ALERT_EXAMPLE,
  SERVICE_EXAMPLE,
  SILENCE_EXAMPLE,
  SLO_EXAMPLE,
} from "./examples.ts";
import { openApiDocument } from "./openapi.ts";
import { OPERATIONS } from "./operations.ts";
import { PART_EXAMPLE, PartResource, PROBE_EXAMPLE, ProbeResource, RUN_EXAMPLE, RunResource } from "./probes.ts";
import { SilenceResource } from "./silences.ts";

type Document = {
  openapi: string;
  paths: Record<
    string,
    Record<
      string,
      {
        operationId: string;
        security: unknown;
        requestBody?: unknown;
        responses: Record<string, unknown>;
        parameters?: { name: string; in: string }[];
      }
    >
  >;
  webhooks: Record<string, unknown>;
  components: { schemas: Record<string, unknown>; responses: Record<string, unknown> };
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

  test("has the webhooks of alerts at its top", () => {
    expect(Object.keys(document.webhooks)).toEqual(["alert.firing", "alert.resolved"]);
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
    expect(names).toEqual(["limit", "after", "before", "state", "severity", "sloId", "serviceId"]);
  });
});

test("the examples are what their schemas describe", () => {
  ServiceResource.parse(SERVICE_EXAMPLE);
  SloResource.parse(SLO_EXAMPLE);
  AlertResource.parse(ALERT_EXAMPLE);
  AlertResource.parse(RESOLVED_ALERT_EXAMPLE);
  SilenceResource.parse(SILENCE_EXAMPLE);
  ApiKeyResource.parse(KEY_EXAMPLE);
  ProbeResource.parse(PROBE_EXAMPLE);
  PartResource.parse(PART_EXAMPLE);
  RunResource.parse(RUN_EXAMPLE);
});
