import type { IncomingMessage } from "node:http";
import { cookieValue } from "#lib/read/require-session.ts";
import { SESSION_COOKIES } from "#lib/read/web-context.ts";
import type { Exchange } from "../http/exchange.ts";
import { send } from "../http/exchange.ts";
import { COMMON_HEADERS } from "../http/security-headers.ts";

export const SIGN_IN_PATH = "/admin/sign-in";
export const SESSION_PATH = "/admin/session";
export const FIRST_PATH = "/admin/slos";
export const ACCOUNT_PATH = "/admin/account";

/** Addresses of a page, which may be for those who are signed in. */
const PAGE_PATH = /^\/(?:(?:services|incidents|history)(?:\/[A-Za-z0-9_-]+)?|maintenance|subscribe)?$/;

const isAdminPath = (path: string): boolean =>
  /^\/admin(\/[A-Za-z0-9_-]+)*$/.test(path) &&
  !path.startsWith(SESSION_PATH) &&
  !path.startsWith("/admin/api") &&
  path !== SIGN_IN_PATH;

/** A path of the admin pages, or of a page, to go to after sign-in; anything else leads to the first one (T21). */
export const safeReturnPath = (asked: string | null): string =>
  asked !== null && (PAGE_PATH.test(asked) || isAdminPath(asked)) ? asked : FIRST_PATH;

/** Where somebody is sent who may see a page of this path once they have signed in. */
export const signInPathFor = (path: string): string =>
  PAGE_PATH.test(path) ? `${SIGN_IN_PATH}?next=${encodeURIComponent(path)}` : SIGN_IN_PATH;

/** 303: the browser goes on with a GET. `location` is a path of ours, or the identity provider's address. */
export const redirect = (exchange: Exchange, location: string, headers: readonly string[] = []): number => {
  const head = ["Location", location, "Content-Length", "0", "Cache-Control", "no-store"];
  send(exchange, 303, [...head, ...COMMON_HEADERS, ...headers], null);
  return 303;
};

/** Whether the browser came over https: its own Origin tells, or the page's address where it sends none. */
export const cameByHttps = (req: IncomingMessage, pageUrl: string | null): boolean =>
  (req.headers.origin ?? pageUrl ?? "").startsWith("https://");

type CookieArgs = {
  readonly name: string;
  readonly value: string;
  readonly maxAgeSeconds: number;
  readonly isHttps: boolean;
  readonly path?: string;
};

/** One `Set-Cookie` pair that no script reads and no other site sends along with a change. */
export const setCookie = ({ name, value, maxAgeSeconds, isHttps, path = "/" }: CookieArgs): string[] => [
  "Set-Cookie",
  `${name}=${value}; Path=${path}; HttpOnly; SameSite=Lax; Max-Age=${maxAgeSeconds}${isHttps ? "; Secure" : ""}`,
];

/** Over https the cookie gets the name that only https may set. */
export const sessionCookie = (token: string, maxAgeSeconds: number, isHttps: boolean): string[] =>
  setCookie({ name: isHttps ? SESSION_COOKIES[0] : SESSION_COOKIES[1], value: token, maxAgeSeconds, isHttps });

/** Takes the session's cookie away under both names. */
export const withoutSessionCookies = (): string[] =>
  SESSION_COOKIES.flatMap((name, index) => setCookie({ name, value: "", maxAgeSeconds: 0, isHttps: index === 0 }));

/** The value of a cookie of ours; null without it. */
export const cookieOf = ({ headers }: IncomingMessage, name: string): string | null =>
  cookieValue(headers.cookie, name);
