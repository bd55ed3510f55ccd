import { sessionTokenOf } from "#lib/read/require-session.ts";
import type { Exchange } from "../http/exchange.ts";
import { send } from "../http/exchange.ts";
import type { InMemoryAnswer } from "../http/in-memory-exchange.ts";
import { problemOf, sendProblem } from "../http/problem.ts";
import { isSameOrigin } from "../http/same-origin.ts";
import { adminContentPolicy, COMMON_HEADERS } from "../http/security-headers.ts";
import { acceptedCoding, encodeBody } from "../http/send-json.ts";
import { answerAccountForm, isAccountForm } from "./account-routes.ts";
import type { AdminContext } from "./admin-context.ts";
import { FIRST_PATH, redirect, SESSION_PATH, SIGN_IN_PATH, safeReturnPath } from "./session-cookie.ts";
import { beginOidc, finishOidc, OIDC_CALLBACK_PATH, OIDC_PATH } from "./session-oidc.ts";
import { answerSetUp, signIn, signOut } from "./session-routes.ts";

const SESSION_END_PATH = "/admin/session/end";
const SET_UP_PATH = "/admin/setup";
const FORM_PATHS: ReadonlySet<string> = new Set([SESSION_PATH, SESSION_END_PATH, SET_UP_PATH]);

/** The sign-in page, which leads back to where somebody wanted to go. */
const signInFor = (path: string): string => {
  const next = safeReturnPath(path);
  return next === FIRST_PATH || path === "/admin" ? SIGN_IN_PATH : `${SIGN_IN_PATH}?next=${encodeURIComponent(next)}`;
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

const METHOD_POST = ["Allow", "POST", "Connection", "close"];

const answerForm = async (context: AdminContext, exchange: Exchange): Promise<number> => {
  const { req, path } = exchange;
  if (req.method !== "POST") return sendProblem(exchange, problemOf("METHOD_NOT_ALLOWED", "use POST"), METHOD_POST);
  if (!isSameOrigin(req.headers))
    return sendProblem(exchange, problemOf("FORBIDDEN", "the request comes from another site"), [
      "Connection",
      "close",
    ]);
  if (path === SESSION_PATH) return signIn(context, exchange);
  if (path === SET_UP_PATH) return answerSetUp(context, exchange);
  return path === SESSION_END_PATH ? signOut(context, exchange) : answerAccountForm(context, exchange);
};

/** Everything below `/admin`: sign-in and sign-out here, pages by Next after the session is checked. */
export const answerAdmin = async (context: AdminContext, exchange: Exchange): Promise<number> => {
  const { req, path } = exchange;
  const isRead = req.method === "GET" || req.method === "HEAD";
  const isForm = FORM_PATHS.has(path) || isAccountForm(path);
  exchange.route = FORM_PATHS.has(path) ? path : "/admin/*";
  if (isForm) return answerForm(context, exchange);
  if (!isRead)
    return sendProblem(exchange, problemOf("METHOD_NOT_ALLOWED", "use GET"), [
      "Allow",
      "GET, HEAD",
      "Connection",
      "close",
    ]);
  if (path === OIDC_PATH) return beginOidc(context, exchange);
  if (path === OIDC_CALLBACK_PATH) return finishOidc(context, exchange);
  if (path !== SIGN_IN_PATH) {
    const token = sessionTokenOf(req.headers.cookie);
    if (token === null || (await context.findSession(token)) === null) return redirect(exchange, signInFor(path));
    if (path === "/admin") return redirect(exchange, FIRST_PATH);
  }
  return showPage(context, exchange);
};
