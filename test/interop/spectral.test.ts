import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apiDescription } from "#lib/config/api/description.ts";
import { asyncApiDocument } from "#lib/contracts/asyncapi.ts";
import { ROOT, temporaryFolder } from "#test/support/instance.ts";
import { npmTool } from "./npm-tool.ts";

const { bin, why, isMissing } = await npmTool("spectral", "@stoplight/spectral-cli@6.16.3", "spectral");
const RULES = join(ROOT, "docs", "openapi", "spectral.yaml");
const ARGS = { version: "0.1.0", serverUrl: "https://status.example.com" };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder("spectral");
});
afterAll(() => folder.remove());

type Finding = { readonly code: string; readonly message: string; readonly path: readonly string[] };

/** What Spectral finds, of any severity. */
const lint = async (document: object): Promise<readonly Finding[]> => {
  const file = join(folder.path, "document.json");
  await writeFile(file, JSON.stringify(document));
  const args = ["lint", file, "--ruleset", RULES, "--format", "json", "--quiet", "--fail-severity", "hint"];
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [bin, ...args], { maxBuffer: 1e8 }, (_, stdout) => resolve(stdout));
  });
  return JSON.parse(output) as Finding[];
};

describe.skipIf(isMissing)(`Spectral${why}`, () => {
  test("has nothing to say about the OpenAPI document", async () => {
    expect(await lint(apiDescription(ARGS))).toEqual([]);
  });

  test("has nothing to say about the AsyncAPI document", async () => {
    expect(await lint(asyncApiDocument(ARGS))).toEqual([]);
  });

  test("finds an example that its schema does not describe", async () => {
    const document = JSON.parse(JSON.stringify(apiDescription(ARGS)).replace('"status":"ok"', '"status":7')) as object;
    expect((await lint(document)).map(({ code }) => code)).toContain("oas3-valid-media-example");
  });
});
