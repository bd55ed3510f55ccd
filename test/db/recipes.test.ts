import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "#lib/runtime/clock.ts";
import type { ContractWorld } from "./contract-world.ts";
import { contractWorld } from "./contract-world.ts";

const run = promisify(execFile);
const CURL = ["/usr/bin/curl", "/bin/curl", "/usr/local/bin/curl"].find(existsSync);
const why = CURL === undefined ? " (skipped: curl is not installed)" : "";
const text = readFileSync(new URL("../../docs/recipes.md", import.meta.url), "utf8");

type Recipe = { readonly title: string; readonly script: string; readonly prints: string };
const recipes: readonly Recipe[] = text.split(/^## /m).flatMap((part) => {
  const script = /```sh\n([\s\S]*?)```/.exec(part)?.[1];
  const prints = /```text\n([\s\S]*?)```/.exec(part)?.[1];
  return script === undefined ? [] : [{ title: part.split("\n", 1)[0] ?? "", script, prints: prints ?? "missing" }];
});

/** What is printed as a pattern: `…` is anything within a line; the document shows the first lines. */
const patternOf = (prints: string): RegExp => {
  const lines = prints.trimEnd().split("\n");
  const escaped = lines.map((line) =>
    line
      .split("…")
      .map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join("[^\n]*"),
  );
  return new RegExp(`^${escaped.join("\n")}`);
};

let world: ContractWorld;
let folder: string;
beforeAll(async () => {
  world = await contractWorld({ limited: true, clock: systemClock });
  folder = await mkdtemp(join(tmpdir(), "nines-recipes-"));
});
afterAll(async () => {
  await world.stop();
  await rm(folder, { recursive: true });
});

describe.skipIf(CURL === undefined)(`a recipe works as printed${why}`, () => {
  test.each(recipes)("$title", async ({ script, prints }) => {
    const env = { ...process.env, NINES_URL: world.url, NINES_KEY: world.token };
    const { stdout } = await run("bash", ["-eu", "-c", script], { cwd: folder, env });
    expect(stdout).toMatch(patternOf(prints));
  });
});

test("there are recipes for the key, repeats, the limit, headers, timing and live events", () => {
  const all = recipes.map(({ script }) => script).join("\n");
  for (const word of ["Authorization: Bearer", "Idempotency-Key", "X-RateLimit-Remaining", "-I ", "time_total", "-N"])
    expect(all).toContain(word);
});
