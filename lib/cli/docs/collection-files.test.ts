import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { V1_OPERATIONS } from "#lib/contracts/operations.ts";
import { COLLECTION, outdatedFiles } from "./collection-files.ts";

test('the collection of requests is in step with the table of operations (else: "npm run docs")', async () => {
  expect(await outdatedFiles()).toEqual([]);
  const folder = new URL(`../../../${COLLECTION}/`, import.meta.url);
  const names = readdirSync(folder, { recursive: true }).map(String);
  for (const { tag, operationId } of V1_OPERATIONS) expect(names).toContain(`${tag}/${operationId}.bru`);
});
