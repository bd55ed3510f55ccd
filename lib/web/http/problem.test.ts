import { expect, test } from "vitest";
import { AppError, ERROR_CATALOGUE } from "#lib/core/errors.ts";
import { problemOfError } from "./problem.ts";

test("a database that is away or full is for another time, and its details stay with us", () => {
  for (const code of ["DATABASE_UNREACHABLE", "DATABASE_TIMEOUT", "DATABASE_REFUSED", "DISK_FULL"] as const) {
    const problem = problemOfError(new AppError(code, "10.20.0.5:5432/nines: could not extend file"));
    expect([problem.status, problem.code, problem.detail]).toEqual([503, code, ERROR_CATALOGUE[code]]);
  }
  expect(problemOfError(new Error("secret"))).toMatchObject({ status: 500, code: "INTERNAL" });
});
