import { expect, test } from "vitest";
import { API_VERSIONS, deprecationHeaders, versionFor } from "./api-versions.ts";

test("a deprecated operation says since when, until when and what to take in its place", () => {
  const deprecated = { since: "2026-11-01", sunset: "2027-11-01", successor: "/v2/slos" };
  expect(deprecationHeaders({ deprecated })).toEqual([
    ["Deprecation", "@1793491200"],
    ["Sunset", "Mon, 01 Nov 2027 00:00:00 GMT"],
    ["Link", '</v2/slos>; rel="successor-version"'],
  ]);
  expect(deprecationHeaders({})).toEqual([]);
});

test("a key stays in its version until a request names another one", () => {
  const newest = API_VERSIONS.at(-1) as string;
  expect(versionFor(undefined, null)).toBe(newest);
  expect(versionFor(undefined, "2025-01-01")).toBe("2025-01-01");
  expect(versionFor(newest, "2025-01-01")).toBe(newest);
  expect(() => versionFor("2019-01-01", null)).toThrow("API-Version");
});
