import type { AccountProblem } from "#lib/commands/identity/account-flash.ts";
import { CODES_COOKIE, codesContext } from "#lib/commands/identity/account-flash.ts";
import { assertOwner, changeOwnPassword, endOwnSession } from "#lib/commands/identity/own-account.ts";
import { passwordHasher as hasher } from "#lib/commands/identity/passwords.ts";
import { beginFactor, confirmFactor, removeFactor } from "#lib/commands/identity/second-factor.ts";
import { attemptOf, chargeAttempt } from "#lib/commands/identity/sign-in-attempts.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import { sessionTokenOf } from "#lib/read/require-session.ts";
import type { Session } from "#lib/read/web-context.ts";
import type { Exchange } from "../http/exchange.ts";
import { problemOf, sendProblem } from "../http/problem.ts";
import { clientAddressOf } from "../http/rate-caller.ts";
import { readForm } from "../http/read-form.ts";
import type { AdminContext } from "./admin-context.ts";
import { ACCOUNT_PATH, cameByHttps, redirect, SIGN_IN_PATH, setCookie } from "./session-cookie.ts";

/** The forms of a person's own account, each by its path below `/admin/account`. */

const CODES_SECONDS = 300;

type Form = {
  readonly context: AdminContext;
  readonly exchange: Exchange;
  readonly session: Session;
  readonly token: string;
  readonly fields: (name: string) => string;
};

/** Pairs of headers for the answer. @throws AppError */
type Action = (form: Form) => Promise<readonly string[]>;

/** Typing the present password is guessing it, too. */
const proveOwner = async ({ context, exchange, session, fields }: Form): Promise<void> => {
  const { database, clock, trustedHops } = context;
  await chargeAttempt(database, attemptOf(session.userId, clientAddressOf(exchange.req, trustedHops)), clock.now());
  await assertOwner(database, { userId: session.userId, password: fields("present"), hasher });
};

const changePassword: Action = async (form) => {
  await proveOwner(form);
  const { context, session, token, fields } = form;
  await changeOwnPassword(context.database, {
    userId: session.userId,
    sessionToken: token,
    present: fields("present"),
    next: fields("password"),
    now: context.clock.now(),
    hasher,
  });
  return [];
};

const worldOf = ({ clock, randomBytes, secretBox }: AdminContext) => ({ now: clock.now(), randomBytes, secretBox });

const begin: Action = async (form) => {
  await proveOwner(form);
  const { context, session } = form;
  await context.database.transaction((tx) => beginFactor(tx, session.userId, worldOf(context)));
  return [];
};

/** The recovery codes are shown on the next page and go there sealed, in a cookie that lives for five minutes. */
const confirm: Action = async ({ context, exchange, session, fields }) => {
  const { database, secretBox } = context;
  const codes = await database.transaction((tx) => confirmFactor(tx, session.userId, fields("code"), worldOf(context)));
  const sealed = secretBox.seal(JSON.stringify(codes), codesContext(session.id));
  const isHttps = cameByHttps(exchange.req, null);
  const value = Buffer.from(sealed).toString("base64url");
  return setCookie({ name: CODES_COOKIE, value, maxAgeSeconds: CODES_SECONDS, isHttps, path: ACCOUNT_PATH });
};

const remove: Action = async (form) => {
  await proveOwner(form);
  const { context, session } = form;
  await context.database.transaction((tx) => removeFactor(tx, session.userId, context.clock.now()));
  return [];
};

const endOne: Action = async ({ context, session, fields }) => {
  await endOwnSession(context.database, { userId: session.userId, id: fields("id"), now: context.clock.now() });
  return [];
};

const ACTIONS: Readonly<Record<string, Action>> = {
  password: changePassword,
  factor: begin,
  "factor/confirm": confirm,
  "factor/remove": remove,
  "sessions/end": endOne,
};

const PROBLEMS: Readonly<Record<string, AccountProblem>> = {
  FORBIDDEN: "present",
  INVALID_REQUEST: "value",
  CONFLICT: "state",
  NOT_FOUND: "state",
  RATE_LIMITED: "limit",
};

/** Whether a path is the address of one of the forms. */
export const isAccountForm = (path: string): boolean =>
  path.startsWith(`${ACCOUNT_PATH}/`) && Object.hasOwn(ACTIONS, path.slice(ACCOUNT_PATH.length + 1));

/** Answers `POST /admin/account/…` of a page of ours. */
export const answerAccountForm = async (context: AdminContext, exchange: Exchange): Promise<number> => {
  const name = exchange.path.slice(ACCOUNT_PATH.length + 1);
  const action = ACTIONS[name];
  const token = sessionTokenOf(exchange.req.headers.cookie);
  const session = token === null ? null : await context.findSession(token);
  const form = await readForm(exchange.req);
  if (token === null || session === null || action === undefined) return redirect(exchange, SIGN_IN_PATH);
  if (form === null)
    return sendProblem(exchange, problemOf("INVALID_REQUEST", "send the form of the page"), ["Connection", "close"]);
  try {
    const fields = (field: string): string => form.get(field) ?? "";
    const headers = await action({ context, exchange, session, token, fields });
    return redirect(exchange, `${ACCOUNT_PATH}?done=${encodeURIComponent(name)}`, headers);
  } catch (error) {
    const problem = PROBLEMS[errorCodeOf(error) ?? ""];
    if (problem === undefined) throw error;
    return redirect(exchange, `${ACCOUNT_PATH}?problem=${problem}`);
  }
};
