import { expect, test } from "vitest";
import { createVersions, deprecationHeaders, VERSIONS } from "./versions.ts";

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
  const newest = VERSIONS.all.at(-1) as string;
  expect(VERSIONS.choose(undefined, null)).toBe(newest);
  expect(VERSIONS.choose(undefined, "2025-01-01")).toBe("2025-01-01");
  expect(VERSIONS.choose(newest, "2025-01-01")).toBe(newest);
  expect(() => VERSIONS.choose("2019-01-01", null)).toThrow("API-Version");
});

test("answers go back through every change since the version that was asked for, the newest first", () => {
  const noted = (word: string) => (body: unknown) => `${String(body)} ${word}`;
  const versions = createVersions(
    ["2026-11-01", "2027-05-01", "2027-11-01"],
    [
      { version: "2027-05-01", back: { getSlo: noted("first"), listSlos: noted("list") } },
      { version: "2027-11-01", back: { getSlo: noted("second") } },
    ],
  );
  expect(versions.tell("getSlo", "body", "2027-11-01")).toBe("body");
  expect(versions.tell("getSlo", "body", "2027-05-01")).toBe("body second");
  expect(versions.tell("getSlo", "body", "2026-11-01")).toBe("body second first");
  expect(versions.tell("listSlos", "body", "2026-11-01")).toBe("body list");
  expect(versions.tell("constructor", "body", "2026-11-01")).toBe("body");
});
