import type { OpenApiDocument } from "#lib/contracts/openapi.ts";
import type { Described, Parameter } from "#lib/contracts/openapi-examples.ts";

/** The requests of the API as a collection for Bruno: a file an operation, in a folder a tag, with the examples as bodies. */

const indent = (text: string): string => text.replaceAll(/^/gm, "  ");
const block = (name: string, lines: readonly string[]): string =>
  lines.length === 0 ? "" : `${name} {\n${lines.map(indent).join("\n")}\n}\n`;

const valueOf = ({ schema }: Parameter): string => {
  const [word] = Array.isArray(schema.enum) ? (schema.enum as unknown[]) : [];
  return String(schema.example ?? schema.default ?? word ?? "");
};

const paramsOf = (parameters: readonly Parameter[], place: string): readonly string[] =>
  parameters
    .filter((one) => one.in === place)
    .map((one) => `${one.required === true ? "" : "~"}${one.name}: ${valueOf(one)}`);

const methodLines = (path: string, { requestBody }: Described, needsKey: boolean): readonly string[] => [
  `url: {{baseUrl}}${path.replaceAll(/\{(\w+)\}/g, ":$1")}`,
  `body: ${requestBody === undefined ? "none" : "json"}`,
  `auth: ${needsKey ? "bearer" : "none"}`,
];

const requestFile = (method: string, path: string, operation: Described, number: number): string => {
  const { operationId, description = "", summary, parameters = [], requestBody, security = [] } = operation;
  const needsKey = security.some((one) => "bearerAuth" in one);
  const body = requestBody?.content["application/json"]?.example;
  const isWrite = parameters.some(({ name }) => name === "Idempotency-Key");
  return [
    block("meta", [`name: ${operationId}`, "type: http", `seq: ${number}`]),
    block(method, methodLines(path, operation, needsKey)),
    block("params:query", paramsOf(parameters, "query")),
    block(
      "params:path",
      paramsOf(parameters, "path").map((line) => line.replace("~", "")),
    ),
    block("headers", isWrite ? ["Idempotency-Key: {{$guid}}"] : []),
    block("auth:bearer", needsKey ? ["token: {{apiKey}}"] : []),
    block("body:json", body === undefined ? [] : [JSON.stringify(body, null, 2)]),
    block("docs", [`${summary}.`, "", description]),
  ]
    .filter((part) => part !== "")
    .join("\n");
};

const ENVIRONMENT = (url: string): string => `${block("vars", [`baseUrl: ${url}`])}\nvars:secret [\n  apiKey\n]\n`;

/** Files of the collection by their path inside it. Only `/v1`: the other addresses are for programs. */
export const brunoCollection = (document: OpenApiDocument): Readonly<Record<string, string>> => {
  const files: Record<string, string> = {
    "bruno.json": `${JSON.stringify({ version: "1", name: "Nines", type: "collection" }, null, 2)}\n`,
    "environments/sandbox.bru": ENVIRONMENT("http://localhost:3000"),
    "environments/production.bru": ENVIRONMENT("https://status.example.com"),
  };
  let number = 0;
  for (const [path, item] of Object.entries(document.paths).filter(([one]) => one.startsWith("/v1/"))) {
    for (const [method, operation] of Object.entries(item)) {
      number += 1;
      files[`${operation.tags[0]}/${operation.operationId}.bru`] = requestFile(method, path, operation, number);
    }
  }
  return files;
};
