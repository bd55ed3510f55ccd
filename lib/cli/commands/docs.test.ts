import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { GENERATED_DOCS } from "./docs.ts";

test.each(Object.entries(GENERATED_DOCS))('%s is up to date (else: "npm run docs")', (name, make) => {
  const committed = readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8");
  expect(committed === make(), `${name} is out of date; run "npm run docs"`).toBe(true);
});
