import { assertGoodPassword, passwordHasher } from "#lib/commands/identity/passwords.ts";
import { signInWithPassword } from "#lib/commands/identity/sign-in-password.ts";
import { revokeSession } from "#lib/commands/sessions.ts";
import type { NewSession } from "#lib/commands/sign-in.ts";
import { assertLinkToken, consumeSignInLink, setUp } from "#lib/commands/sign-in.ts";
import { AppError, errorCodeOf } from "#lib/core/errors.ts";
import { readLogin } from "#lib/core/identity/login.ts";
import { sessionTokenOf } from "#lib/read/require-session.ts";
import { isSetUp } from "#lib/read/users.ts";
import type { Exchange } from "../http/exchange.ts";
import { problemOf, sendProblem } from "../http/problem.ts";
import { clientAddressOf } from "../http/rate-caller.ts";
import { readForm } from "../http/read-form.ts";
import type { AdminContext } from "./admin-context.ts";
import {
  cameByHttps,
  redirect,
  SIGN_IN_PATH,
  safeReturnPath,
  sessionCookie,
  withoutSessionCookies,
} from "./session-cookie.ts";

const field = (form: URLSearchParams, name: string): string => form.get(name) ?? "";

/** Sends the browser on with the cookie of a session that was just started. */
export const enter = async (
  context: AdminContext,
  exchange: Exchange,
  session: NewSession,
  next: string | null,
  headers: readonly string[] = [],
): Promise<number> => {
  const { pageUrl } = await context.identity.settings();
  const maxAge = Math.max(0, Math.floor((session.expiresAt - context.clock.now()) / 1_000));
  const isHttps = cameByHttps(exchange.req, pageUrl);
  return redirect(exchange, safeReturnPath(next), [...sessionCookie(session.token, maxAge, isHttps), ...headers]);
};

/** What the sign-in page says of a refusal; null: it is none of the caller's. */
const PROBLEMS: Readonly<Record<string, string>> = {
  SIGN_IN_LINK_INVALID: "link",
  UNAUTHENTICATED: "credentials",
  RATE_LIMITED: "limit",
};

const openSession = async (context: AdminContext, exchange: Exchange, form: URLSearchParams): Promise<NewSession> => {
  const { database, clock, randomBytes, secretBox } = context;
  const { req } = exchange;
  // Said without the database: what is no token of ours is turned away even while that is gone.
  if (form.has("token")) assertLinkToken(field(form, "token"));
  const { sessions: limits } = await context.identity.settings();
  const shared = { now: clock.now(), randomBytes, userAgent: req.headers["user-agent"] ?? null, limits };
  if (form.has("token")) return consumeSignInLink(database, { token: field(form, "token"), ...shared });
  return signInWithPassword(database, {
    login: field(form, "login"),
    password: field(form, "password"),
    code: field(form, "code"),
    address: clientAddressOf(req, context.trustedHops),
    hasher: passwordHasher,
    secretBox,
    ...shared,
  });
};

const notAForm = (exchange: Exchange): number =>
  sendProblem(exchange, problemOf("INVALID_REQUEST", "send the form of the page"), ["Connection", "close"]);

/** `POST /admin/session`: a link's token, or login, password and code. */
export const signIn = async (context: AdminContext, exchange: Exchange): Promise<number> => {
  const form = await readForm(exchange.req);
  if (form === null) return notAForm(exchange);
  try {
    return await enter(context, exchange, await openSession(context, exchange, form), form.get("next"));
  } catch (error) {
    const problem = PROBLEMS[errorCodeOf(error) ?? ""];
    if (problem === undefined) throw error;
    return redirect(exchange, `${SIGN_IN_PATH}?problem=${problem}`);
  }
};

/** `POST /admin/setup`: the first administrator names themselves. There is no such address once anybody may sign in. */
export const answerSetUp = async (context: AdminContext, exchange: Exchange): Promise<number> => {
  const { database, clock, randomBytes } = context;
  const close = ["Connection", "close"];
  const gone = problemOf("NOT_FOUND", "this installation is set up already");
  if (await isSetUp(database)) return sendProblem(exchange, gone, close);
  const form = await readForm(exchange.req);
  if (form === null) return notAForm(exchange);
  const token = field(form, "token");
  const again = `${SIGN_IN_PATH}?token=${encodeURIComponent(token)}&problem=setup`;
  const login = readLogin(field(form, "login"));
  const password = field(form, "password");
  if (login === null) return redirect(exchange, again);
  try {
    assertGoodPassword(password, { login });
    const { sessions: limits } = await context.identity.settings();
    const name = field(form, "name").replaceAll("\0", "").trim().slice(0, 100) || login.slice(0, 100);
    const session = await setUp(database, {
      token,
      now: clock.now(),
      randomBytes,
      userAgent: exchange.req.headers["user-agent"] ?? null,
      limits,
      who: { login, name, passwordHash: await passwordHasher.hash(password) },
    });
    return await enter(context, exchange, session, null);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === "NOT_FOUND") return sendProblem(exchange, gone, close);
    if (error.code === "SIGN_IN_LINK_INVALID") return redirect(exchange, `${SIGN_IN_PATH}?problem=link`);
    if (error.code === "INVALID_REQUEST") return redirect(exchange, again);
    throw error;
  }
};

/** `POST /admin/session/end`. */
export const signOut = async (context: AdminContext, exchange: Exchange): Promise<number> => {
  const token = sessionTokenOf(exchange.req.headers.cookie);
  if (token !== null) await revokeSession(context.database, { token, now: context.clock.now(), actor: "session" });
  return redirect(exchange, SIGN_IN_PATH, withoutSessionCookies());
};
