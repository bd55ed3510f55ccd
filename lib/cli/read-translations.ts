import type { Language } from "#lib/core/definitions.ts";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { usageError } from "./usage-error.ts";

const FORM = /^([a-z]{2})\.([a-z]+)=([\s\S]*)$/;

/**
 * Texts in other languages from `--translate ko.title=TEXT`, by language and by the field's name in the API.
 * @param fields which words may stand after the language, and the field that each is. @throws AppError USAGE
 */
export const translationsOf = <Field extends string>(
  given: readonly string[] | undefined,
  fields: Readonly<Record<string, Field>>,
): Partial<Record<Language, Record<Field, string>>> => {
  const texts: Partial<Record<Language, Record<Field, string>>> = {};
  const words = Object.keys(fields);
  for (const one of given ?? []) {
    const [, tongue, word = "", text = ""] = FORM.exec(one) ?? [];
    const language = LANGUAGES.find((known) => known === tongue);
    const field = Object.hasOwn(fields, word) ? fields[word] : undefined;
    if (language === undefined || field === undefined || text.trim() === "")
      throw usageError(
        `--translate takes ${LANGUAGES.join(", ")} with ${words.join(" or ")}, as in ko.${words[0]}="TEXT"`,
      );
    texts[language] = { ...texts[language], [field]: text.trim() } as Record<Field, string>;
  }
  return texts;
};
