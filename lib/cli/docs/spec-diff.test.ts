import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { apiDescription } from "#lib/config/api/description.ts";
import { releasedSpec } from "./released-spec.ts";
import type { Spec } from "./spec-diff.ts";
import { specDiff } from "./spec-diff.ts";

const current = (): Spec =>
  JSON.parse(JSON.stringify(apiDescription({ version: "1", serverUrl: "https://status.example.com" }))) as Spec;
type Json = Record<string, unknown>;
/** The part of a description at a way of keys. */
const at = (spec: Spec, ...way: string[]): Json =>
  way.reduce((part, key) => part[key] as Json, spec as unknown as Json);
const schema = (spec: Spec, ...way: string[]): Json => at(spec, "components", "schemas", ...way);
/** What is said of the present description after one change to it. */
const changed = (change: (spec: Spec) => void): readonly string[] => {
  const after = current();
  change(after);
  return specDiff(current(), after).breaking;
};

test("nothing that the last release promised is broken", async () => {
  const { breaking } = specDiff(await releasedSpec(), current());
  expect(breaking).toEqual([]);
});

describe("a change that breaks clients is found", () => {
  const cases: Record<string, { change: (spec: Spec) => void; says: string }> = {
    "an operation is gone": {
      change: (spec) => delete at(spec, "paths")["/v1/meta"],
      says: "GET /v1/meta: the operation is gone",
    },
    "an event is gone": {
      change: (spec) => delete at(spec, "webhooks")["alert.firing"],
      says: "event alert.firing: it is gone",
    },
    "a field of an answer is gone": {
      change: (spec) => delete schema(spec, "Service", "properties").state,
      says: "GET /v1/services 200.data[].state: the field is gone",
    },
    "a field of an answer may be missing": {
      change: (spec) => Object.assign(schema(spec, "Service"), { required: ["id"] }),
      says: "GET /v1/services 200.data[].name: the field may be left out now",
    },
    "a field of an answer may be null": {
      change: (spec) => Object.assign(schema(spec, "Service", "properties", "name"), { type: ["string", "null"] }),
      says: "GET /v1/services 200.data[].name: was string, is string or null",
    },
    "a field of a body is required": {
      change: (spec) => Object.assign(schema(spec, "SilenceCreation"), { required: ["pairs"] }),
      says: "POST /v1/silences body.pairs: the field is required now",
    },
    "a body takes fewer characters": {
      change: (spec) => Object.assign(schema(spec, "SilenceCreation", "properties", "comment"), { maxLength: 1 }),
      says: "POST /v1/silences body.comment: maxLength is narrower",
    },
    "a word is not taken any more": {
      change: (spec) => Object.assign(schema(spec, "Scope"), { enum: ["keys:read"] }),
      says: 'POST /v1/keys body.scopes[]: "keys:write" is not taken any more',
    },
    "a public operation needs a key": {
      change: (spec) => Object.assign(at(spec, "paths", "/v1/meta", "get"), { security: [{ bearerAuth: [] }] }),
      says: "GET /v1/meta: it needs a key now",
    },
    "a parameter is required": {
      change: (spec) =>
        Object.assign(at(spec, "paths", "/v1/meta", "get"), {
          parameters: [{ name: "x", in: "query", required: true }],
        }),
      says: "GET /v1/meta?x: a new parameter is required",
    },
  };
  test.each(Object.entries(cases))("%s", (_, { change, says }) => {
    expect(changed(change)).toContain(says);
  });
});

test("a new operation, field, event or word of an answer breaks nothing", () => {
  const breaking = changed((spec) => {
    Object.assign(at(spec, "paths"), { "/v1/new": { get: { responses: {} } } });
    Object.assign(at(spec, "webhooks"), { "a.new": { post: {} } });
    Object.assign(schema(spec, "Service", "properties"), { more: { type: "string" } });
    Object.assign(schema(spec, "SilenceCreation", "properties"), { more: { type: "string" } });
    (schema(spec, "OutcomeClass").enum as string[]).push("a_new_word");
  });
  expect(breaking).toEqual([]);
});

test("docs/api-changes.md names every kind of change that is judged", () => {
  const text = readFileSync(new URL("../../../docs/api-changes.md", import.meta.url), "utf8");
  for (const word of ["removed", "required", "null", "narrower", "scope", "event type"]) expect(text).toContain(word);
});
