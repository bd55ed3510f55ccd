import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apiDescription } from "#lib/config/api/description.ts";
import { ProblemDetail } from "#lib/contracts/api.ts";
import type { OpenApiDocument } from "#lib/contracts/openapi.ts";
import type { Described } from "#lib/contracts/openapi-examples.ts";
import type { Operation } from "#lib/contracts/operations/operation.ts";
import { V1_OPERATIONS } from "#lib/contracts/operations.ts";
import type { Mutated } from "#test/support/json-schema-arbitrary.ts";
import { broken, fitting, HOSTILE_TEXTS } from "#test/support/json-schema-arbitrary.ts";
import type { ContractWorld, Sent } from "./contract-world.ts";
import { contractWorld, SECRETS } from "./contract-world.ts";

/** Calls of each kind for each operation; NINES_TEST_SEED gives others. */
const ROUNDS = 4;

let world: ContractWorld;
let document: OpenApiDocument;
const operations: readonly Operation[] = V1_OPERATIONS;
const cases = operations.map((operation) => ({ ...operation, name: `${operation.method} ${operation.path}` }));

beforeAll(async () => {
  world = await contractWorld();
  document = apiDescription({ version: "0.1.0", serverUrl: world.url });
});
afterAll(() => world?.stop());

const describedOf = ({ path, method }: Operation): Described =>
  document.paths[path]?.[method.toLowerCase()] as Described;
const bodySchemaOf = (operation: Operation): unknown =>
  describedOf(operation).requestBody?.content["application/json"]?.schema;

/** What must be true of every answer, whatever was asked. */
const judge = (operation: Operation, { status, type, text, path, location }: Sent): void => {
  const said = `${operation.method} ${path} -> ${status} ${text.slice(0, 400)}`;
  expect(Object.keys(describedOf(operation).responses), said).toContain(String(status));
  expect(status, said).not.toBe(500);
  for (const secret of SECRETS) expect(text, said).not.toContain(secret);
  expect(text, said).not.toMatch(/\.ts:\d+|node_modules|PostgresError|syntax error at or near/);
  if (status >= 400) {
    expect(type, said).toBe("application/problem+json; charset=utf-8");
    expect(ProblemDetail.parse(JSON.parse(text)).status, said).toBe(status);
    return;
  }
  const isNarrowed = new URL(path, world.url).searchParams.has("fields");
  if (status === 204 || operation.streams === true || isNarrowed || !type.startsWith("application/json")) return;
  const keeps = (JSON.parse(text) as { id?: unknown }).id !== null;
  if (status === 201 && keeps) expect(location, said).toMatch(/^\/v1\//);
  const parsed = operation.response?.safeParse(JSON.parse(text));
  expect(parsed?.error?.issues ?? [], said).toEqual([]);
};

/** The parameters of a query, a few of them, that fit their schemas. */
const queries = (operation: Operation): fc.Arbitrary<Record<string, string>> => {
  const { schemas } = document.components;
  const shape = (describedOf(operation).parameters ?? [])
    .filter(({ in: place }) => place === "query")
    .map(({ name, schema }): [string, fc.Arbitrary<string>] => [name, fitting(schema, schemas).map(String)]);
  const required = (describedOf(operation).parameters ?? []).filter((one) => one.in === "query" && one.required);
  const requiredKeys = required.map(({ name }) => name);
  return fc.record(Object.fromEntries(shape), { requiredKeys, noNullPrototype: true }) as fc.Arbitrary<
    Record<string, string>
  >;
};

describe("what the description says is what the server does", () => {
  test.each(cases)("$name, with what fits", async (operation) => {
    const { schemas } = document.components;
    const bodies = operation.body === undefined ? fc.constant(undefined) : fitting(bodySchemaOf(operation), schemas);
    const inputs = fc.record({
      query: queries(operation),
      body: bodies,
      id: fc.constantFrom(...world.idsFor(operation)),
    });
    const run = async (input: { query: Record<string, string>; body: unknown; id: string }) =>
      judge(operation, await world.send(operation, input));
    await fc.assert(fc.asyncProperty(inputs, run), { numRuns: ROUNDS });
  });

  test.each(cases)("$name, with what does not fit", async (operation) => {
    const { schemas } = document.components;
    const bodies: fc.Arbitrary<Mutated | null> =
      operation.body === undefined ? fc.constant(null) : fitting(bodySchemaOf(operation), schemas).chain(broken);
    const hostile = fc.constantFrom(...HOSTILE_TEXTS);
    const names = ["nosuchparameter", ...Object.keys(operation.query.shape)];
    const odd = fc.tuple(fc.constantFrom(...names), hostile).map(([name, text]) => ({ [name]: text }));
    const inputs = fc.record({ query: fc.oneof(fc.constant({}), odd), body: bodies, id: hostile });
    const run = async (input: { query: Record<string, string>; body: Mutated | null; id: string }) => {
      const answer = await world.send(operation, { ...input, body: input.body?.value });
      judge(operation, answer);
      const isUnknown = "nosuchparameter" in input.query || (input.body !== null && input.body.kind !== "odd_value");
      if (isUnknown) expect([400, 404], `${answer.path} ${answer.text}`).toContain(answer.status);
    };
    await fc.assert(fc.asyncProperty(inputs, run), { numRuns: ROUNDS });
  });
});

test("the example of every operation without an id in its path is taken", async () => {
  for (const operation of operations.filter(({ path }) => !path.includes("{"))) {
    const body = describedOf(operation).requestBody?.content["application/json"]?.example;
    const required = (describedOf(operation).parameters ?? []).filter((one) => one.in === "query" && one.required);
    const query = Object.fromEntries(required.map(({ name, schema }) => [name, String(schema.example)]));
    const answer = await world.send(operation, { query, body, id: "" });
    judge(operation, answer);
    expect(answer.status, `${operation.operationId}: ${answer.text}`).toBeLessThan(500);
    if (operation.body === undefined) expect(answer.status, answer.text).toBe(operation.status ?? 200);
    else
      expect([operation.status ?? 200, 404, 409], `${operation.operationId}: ${answer.text}`).toContain(answer.status);
  }
});
