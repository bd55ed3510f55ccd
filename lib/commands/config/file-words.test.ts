import fc from "fast-check";
import { expect, test } from "vitest";
import { mergePatch, toApiField, toApiWords, toFileWords } from "./file-words.ts";

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,5}(_[a-z][a-z0-9]{0,5}){0,2}$/);
const section = fc.dictionary(word, fc.jsonValue({ maxDepth: 0 }), { noNullPrototype: true });

test("words of the file become words of the API and come back as they were, at every depth", () => {
  fc.assert(
    fc.property(section, section, (outer, inner) => {
      const document = { ...outer, list_of: [inner, { deep_in: inner }], headers: { X_Odd: "a", "x-Trace": "b" } };
      expect(toFileWords(toApiWords(document))).toEqual(document);
    }),
  );
  expect(toApiWords({ burn_rate_alerts: [{ min_bad: 1 }], headers: { x_y: "1" } })).toEqual({
    burnRateAlerts: [{ minBad: 1 }],
    headers: { x_y: "1" },
  });
  expect(toApiField("burn_rate_alerts[0].min_bad")).toBe("burnRateAlerts.0.minBad");
});

test("a merge patch takes away with null, merges mappings and replaces all else, but an address with its credentials", () => {
  const target = {
    a: 1,
    auth: { basic: { username: "x", password: "y" } },
    list: [1, 2],
    source: { url: "u", auth: 1 },
  };
  expect(mergePatch(target, { a: null, auth: { basic: { username: "z" } }, list: [3], source: { url: "v" } })).toEqual({
    auth: { basic: { username: "z", password: "y" } },
    list: [3],
    source: { url: "v" },
  });
  fc.assert(fc.property(section, (any) => JSON.stringify(mergePatch(any, {})) === JSON.stringify(any)));
});
