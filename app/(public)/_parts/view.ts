import { notFound } from "next/navigation";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { Language } from "#lib/core/definitions.ts";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { getWebContext } from "#lib/read/web-context.ts";
import type { Format } from "../../_view/format.ts";
import { createFormat } from "../../_view/format.ts";
import { WORDS } from "../../_words/index.ts";

/** Everything a public page is drawn from. */
export type View = {
  readonly snapshot: Snapshot;
  readonly language: Language;
  readonly format: Format;
  /** The instant that "today" and "this year" refer to. */
  readonly now: string;
};

const isLanguage = (text: string): text is Language => LANGUAGES.some((language) => language === text);

/** The view for a language of the path. Answers 404 to a language that does not exist, and before the first snapshot. */
export const loadView = async (params: Promise<{ language: string }>): Promise<View> => {
  const { language } = await params;
  const snapshot = getWebContext().snapshot();
  if (!isLanguage(language) || snapshot === null) notFound();
  return { snapshot, language, format: createFormat(WORDS[language], snapshot.page.timeZone), now: snapshot.dataAsOf };
};
