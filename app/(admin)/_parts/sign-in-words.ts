import { LANGUAGES } from "#lib/core/definitions.ts";
import type { SignInWords } from "../_words/en/sign-in.ts";
import { signIn as en } from "../_words/en/sign-in.ts";
import { signIn as ko } from "../_words/ko/sign-in.ts";
import { signIn as ru } from "../_words/ru/sign-in.ts";

type Language = (typeof LANGUAGES)[number];

const WORDS: Readonly<Record<Language, SignInWords>> = { en, ko, ru };

/** The language that is asked for by `lang`, else the first one of Accept-Language that there is, else English. */
export const signInLanguage = (asked: unknown, acceptLanguage: string | null): Language => {
  const wanted = [
    asked,
    ...(acceptLanguage ?? "")
      .split(",")
      .map((part) => part.trim().split(/[;-]/)[0]?.toLowerCase() ?? "")
      .slice(0, 10),
  ];
  for (const one of wanted) {
    const known = LANGUAGES.find((language) => language === one);
    if (known !== undefined) return known;
  }
  return "en";
};

export const signInWords = (language: Language): SignInWords => WORDS[language];
