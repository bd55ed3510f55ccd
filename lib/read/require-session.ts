import type { Principal, Scope } from "#lib/core/access/authorise.ts";
import { authorise } from "#lib/core/access/authorise.ts";
import { AppError } from "#lib/core/errors.ts";
import { scopesOfRole } from "#lib/core/identity/roles.ts";
import type { Session } from "./web-context.ts";
import { getWebContext, SESSION_COOKIES } from "./web-context.ts";

/** The value of one cookie in a `Cookie` header, or null. The first one counts, as in browsers. */
export const cookieValue = (header: string | null | undefined, name: string): string | null => {
  for (const part of (header ?? "").split(";")) {
    const cut = part.indexOf("=");
    if (cut > 0 && part.slice(0, cut).trim() === name) return part.slice(cut + 1).trim();
  }
  return null;
};

/** A session token as `createSession` makes it: base64url, bounded so that nonsense never reaches the database. */
const isPlausibleToken = (token: string): boolean => /^[A-Za-z0-9_-]{16,128}$/.test(token);

/** The session token that a `Cookie` header carries, or null. */
export const sessionTokenOf = (cookieHeader: string | null | undefined): string | null => {
  for (const name of SESSION_COOKIES) {
    const token = cookieValue(cookieHeader, name);
    if (token !== null && isPlausibleToken(token)) return token;
  }
  return null;
};

/**
 * The session behind a request's `Cookie` header; null when nobody is signed in. The web role checks before a page
 * is rendered; the data layer checks again with this, so that a mistake in routing shows no figures.
 */
export const findRequestSession = async (cookieHeader: string | null | undefined): Promise<Session | null> => {
  const token = sessionTokenOf(cookieHeader);
  return token === null ? null : getWebContext().findSession(token);
};

/** As `findRequestSession`, for pages. @throws AppError UNAUTHENTICATED when nobody is signed in. */
export const requireSession = async (cookieHeader: string | null | undefined): Promise<Session> => {
  const session = await findRequestSession(cookieHeader);
  if (session === null) throw new AppError("UNAUTHENTICATED", "sign in to see this page");
  return session;
};

/** A person who is signed in, as authorisation knows them. */
export const principalOf = ({ userId, name, role }: Session): Extract<Principal, { kind: "user" }> => ({
  kind: "user",
  id: userId,
  name,
  scopes: scopesOfRole(role),
});

/** Whether somebody may do what takes the scope: pages leave out what would be refused. */
export const mayDo = (session: Session, scope: Scope): boolean =>
  authorise(principalOf(session), { scope }).kind === "allowed";

/** As `requireSession`, for pages that take a scope. @throws AppError UNAUTHENTICATED, FORBIDDEN */
export const requireScope = async (cookieHeader: string | null | undefined, scope: Scope): Promise<Session> => {
  const session = await requireSession(cookieHeader);
  if (!mayDo(session, scope)) throw new AppError("FORBIDDEN", `your role does not hold the scope ${scope}`);
  return session;
};
