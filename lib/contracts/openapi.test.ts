import { describe, expect, test } from "vitest";
import { AlertResource, ServiceResource, SloResource } from "./api.ts";
import { ALERT_EXAMPLE, RESOLVED_ALERT_EXAMPLE, SERVICE_EXAMPLE, SLO_EXAMPLE } from "./examples.ts";
import { openApiDocument } from "./openapi.ts";
import { OPERATIONS } from "./operations.ts";
import { PART_EXAMPLE, PartResource, PROBE_EXAMPLE, ProbeResource, RUN_EXAMPLE, RunResource } from "./probes.ts";

type Document = {
  openapi: string;
  paths: Record<
    string,
    Record<
      string,
      { operationId: string; responses: Record<string, unknown>; parameters?: { name: string; in: string }[] }
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
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(OPERATIONS.map(({ path }) => path)));
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
  ProbeResource.parse(PROBE_EXAMPLE);
  PartResource.parse(PART_EXAMPLE);
  RunResource.parse(RUN_EXAMPLE);
});
