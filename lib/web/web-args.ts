import type { ConfigFile } from "#lib/commands/config/plan-file.ts";
import type { RunProbeNow } from "#lib/commands/run-probe-now.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import type { ApiSettings } from "#lib/config/api-env.ts";
import type { Database } from "#lib/read/web-context.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import type { MetricsFormat } from "#lib/runtime/metrics.ts";
import type { AccessLog } from "./http/access-log.ts";
import type { RandomBytes } from "./http/request-ids.ts";
import type { RunBlackbox } from "./inbound/blackbox-facts.ts";
import type { Renderer } from "./next-renderer.ts";

/** What the first answers need: pages from the copy on disk. */
export type WebFrontArgs = {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly dataDir: string;
  /** Folder with the compiled style sheets and scripts: `.next/static`. */
  readonly staticDir: string;
  /** The script of the public page; left out: pages have none. */
  readonly scriptFile?: string;
  /** Names the build that templates on disk belong to (`readBuildId`). */
  readonly buildId: string;
  readonly isProduction: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly accessLog: AccessLog;
  readonly renderer: Renderer;
  readonly randomBytes: RandomBytes;
};

/** What everything else needs; it takes longer to load, and is there a moment later. */
export type WebBackArgs = {
  readonly version: string;
  readonly database: Database;
  /** Opens the credentials of probes for the agents that run them. */
  readonly secretBox: SecretBox;
  /** Follows `env:NAME` and `file:PATH` of the configuration; null when nothing is there. Left out: there are none. */
  readonly resolveSecret?: (reference: string) => string | null;
  /** Runs checks for `/probe`; without it there is no such address. */
  readonly runBlackbox?: RunBlackbox | undefined;
  /** Runs a probe that somebody asks for; without it nobody can. */
  readonly runProbe?: RunProbeNow | undefined;
  /** The configuration file of this instance; left out, there is none here. */
  readonly configFile?: ConfigFile | undefined;
  /** Limits, origins and networks of the API; left out, nothing is limited. */
  readonly apiSettings?: ApiSettings;
  /** The metrics of all roles of this instance as text. */
  readonly collectMetrics: (format: MetricsFormat) => Promise<string>;
};

/** The world of the web role. */
export type WebServerArgs = WebFrontArgs & WebBackArgs;
