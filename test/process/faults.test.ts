import { expect, test } from "vitest";
import { judgeF08, runF08 } from "../faults/f08-postgres-stopped.ts";

test("F08, short: Postgres stopped for 20 seconds loses no run, doubles none, and fails no page request", {
  timeout: 240_000,
}, async () => {
  expect(judgeF08(await runF08({ stopMs: 20_000 }))).toEqual([]);
});
