import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import type { MetricsFormat } from "#lib/runtime/metrics.ts";

/** The roles of one instance, in the order in which they start; they stop in the reverse order. */
export const ROLES = ["web", "engine", "deliver", "probe"] as const;
export type RoleName = (typeof ROLES)[number];

/** What the supervisor hands to each of its processes, over IPC so that no other process can read it. */
export type RoleSettings = {
  readonly role: RoleName;
  /** Names this instance in leases; new at every start. */
  readonly instanceId: string;
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly configPath: string;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  readonly isDemo: boolean;
  /** False for `nines dev`: Next compiles pages as they are asked for. */
  readonly isProduction: boolean;
  /** 32 bytes in base64: opens the secrets in the database. */
  readonly secretKey: string;
  /** Keys that open what was sealed before a rotation, as `secretKey`. */
  readonly oldSecretKeys?: readonly string[];
  /** Where the keys stand when no variable gives them: read again when they change. */
  readonly secretKeyFile?: string | null;
};

/**
 * How Node is to run a role. A dispatcher makes much short-lived text when it drains a long queue; with a young
 * generation of the usual size its process would keep a hundred megabytes more afterwards.
 */
export const execArgvOf = (role: RoleName): readonly string[] =>
  role === "deliver" ? ["--max-semi-space-size=4", "--heap-growing-percent=40"] : [];

export type RoleContext = {
  readonly settings: RoleSettings;
  readonly clock: Clock;
  readonly log: Logger;
  /** Metrics of all processes of this instance as text, collected by the supervisor. */
  readonly collectMetrics: (format: MetricsFormat) => Promise<string>;
  /** Starts metrics of the process and tracing. They run already in every role but web, which answers pages first. */
  readonly startInstruments: () => Promise<void>;
};

export type RunningRole = {
  /** The port that the role listens on, where it does. */
  readonly port?: number;
  /** Reads the configuration file again. */
  readonly reload?: () => void;
  /** Settles when the role's work is handed back; may be called twice. */
  readonly stop: () => Promise<void>;
};

export type StartRole = (context: RoleContext) => Promise<RunningRole>;

/** Supervisor to role. */
export type ToRole =
  | { readonly kind: "settings"; readonly settings: RoleSettings }
  | { readonly kind: "stop" }
  | { readonly kind: "reload" }
  | { readonly kind: "ping" }
  | { readonly kind: "metrics_wanted"; readonly id: number }
  | { readonly kind: "all_metrics"; readonly id: number; readonly text: string };

/** Role to supervisor. `metrics` is prom-client's JSON form. */
export type FromRole =
  | { readonly kind: "ready"; readonly port: number | null }
  | { readonly kind: "pong" }
  | { readonly kind: "failed"; readonly code: string; readonly detail: string }
  | { readonly kind: "metrics"; readonly id: number; readonly metrics: unknown }
  | { readonly kind: "all_metrics_wanted"; readonly id: number; readonly format?: MetricsFormat };
