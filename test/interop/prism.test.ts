import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apiDescription } from "#lib/config/api/description.ts";
import type { Described } from "#lib/contracts/openapi-examples.ts";
import type { Operation } from "#lib/contracts/operations/operation.ts";
import { V1_OPERATIONS } from "#lib/contracts/operations.ts";
import { temporaryFolder } from "#test/support/instance.ts";
import { contractWorld } from "../db/contract-world.ts";
import { npmTool } from "./npm-tool.ts";

const { bin, why, isMissing } = await npmTool("prism", "@stoplight/prism-cli@5.16.0", "prism");
const operations: readonly Operation[] = V1_OPERATIONS;

let world: Awaited<ReturnType<typeof contractWorld>>;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let proxy: ChildProcess;
let proxyUrl: string;

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** Prism between the tests and the real server; ready when it says so. */
const startProxy = async (file: string, upstream: string): Promise<void> => {
  const port = await freePort();
  proxyUrl = `http://127.0.0.1:${port}`;
  proxy = spawn(process.execPath, [bin, "proxy", file, upstream, "--port", String(port), "--host", "127.0.0.1"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  await new Promise<void>((resolve, reject) => {
    let output = "";
    const look = (chunk: Buffer): void => {
      output += chunk.toString();
      if (output.includes("is listening")) resolve();
    };
    proxy.stdout?.on("data", look);
    proxy.stderr?.on("data", look);
    proxy.on("exit", () => reject(new Error(`Prism ended:\n${output}`)));
  });
};

beforeAll(async () => {
  if (isMissing) return;
  world = await contractWorld();
  folder = await temporaryFolder("prism");
  const file = join(folder.path, "openapi.json");
  const document = apiDescription({ version: "0.1.0", serverUrl: world.url });
  await writeFile(file, JSON.stringify(document));
  await startProxy(file, world.url);
});
afterAll(async () => {
  if (isMissing) return;
  proxy.removeAllListeners("exit");
  proxy.kill();
  await world.stop();
  await folder.remove();
});

describe.skipIf(isMissing)(`Prism between client and server${why}`, () => {
  test("finds every answer to an example as the description says", async () => {
    const document = apiDescription({ version: "0.1.0", serverUrl: world.url });
    for (const operation of operations.filter(({ streams }) => streams !== true)) {
      const described = document.paths[operation.path]?.[operation.method.toLowerCase()] as Described;
      const body = described.requestBody?.content["application/json"]?.example;
      const required = (described.parameters ?? []).filter((one) => one.in === "query" && one.required);
      const query = Object.fromEntries(required.map(({ name, schema }) => [name, String(schema.example)]));
      const [id = "nobody"] = world.idsFor(operation);
      const answer = await world.send(operation, { query, body, id }, proxyUrl);
      expect(answer.violations, `${operation.operationId} ${answer.status} ${answer.text.slice(0, 300)}`).toBeNull();
    }
  });

  test("and finds what is not", async () => {
    const [operation] = operations.filter(({ operationId }) => operationId === "createSilence");
    const answer = await world.send(operation as Operation, { query: {}, body: { comment: 7 }, id: "" }, proxyUrl);
    expect(answer.violations).toContain("request");
  });
});
