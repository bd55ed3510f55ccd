import { signInWithIdentity } from "#lib/commands/identity/sign-in-oidc.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import type { Exchange } from "../http/exchange.ts";
import { problemOf, sendProblem } from "../http/problem.ts";
import type { AdminContext } from "./admin-context.ts";
import type { OidcChecks } from "./oidc-client.ts";
import { cameByHttps, cookieOf, redirect, SIGN_IN_PATH, safeReturnPath, setCookie } from "./session-cookie.ts";
import { enter } from "./session-routes.ts";

export const OIDC_PATH = "/admin/session/oidc";
export const OIDC_CALLBACK_PATH = `${OIDC_PATH}/callback`;

/** A sign-in at the provider takes no longer. */
const PATIENCE_SECONDS = 600;
const CONTEXT = "sign-in at the identity provider";

type Begun = OidcChecks & { readonly next: string; readonly redirectUri: string; readonly until: number };

const cookieName = (isHttps: boolean): string => (isHttps ? "__Host-nines_oidc" : "nines_oidc");

const failed = (exchange: Exchange, headers: readonly string[] = []): number =>
  redirect(exchange, `${SIGN_IN_PATH}?problem=oidc`, headers);

/** `GET /admin/session/oidc`: sends the browser to the provider. What has to come back is kept sealed in its cookie. */
export const beginOidc = async (context: AdminContext, exchange: Exchange): Promise<number> => {
  const { identity, secretBox, clock, log } = context;
  const provider = await identity.oidc();
  if (provider === null) return sendProblem(exchange, problemOf("NOT_FOUND", "no identity provider is configured"));
  const { pageUrl } = await identity.settings();
  const { req } = exchange;
  const redirectUri = `${pageUrl ?? `http://${req.headers.host ?? "localhost"}`}${OIDC_CALLBACK_PATH}`;
  const isHttps = cameByHttps(req, pageUrl);
  try {
    const { url, checks } = await provider.client.begin(redirectUri);
    const next = safeReturnPath(new URLSearchParams((req.url ?? "").split("?")[1] ?? "").get("next"));
    const begun: Begun = { ...checks, next, redirectUri, until: clock.now() + PATIENCE_SECONDS * 1_000 };
    const value = Buffer.from(secretBox.seal(JSON.stringify(begun), CONTEXT)).toString("base64url");
    return redirect(
      exchange,
      url,
      setCookie({ name: cookieName(isHttps), value, maxAgeSeconds: PATIENCE_SECONDS, isHttps }),
    );
  } catch (error) {
    log.warn({ error }, "the identity provider cannot be asked");
    return failed(exchange);
  }
};

const readBegun = ({ secretBox, clock }: AdminContext, sealed: string | null): Begun | null => {
  if (sealed === null) return null;
  try {
    const begun = JSON.parse(secretBox.open(Buffer.from(sealed, "base64url").toString("utf8"), CONTEXT)) as Begun;
    return begun.until > clock.now() ? begun : null;
  } catch {
    return null;
  }
};

/** `GET /admin/session/oidc/callback`: the browser is back from the provider. */
export const finishOidc = async (context: AdminContext, exchange: Exchange): Promise<number> => {
  const { identity, database, clock, randomBytes, log } = context;
  const { req } = exchange;
  const provider = await identity.oidc();
  if (provider === null) return sendProblem(exchange, problemOf("NOT_FOUND", "no identity provider is configured"));
  const { pageUrl, sessions: limits } = await identity.settings();
  const isHttps = cameByHttps(req, pageUrl);
  const name = cookieName(isHttps);
  const begun = readBegun(context, cookieOf(req, name));
  const cleared = setCookie({ name, value: "", maxAgeSeconds: 0, isHttps });
  if (begun === null) return failed(exchange, cleared);
  try {
    const query = (req.url ?? "").split("?").slice(1).join("?");
    const who = await provider.client.finish(new URL(`${begun.redirectUri}?${query}`), begun);
    const session = await signInWithIdentity(database, {
      identity: who,
      oidc: provider.definition,
      userAgent: req.headers["user-agent"] ?? null,
      now: clock.now(),
      randomBytes,
      limits,
    });
    return await enter(context, exchange, session, begun.next, cleared);
  } catch (error) {
    const isRefused = errorCodeOf(error) === "FORBIDDEN" || errorCodeOf(error) === "CONFLICT";
    log.warn({ error }, "a sign-in at the identity provider was refused");
    return isRefused ? redirect(exchange, `${SIGN_IN_PATH}?problem=refused`, cleared) : failed(exchange, cleared);
  }
};
