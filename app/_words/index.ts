import type { Language } from "#lib/core/definitions.ts";
import { en } from "./en.ts";
import { ko } from "./ko.ts";
import { ru } from "./ru.ts";
import type { Words } from "./words.ts";

/** A language without its words does not compile. */
export const WORDS: Record<Language, Words> = { en, ko, ru };

/** The language's own name for itself, capitalised as at the start of a sentence: "English", "한국어", "Русский". */
export const nameOfLanguage = (language: Language): string => {
  const name = new Intl.DisplayNames([language], { type: "language" }).of(language) ?? language;
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
};

const RIGHT_TO_LEFT = new Set(["ar", "fa", "he", "ur"]);
/** The writing direction, for `<html dir>`. */
export const directionOf = (language: Language): "ltr" | "rtl" => (RIGHT_TO_LEFT.has(language) ? "rtl" : "ltr");
