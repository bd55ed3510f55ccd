import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { findRequestSession } from "#lib/read/require-session.ts";
import { getWebContext } from "#lib/read/web-context.ts";
import type { Format } from "../../_view/format.ts";
import { createFormat } from "../../_view/format.ts";
import { en } from "../../_words/en.ts";

export const SIGN_IN = "/admin/sign-in";

/** The cookie of a signed-in reader, for the loaders, which check it again. Sends everybody else to the sign-in page. */
export const signedInCookie = async (): Promise<string | null> => {
  const cookie = (await headers()).get("cookie");
  if ((await findRequestSession(cookie)) === null) redirect(SIGN_IN);
  return cookie;
};

/** Dashboards are in English, in the page's time zone; UTC before the first snapshot. */
export const adminFormat = (): Format => createFormat(en, getWebContext().snapshot()?.page.timeZone ?? "UTC");

export const iso = (at: number): string => new Date(at).toISOString();
