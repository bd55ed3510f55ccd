import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apiDescription } from "#lib/config/api/description.ts";
import type { OpenApiDocument } from "#lib/contracts/openapi.ts";
import type { Operation } from "#lib/contracts/operations/operation.ts";
import { V1_OPERATIONS } from "#lib/contracts/operations.ts";
import type { ContractWorld } from "./contract-world.ts";
import { contractWorld } from "./contract-world.ts";

const operations: readonly Operation[] = V1_OPERATIONS;
const isCreation = ({ method, path, status }: Operation): boolean =>
  method === "POST" && status === 201 && !path.includes("{");
const creations = operations.filter(isCreation).map((operation) => ({ ...operation, name: operation.path }));
/** Words that end a thing which stays readable. */
const ENDINGS = ["resolve", "expire", "revoke", "cancel", "discard"];
/** Made once and never changed or deleted: a statement is frozen. */
const FROZEN: ReadonlySet<string> = new Set(["/v1/statements"]);
let world: ContractWorld;
let document: OpenApiDocument;

beforeAll(async () => {
  world = await contractWorld();
  document = apiDescription({ version: "0.1.0", serverUrl: world.url });
});
afterAll(() => world?.stop());

const find = (method: string, path: string): Operation | undefined =>
  operations.find((one) => one.method === method && one.path === path);
const exampleOf = ({ path, method }: Operation): unknown =>
  document.paths[path]?.[method.toLowerCase()]?.requestBody?.content["application/json"]?.example;
const call = async (operation: Operation, id: string) => {
  const answer = await world.send(operation, { query: {}, body: exampleOf(operation), id });
  expect(answer.status, `${operation.operationId}: ${answer.text}`).toBe(operation.status ?? 200);
  return answer.text === "" ? {} : (JSON.parse(answer.text) as Record<string, unknown>);
};
/** What a read says of it now: by its own address, or in the list where it has none. */
const read = async (path: string, id: string): Promise<Record<string, unknown> | null> => {
  const one = find("GET", `${path}/{id}`);
  if (one !== undefined) {
    const { status, text } = await world.send(one, { query: {}, body: undefined, id });
    return status === 404 ? null : (JSON.parse(text) as Record<string, unknown>);
  }
  const list = (await call(find("GET", path) as Operation, "")) as { data?: Record<string, unknown>[] };
  return list.data?.find((item) => item.id === id) ?? null;
};

describe("what is made by API is read, changed and ended by API", () => {
  test.each(creations)("$name", async (operation) => {
    const { path } = operation;
    const made = await call(operation, "");
    if (FROZEN.has(path)) return;
    const id = String(made.id);
    expect(await read(path, id)).toMatchObject({ id });
    const change = find("PATCH", `${path}/{id}`);
    if (change !== undefined) {
      const changed = await call(change, id);
      expect(await read(path, id)).toEqual(changed);
    }
    const removal = find("DELETE", `${path}/{id}`);
    const ending = ENDINGS.map((word) => find("POST", `${path}/{id}/${word}`)).find((one) => one !== undefined);
    const end = removal ?? ending;
    expect(end, `${path} has no way to end it`).toBeDefined();
    const before = await read(path, id);
    await call(end as Operation, id);
    expect(await read(path, id)).not.toEqual(before);
  });
});
