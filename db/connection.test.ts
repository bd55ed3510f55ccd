import { describe, expect, test } from "vitest";
import { errorCodeOf } from "#lib/core/errors.ts";
import { describeAddress, parseDatabaseUrl } from "./connection.ts";

const codeAndText = (url: string): [string | undefined, string] => {
  try {
    parseDatabaseUrl(url);
    return [undefined, ""];
  } catch (error) {
    return [errorCodeOf(error), String(error)];
  }
};

describe("a database URL", () => {
  test.each([
    [
      "postgres://u:p@db.example:6432/app",
      { host: "db.example", port: 6432, database: "app", user: "u", password: "p" },
    ],
    ["postgresql://u@db.example", { port: 5432, database: "u", password: "" }],
    ["postgres://a%40b:p%2F%3A%3F@h/x%20y", { user: "a@b", password: "p/:?", database: "x y" }],
    ["postgres://u:p@[::1]:5433/x", { host: "::1", port: 5433, ssl: false }],
    ["postgres://u:p@localhost/x", { ssl: false }],
    ["postgres://u:p@db.example/x", { ssl: "prefer" }],
    ["postgres://u:p@db.example/x?sslmode=disable", { ssl: false }],
    ["postgres://u:p@db.example/x?sslmode=require", { ssl: "require" }],
    ["postgres://u:p@db.example/x?sslmode=verify-full", { ssl: { rejectUnauthorized: true } }],
    ["postgres://u:p@db.example/x?sslrootcert=system", { ssl: { rejectUnauthorized: true } }],
    ["postgres://u:p@localhost/x?sslmode=require", { ssl: "require" }],
    ["postgres://u:p@h/x?prepare=false", { prepare: false, parameters: {} }],
    ["postgres://u:p@h/x?search_path=other", { prepare: true, parameters: { search_path: "other" } }],
    ["postgres://u@/x?host=/var/run/postgresql", { socketFolder: "/var/run/postgresql", ssl: false, database: "x" }],
  ])("%s is read", (url, expected) => {
    expect(parseDatabaseUrl(url)).toMatchObject(expected);
  });

  test.each([
    "not a url",
    "mysql://u:hunter2@h/x",
    "postgres://u:hunter2@h1:1,h2:2/x",
    "postgres://u:hunter2@h/x?sslmode=maybe",
    "postgres://u:hunter2@h/x?sslmode=verify-full&sslrootcert=/does/not/exist",
  ])("%s is refused without its password", (url) => {
    const [code, text] = codeAndText(url);
    expect(code).toBe("DATABASE_UNREACHABLE");
    expect(text).not.toContain("hunter2");
  });

  test("its description has no password", () => {
    expect(describeAddress(parseDatabaseUrl("postgres://u:hunter2@h:5/x"))).toBe("h:5/x");
  });
});
