import { describe, expect, test } from "vitest";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { calmDay } from "#test/support/sample-snapshot.ts";
import { daysSentence } from "../_view/day-bars.ts";
import { createFormat } from "../_view/format.ts";
import { directionOf, nameOfLanguage, WORDS } from "./index.ts";

const PLURAL_CATEGORIES = new Set(["zero", "one", "two", "few", "many", "other"]);

type Leaf = { path: string; texts: readonly string[]; categories: readonly string[] | null };

/** All texts by path; plural forms of one text are one leaf. */
const leavesOf = (node: unknown, path = ""): Leaf[] => {
  if (typeof node === "string") return [{ path, texts: [node], categories: null }];
  const entries = Object.entries(node as Record<string, unknown>);
  if (entries.length > 0 && entries.every(([key]) => PLURAL_CATEGORIES.has(key))) {
    return [{ path, texts: entries.map(([, text]) => text as string), categories: entries.map(([key]) => key) }];
  }
  return entries.flatMap(([key, child]) => leavesOf(child, path === "" ? key : `${path}.${key}`));
};

const placeholdersOf = (text: string): string => [...new Set(text.match(/\{\w+\}/g))].sort().join(" ");
const english = new Map(leavesOf(WORDS.en).map((leaf) => [leaf.path, leaf]));

describe.each(LANGUAGES)("the words in %s", (language) => {
  const leaves = leavesOf(WORDS[language]);

  test("have exactly the keys of English, and no empty text", () => {
    expect(leaves.map(({ path }) => path).sort()).toEqual([...english.keys()].sort());
    for (const { path, texts } of leaves) for (const text of texts) expect(text.trim(), path).not.toBe("");
  });

  test("fill the same placeholders as English in every plural form", () => {
    for (const { path, texts } of leaves) {
      const wanted = placeholdersOf(english.get(path)?.texts[0] ?? "");
      for (const text of texts) expect(placeholdersOf(text), path).toBe(wanted);
    }
  });

  test("have every plural form that the language needs wherever a count or verb depends on it", () => {
    const needed = new Intl.PluralRules(WORDS[language].locale).resolvedOptions().pluralCategories;
    for (const { path, categories } of leaves) {
      if (categories === null || categories.length === 1) continue;
      expect([...categories].sort(), path).toEqual([...needed].sort());
    }
  });

  test("name the language in the language", () => {
    expect(nameOfLanguage(language)).toBe({ en: "English", ko: "한국어", ru: "Русский" }[language]);
    expect(directionOf(language)).toBe("ltr");
  });

  test("leave no placeholder in the sentence of a day bar", () => {
    const snapshot = calmDay();
    for (const { days } of snapshot.services) {
      expect(daysSentence(days, createFormat(WORDS[language], snapshot.page.timeZone))).not.toMatch(/[{}]/);
    }
  });
});
