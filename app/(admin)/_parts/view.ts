import { cookies, headers } from "next/headers";
import { redirect } from "next/navigation";
import { isTimeZone } from "#lib/core/calendar.ts";
import type { Language } from "#lib/core/definitions.ts";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { findRequestSession } from "#lib/read/require-session.ts";
import type { Session } from "#lib/read/web-context.ts";
import { getWebContext } from "#lib/read/web-context.ts";
import type { Format } from "../../_view/format.ts";
import { createFormat } from "../../_view/format.ts";
import { WORDS } from "../../_words/index.ts";
import type { AdminWords } from "../_words/index.ts";
import { ADMIN_WORDS } from "../_words/index.ts";
import { PREFERENCES } from "./preferences.ts";

const SIGN_IN = "/admin/sign-in";

/** The parameters of an address as Next hands them to a page. */
export type SearchParams = Readonly<Record<string, string | string[] | undefined>>;

/** What every dashboard needs to know of who looks at it and how they want to see it. */
export type AdminView = {
  /** For the loaders, which check it again. */
  readonly cookie: string | null;
  readonly session: Session;
  readonly language: Language;
  readonly words: AdminWords;
  /** In the language and time zone of the view. */
  readonly format: Format;
  readonly timeZone: string;
  /** The instant of the rendering, ISO 8601. */
  readonly today: string;
};

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/** The first language of `Accept-Language` that we have, whatever its weight: browsers write them in order. */
const acceptedLanguage = (header: string | null): Language =>
  (header ?? "")
    .split(",")
    .map((part) => LANGUAGES.find((language) => part.trim().toLowerCase().startsWith(language)))
    .find((language) => language !== undefined) ?? "en";

/** The language that a reader chose, else the one that the browser asks for. */
export const adminLanguage = async (): Promise<Language> => {
  const chosen = (await cookies()).get(PREFERENCES.language)?.value;
  return (
    LANGUAGES.find((language) => language === chosen) ?? acceptedLanguage((await headers()).get("accept-language"))
  );
};

/** The theme that a reader chose; null: the system's. */
export const adminTheme = async (): Promise<"light" | "dark" | null> => {
  const chosen = (await cookies()).get(PREFERENCES.theme)?.value;
  return chosen === "light" || chosen === "dark" ? chosen : null;
};

/** The page's zone; UTC before the first snapshot. */
export const pageZone = (): string => getWebContext().snapshot()?.page.timeZone ?? "UTC";

/** The page's languages, the one that texts are written in first; all of them before the first snapshot. */
export const pageLanguages = (): readonly Language[] => getWebContext().snapshot()?.page.languages ?? LANGUAGES;

/** `tz` of the address, so that a link shows what its sender saw; else what the reader chose; else the page's zone. */
const timeZoneOf = async (search: SearchParams): Promise<string> => {
  const asked = [single(search.tz), (await cookies()).get(PREFERENCES.timeZone)?.value].map((zone) =>
    zone === undefined ? undefined : decodeURIComponent(zone),
  );
  return asked.find((zone) => zone !== undefined && isTimeZone(zone)) ?? pageZone();
};

/** The cookie of a signed-in reader, for the loaders, which check it again. Sends everybody else to the sign-in page. */
export const signedInCookie = async (): Promise<string | null> => {
  const cookie = (await headers()).get("cookie");
  if ((await findRequestSession(cookie)) === null) redirect(SIGN_IN);
  return cookie;
};

/** The view of a signed-in reader. Sends everybody else to the sign-in page. */
export const adminView = async (search: SearchParams = {}): Promise<AdminView> => {
  const cookie = (await headers()).get("cookie");
  const session = await findRequestSession(cookie);
  if (session === null) redirect(SIGN_IN);
  const [language, timeZone] = [await adminLanguage(), await timeZoneOf(search)];
  const format = createFormat(WORDS[language], timeZone);
  const today = new Date(getWebContext().clock.now()).toISOString();
  return { cookie, session, language, words: ADMIN_WORDS[language], format, timeZone, today };
};

export const iso = (at: number): string => new Date(at).toISOString();
