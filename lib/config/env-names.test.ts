import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { ENVIRONMENT_NAMES } from "./env-names.ts";

test("the list of our variables is exactly what the readers of the environment name", async () => {
  const folder = new URL(".", import.meta.url);
  const files = (await readdir(folder)).filter((name) => /env\.ts$/.test(name));
  const texts = await Promise.all(files.map((name) => readFile(new URL(name, folder), "utf8")));
  const named = texts.flatMap((text) => [...text.matchAll(/"(NINES_[A-Z_]+)"/g)].map(([, name]) => name));
  expect(
    [
      ...new Set([
        ...named,
        ...texts.flatMap((text) => text.match(/\benv\.(NINES_[A-Z_]+)/g) ?? []).map((name) => name.slice(4)),
      ]),
    ].sort(),
  ).toEqual(ENVIRONMENT_NAMES);
});

test("README's table has every variable of ours", async () => {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  for (const name of ENVIRONMENT_NAMES) expect(readme, name).toContain(`\`${name}\``);
});
