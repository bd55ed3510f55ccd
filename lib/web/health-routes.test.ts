import { expect, test } from "vitest";
import type { Readiness } from "#lib/contracts/health.ts";
import { readHealthDocument } from "#lib/core/health-json/read-health.ts";
import { healthJsonOf } from "./health-routes.ts";

const readiness = (changes: Partial<Readiness["checks"]> = {}, status: Readiness["status"] = "ok"): Readiness => ({
  status,
  checks: {
    database: { status: "ok", latencyMs: 1.5, code: null },
    snapshot: { status: "ok", dataAsOf: "2026-08-06T14:00:00.000Z", ageSeconds: 2 },
    page: { status: "ok" },
    ...changes,
  },
});

test.each([
  { name: "all is well", input: readiness(), word: "pass" },
  {
    name: "the database is away and the page is served",
    input: readiness({ database: { status: "failed", latencyMs: null, code: "DATABASE_TIMEOUT" } }, "degraded"),
    word: "warn",
  },
  { name: "no page can be served", input: readiness({ page: { status: "failed" } }, "degraded"), word: "fail" },
])("health+json when $name: our own probe reads it as $word, with each check", ({ input, word }) => {
  const text = JSON.stringify(healthJsonOf(input));
  const read = readHealthDocument(JSON.parse(text));
  expect(read).toMatchObject({ word });
  expect(JSON.stringify(read)).toContain("database:responseTime");
  expect(JSON.stringify(read)).toContain("snapshot:age");
});
