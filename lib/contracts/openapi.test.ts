import { describe, expect, test } from "vitest";
import { AlertResource, ServiceResource, SloResource } from "./api.ts";
import { ALERT_EXAMPLE, RESOLVED_ALERT_EXAMPLE, SERVICE_EXAMPLE, SLO_EXAMPLE } from "./examples.ts";
import { openApiDocument } from "./openapi.ts";
import { OPERATIONS } from "./operations.ts";

type Document = {
  openapi: string;
  paths: Record<
    string,
    Record<string, { operationId: string; responses: Record<string, unknown>; parameters?: { name: string }[] }>
  >;
  webhooks: Record<string, unknown>;
  components: { schemas: Record<string, unknown>; responses: Record<string, unknown> };
};

const text = JSON.stringify(openApiDocument({ version: "1.2.3", serverUrl: "https://status.example.com" }));
const document = JSON.parse(text) as Document;

describe("the OpenAPI document", () => {
  test("declares every operation of the table, once", () => {
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths)).toEqual(OPERATIONS.map(({ path }) => path));
    const ids = OPERATIONS.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("every reference leads somewhere", () => {
    for (const [, kind, name] of text.matchAll(/"#\/components\/(\w+)\/(\w+)"/g)) {
      expect(document.components, `${kind}/${name}`).toHaveProperty([kind as string, name as string]);
    }
  });

  test("has the webhooks of alerts at its top", () => {
    expect(Object.keys(document.webhooks)).toEqual(["alert.firing", "alert.resolved"]);
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
});
