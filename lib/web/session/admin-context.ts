import type { SecretBox } from "#lib/commands/secret-box.ts";
import type { Database, Session } from "#lib/read/web-context.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import type { RandomBytes } from "../http/request-ids.ts";
import type { Renderer } from "../next-renderer.ts";
import type { IdentityDesk } from "./identity-desk.ts";

/** The world of everything below `/admin`. */
export type AdminContext = {
  readonly database: Database;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly renderer: Renderer;
  readonly isProduction: boolean;
  readonly findSession: (token: string) => Promise<Session | null>;
  readonly identity: IdentityDesk;
  readonly secretBox: SecretBox;
  readonly log: Logger;
  /** Proxies of ours between the visitor and us, of which the addresses are believed. */
  readonly trustedHops: number;
};
