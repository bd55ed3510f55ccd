import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CODINGS, codingFor, languageFor, matchesEtag, metricsFormatFor } from "./negotiate.ts";

describe("the coding of an answer", () => {
  test.each([
    { name: "nothing asked for is identity", header: undefined, coding: "identity" },
    { name: "an empty header is identity", header: "", coding: "identity" },
    { name: "browsers get brotli", header: "gzip, deflate, br, zstd", coding: "br" },
    { name: "gzip alone", header: "gzip", coding: "gzip" },
    { name: "the old name of gzip", header: "x-gzip", coding: "gzip" },
    { name: "a greater weight wins over fewer bytes", header: "br;q=0.5, gzip;q=0.8", coding: "gzip" },
    { name: "zero forbids", header: "br;q=0, gzip", coding: "gzip" },
    { name: "a wildcard allows all that is not named", header: "br;q=0, *", coding: "gzip" },
    { name: "everything forbidden falls back to identity", header: "*;q=0", coding: "identity" },
    { name: "identity may be preferred", header: "identity, gzip;q=0.5", coding: "identity" },
    { name: "an unknown coding is passed over", header: "zstd, deflate", coding: "identity" },
    { name: "case does not matter", header: "GZIP;Q=1", coding: "gzip" },
    { name: "a weight that is no number counts as zero", header: "br;q=lots, gzip", coding: "gzip" },
  ])("$name", ({ header, coding }) => {
    expect(codingFor(header)).toBe(coding);
  });

  test("any header gives a coding that is served", () => {
    fc.assert(fc.property(fc.string(), (header) => CODINGS.includes(codingFor(header))));
  });
});

describe("the language of a page", () => {
  const offered = ["en", "ko", "ru"] as const;
  test.each([
    { name: "the page's first without a wish", header: undefined, language: "en" },
    { name: "a region asks for its language", header: "ko-KR,ko;q=0.9,en;q=0.8", language: "ko" },
    { name: "the greatest weight wins, not the first place", header: "en;q=0.3, ru;q=0.7", language: "ru" },
    { name: "a language that is not there is passed over", header: "fr, de;q=0.9, ko;q=0.1", language: "ko" },
    { name: "a longer word is another language", header: "kok", language: "en" },
    { name: "zero forbids", header: "ko;q=0", language: "en" },
    { name: "a wildcard is the first", header: "*", language: "en" },
  ])("$name", ({ header, language }) => {
    expect(languageFor(header, offered)).toBe(language);
  });
});

describe("If-None-Match", () => {
  test.each([
    { name: "the same tag", header: '"a"', isMatch: true },
    { name: "one of several", header: '"x", "a"', isMatch: true },
    { name: "weakened by a proxy", header: 'W/"a"', isMatch: true },
    { name: "the wildcard", header: "*", isMatch: true },
    { name: "another tag", header: '"b"', isMatch: false },
    { name: "a tag that only contains it", header: '"xa"', isMatch: false },
  ])("$name", ({ header, isMatch }) => {
    expect(matchesEtag(header, '"a"')).toBe(isMatch);
  });
});

test.each([
  [undefined, "text"],
  ["*/*", "text"],
  ["text/plain", "text"],
  ["application/openmetrics-text", "openmetrics"],
  ["application/openmetrics-text;q=0.3,text/plain", "text"],
  ["application/openmetrics-text;q=0", "text"],
  // As Prometheus asks.
  [
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    "openmetrics",
  ],
])("metrics for Accept: %s are given as %s", (accept, format) => {
  expect(metricsFormatFor(accept)).toBe(format);
});
