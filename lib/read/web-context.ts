import type { Database } from "#db/database.ts";
import type { ConfigPlanResource } from "#lib/contracts/config-plan.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { Archive, ArchivedDocuments } from "#lib/contracts/snapshot-archive.ts";
import type { Role } from "#lib/core/identity/roles.ts";
import type { Clock } from "#lib/runtime/clock.ts";

export type { Database };

/** Who is signed in. */
export type Session = {
  /** Names the session without opening it. */
  readonly id: string;
  readonly userId: string;
  readonly login: string;
  readonly name: string;
  readonly role: Role;
  readonly expiresAt: number;
};

/** What pages share with the server that runs them. Next bundles second copies of modules, so this lives on globalThis. */
export type WebContext = {
  readonly database: Database;
  readonly clock: Clock;
  /** The snapshot that the page is rendered from; null before the first one. */
  readonly snapshot: () => Snapshot | null;
  /** What was said of entries of the snapshot's archive, as far as the page may tell it. Left out: there is no archive. */
  readonly archived?: (entries: Archive) => Promise<ArchivedDocuments>;
  /** The session that a cookie's token belongs to; null when it is unknown, expired or revoked. */
  readonly findSession: (token: string) => Promise<Session | null>;
  /** Opens what is sealed for a page of somebody who is signed in. */
  readonly secretBox?: { readonly open: (cipher: string, context: string) => string };
  /** The file of this instance beside what is in force, as `GET /v1/config/plan` answers. */
  readonly planConfig?: () => Promise<ConfigPlanResource>;
  /** Logs what a page threw: Next answers 500 without a word. */
  readonly reportFault: (error: unknown, path: string) => void;
};

/** Names of the session cookie, the one for https first. Browsers keep `__Host-` cookies safe from sibling domains. */
export const SESSION_COOKIES = ["__Host-nines_session", "nines_session"] as const;

const KEY = Symbol.for("nines.web-context");
type Holder = { [KEY]?: WebContext };

/** Called once by the web role before it starts Next. */
export const setWebContext = (context: WebContext): void => {
  (globalThis as Holder)[KEY] = context;
};

/** @throws Error when no web role runs in this process (a page was rendered outside `nines start`). */
export const getWebContext = (): WebContext => {
  const context = (globalThis as Holder)[KEY];
  if (context === undefined)
    throw new Error("pages are rendered by the web role only: run `nines start` or `nines dev`");
  return context;
};
