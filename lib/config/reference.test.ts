import { describe, expect, test } from "vitest";
import { configReference } from "./reference.ts";
import type { JsonSchema } from "./schema/keys.ts";
import { configJsonSchema, keysAt, shapesOf } from "./schema/keys.ts";

const fieldsOf = (schema: JsonSchema): readonly (readonly [string, JsonSchema])[] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    [name, field] as const,
    ...shapesOf(field.items ?? field).flatMap(fieldsOf),
  ]);

describe("the schema and the reference", () => {
  test("every field has a meaning, and stands in the reference", () => {
    const reference = configReference();
    const fields = fieldsOf(configJsonSchema());
    expect(fields.length).toBeGreaterThan(50);
    for (const [name, field] of fields) {
      expect(field.description, name).toBeTruthy();
      expect(reference).toContain(`| \`${name}\` |`);
    }
  });

  test("every mapping refuses keys that it does not know", () => {
    const mappings = fieldsOf(configJsonSchema()).flatMap(([, field]) => shapesOf(field.items ?? field));
    const open = mappings.filter((schema) => schema.properties !== undefined && schema.additionalProperties !== false);
    expect(open).toEqual([]);
  });

  test("what is required is what the design says", () => {
    const root = configJsonSchema();
    const service = root.properties?.services?.items;
    expect(root.required).toEqual(["version", "locations", "services"]);
    expect(service?.required).toEqual(["id", "name", "probes"]);
    const probes = service?.properties?.probes?.items?.oneOf ?? [];
    const required = Object.fromEntries(probes.map((shape) => [shape.properties?.type?.const, shape.required]));
    expect(required).toEqual({
      http: ["id", "type", "interval", "locations", "url"],
      tcp: ["id", "type", "interval", "locations", "host", "port"],
      tls: ["id", "type", "interval", "locations", "host"],
      dns: ["id", "type", "interval", "locations", "name", "resolver"],
      icmp: ["id", "type", "interval", "locations", "host"],
      grpc: ["id", "type", "interval", "locations", "host"],
      websocket: ["id", "type", "interval", "locations", "url"],
      heartbeat: ["id", "type", "token", "locations"],
      journey: ["id", "type", "interval", "locations", "steps"],
      health_json: ["id", "type", "interval", "locations", "url"],
    });
    expect(service?.properties?.slos?.items?.required).toEqual(["id", "sli", "objective", "window"]);
    const channels = root.properties?.notifications?.items?.oneOf ?? [];
    expect(Object.fromEntries(channels.map((shape) => [shape.properties?.type?.const, shape.required]))).toEqual({
      webhook: ["id", "type", "url", "secret"],
      slack: ["id", "type", "url"],
      pagerduty: ["id", "type", "secret"],
      alertmanager: ["id", "type", "url"],
      discord: ["id", "type", "url"],
      teams: ["id", "type", "url"],
      ntfy: ["id", "type", "url"],
      email: ["id", "type", "url", "from", "to"],
    });
  });

  test("the fields at a path are those of the chosen alternative", () => {
    expect(keysAt(["page"], undefined).slice(0, 4)).toEqual(["name", "url", "time_zone", "languages"]);
    expect(keysAt(["services", 0, "probes", 3, "assertions", 0], "header")).toEqual(["type", "name", "op", "value"]);
    expect(keysAt(["nowhere", 0], undefined)).toEqual([]);
  });
});
