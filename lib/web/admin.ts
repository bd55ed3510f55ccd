import type { IncomingMessage } from "node:http";
import { revokeSession } from "#lib/commands/sessions.ts";
import { consumeSignInLink } from "#lib/commands/sign-in.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import { sessionTokenOf } from "#lib/read/require-session.ts";
import type { Database, Session } from "#lib/read/web-context.ts";
import { SESSION_COOKIES } from "#lib/read/web-context.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Exchange } from "./exchange.ts";
import { send } from "./exchange.ts";
import type { InMemoryAnswer } from "./in-memory-exchange.ts";
import type { Renderer } from "./next-renderer.ts";
import { problemOf, sendProblem } from "./problem.ts";
import type { RandomBytes } from "./request-ids.ts";
import { adminContentPolicy, COMMON_HEADERS } from "./security-headers.ts";
import { acceptedCoding, encodeBody } from "./send-json.ts";

const SIGN_IN_PATH = "/admin/sign-in";
const SESSION_PATH = "/admin/session";
const SESSION_END_PATH = "/admin/session/end";
const FIRST_PATH = "/admin/slos";
const MAX_FORM_BYTES = 4_096;

export type AdminContext = {
  readonly database: Database;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly renderer: Renderer;
  readonly isProduction: boolean;
  readonly findSession: (token: string) => Promise<Session | null>;
};

/**
 * Whether an unsafe request comes from a page of ours. Browsers say so by Sec-Fetch-Site, or by Origin; a client that
 * sends neither is no browser and carries no cookie of a victim.
 */
const isSameOrigin = (headers: IncomingMessage["headers"]): boolean => {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" || site === "none";
  const origin = headers.origin;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === headers.host;
};

/** A path of the admin pages to go to after sign-in; anything else leads to the first one. */
const safeReturnPath = (asked: string | null): string =>
  asked !== null &&
  /^\/admin(\/[A-Za-z0-9_-]+)*$/.test(asked) &&
  !asked.startsWith(SESSION_PATH) &&
  asked !== SIGN_IN_PATH
    ? asked
    : FIRST_PATH;

const redirect = (exchange: Exchange, location: string, headers: readonly string[] = []): number => {
  send(
    exchange,
    303,
    ["Location", location, "Content-Length", "0", "Cache-Control", "no-store", ...COMMON_HEADERS, ...headers],
    null,
  );
  return 303;
};

/** The form's fields; null when the body is too large or no form. */
const readForm = async (req: IncomingMessage): Promise<URLSearchParams | null> => {
  if (!/^application\/x-www-form-urlencoded\b/i.test(req.headers["content-type"] ?? "")) return null;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_FORM_BYTES) return null;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
};

/** Over https the cookie gets the name that only https may set. The browser's own Origin tells which it is. */
const cookieOf = (req: IncomingMessage, value: string, maxAgeSeconds: number): string => {
  const isHttps = req.headers.origin?.startsWith("https://") === true;
  const name = isHttps ? SESSION_COOKIES[0] : SESSION_COOKIES[1];
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAgeSeconds}${isHttps ? "; Secure" : ""}`;
};

const signIn = async (context: AdminContext, exchange: Exchange): Promise<number> => {
  const { req } = exchange;
  const form = await readForm(req);
  if (form === null)
    return sendProblem(exchange, problemOf("INVALID_REQUEST", "send the form of the sign-in page"), [
      "Connection",
      "close",
    ]);
  const now = context.clock.now();
  try {
    const { randomBytes, database } = context;
    const session = await consumeSignInLink(database, { token: form.get("token") ?? "", now, randomBytes });
    const maxAgeSeconds = Math.max(0, Math.floor((session.expiresAt - now) / 1_000));
    return redirect(exchange, safeReturnPath(form.get("next")), [
      "Set-Cookie",
      cookieOf(req, session.token, maxAgeSeconds),
    ]);
  } catch (error) {
    if (errorCodeOf(error) !== "SIGN_IN_LINK_INVALID") throw error;
    return redirect(exchange, `${SIGN_IN_PATH}?problem=link`);
  }
};

const signOut = async (context: AdminContext, exchange: Exchange): Promise<number> => {
  const token = sessionTokenOf(exchange.req.headers.cookie);
  if (token !== null) await revokeSession(context.database, { token, now: context.clock.now(), actor: "session" });
  const expired = SESSION_COOKIES.flatMap((name, index) => [
    "Set-Cookie",
    `${name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0${index === 0 ? "; Secure" : ""}`,
  ]);
  return redirect(exchange, SIGN_IN_PATH, expired);
};

/** What Next may see of a request: nothing that steers its inner workings but its own navigation headers. */
const FORWARDED = [
  "host",
  "accept",
  "accept-language",
  "cookie",
  "user-agent",
  "rsc",
  "next-router-state-tree",
  "next-router-prefetch",
  "next-router-segment-prefetch",
  "next-url",
];
const DROPPED = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "content-length",
  "content-encoding",
  "cache-control",
  "content-security-policy",
  "date",
  "etag",
  "x-powered-by",
  "set-cookie",
]);

const sendNextAnswer = async (exchange: Exchange, answer: InMemoryAnswer, policy: string): Promise<number> => {
  const { body, coding } = await encodeBody(answer.body, acceptedCoding(exchange));
  const kept = answer.headers.filter(([name]) => !DROPPED.has(name.toLowerCase())).flat();
  const encoding = coding === "identity" ? [] : ["Content-Encoding", coding];
  const headers = [
    ...kept,
    ...encoding,
    "Content-Length",
    String(body.length),
    "Cache-Control",
    "private, no-store",
    "Content-Security-Policy",
    policy,
    "X-Robots-Tag",
    "noindex",
    ...COMMON_HEADERS,
  ];
  send(exchange, answer.status, headers, body);
  return answer.status;
};

const showPage = async (context: AdminContext, exchange: Exchange): Promise<number> => {
  const { req } = exchange;
  const nonce = Buffer.from(context.randomBytes(16)).toString("base64");
  const policy = adminContentPolicy(nonce, context.isProduction);
  const headers: Record<string, string> = { "content-security-policy": policy };
  for (const name of FORWARDED) {
    const value = req.headers[name];
    if (typeof value === "string") headers[name] = value;
  }
  const query = (req.url ?? "").split("?").slice(1).join("?");
  const url = query === "" ? exchange.path : `${exchange.path}?${query}`;
  return sendNextAnswer(exchange, await context.renderer.answer({ method: "GET", url, headers }), policy);
};

/** Everything below `/admin`: sign-in and sign-out here, pages by Next after the session is checked. */
export const answerAdmin = async (context: AdminContext, exchange: Exchange): Promise<number> => {
  const { req, path } = exchange;
  const isRead = req.method === "GET" || req.method === "HEAD";
  exchange.route = path === SESSION_PATH || path === SESSION_END_PATH ? path : "/admin/*";
  if (path === SESSION_PATH || path === SESSION_END_PATH) {
    if (req.method !== "POST")
      return sendProblem(exchange, problemOf("METHOD_NOT_ALLOWED", "use POST"), ["Allow", "POST"]);
    if (!isSameOrigin(req.headers))
      return sendProblem(exchange, problemOf("FORBIDDEN", "the request comes from another site"), [
        "Connection",
        "close",
      ]);
    return path === SESSION_PATH ? signIn(context, exchange) : signOut(context, exchange);
  }
  if (!isRead)
    return sendProblem(exchange, problemOf("METHOD_NOT_ALLOWED", "use GET"), [
      "Allow",
      "GET, HEAD",
      "Connection",
      "close",
    ]);
  if (path !== SIGN_IN_PATH) {
    const token = sessionTokenOf(req.headers.cookie);
    if (token === null || (await context.findSession(token)) === null) return redirect(exchange, SIGN_IN_PATH);
    if (path === "/admin") return redirect(exchange, FIRST_PATH);
  }
  return showPage(context, exchange);
};
