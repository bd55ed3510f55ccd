import type { FSWatcher } from "node:fs";
import { watch } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { ConfigError } from "#lib/config/config-error.ts";
import { MAX_FILE_BYTES } from "#lib/config/decode-text.ts";
import { readCapped } from "#lib/config/read-capped.ts";
import type { Config } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { gauge } from "#lib/runtime/metrics.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";

export type LoadedConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

export type ConfigResult =
  | { readonly kind: "applied"; readonly version: bigint; readonly changed: boolean }
  /** The file is bad; what was in force stays in force. */
  | { readonly kind: "rejected"; readonly errors: readonly ConfigError[] };

export type ConfigWatcherArgs = {
  readonly path: string;
  readonly load: (bytes: Uint8Array) => LoadedConfig | Promise<LoadedConfig>;
  /** Writes the configuration. When it fails, the same file is tried again each second. */
  readonly apply: (config: Config) => Promise<{ version: bigint; changed: boolean }>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onResult?: (result: ConfigResult) => void;
};

export type ConfigWatcher = {
  /** Reads the file again, changed or not: files and variables that it points at may have changed. */
  readonly reload: () => void;
  /** Settles when the signal has aborted and nothing is left behind. */
  readonly done: Promise<void>;
};

const POLL_MS = 1_000;
/** A file that changed this recently may still be being written. */
const SETTLE_MS = 200;

const succeeded = () =>
  gauge({
    name: "nines_config_last_reload_successful",
    help: "1 when the configuration file was valid at its last reading, else 0.",
  });
const version = () => gauge({ name: "nines_config_version", help: "Number of the configuration version in force." });

/** What tells one state of a file from another; null when it cannot be seen. */
const look = async (path: string): Promise<{ signature: string; changedAtMs: number } | null> => {
  try {
    const { ino, size, mtimeMs } = await stat(path);
    return { signature: `${ino}:${size}:${mtimeMs}`, changedAtMs: mtimeMs };
  } catch {
    return null;
  }
};

/** A bell that somebody can wait for; a ring while nobody waits is heard by the next one. */
const createBell = () => {
  let ring = Promise.withResolvers<void>();
  return {
    ring: () => ring.resolve(),
    heard: async (signal: AbortSignal): Promise<void> => {
      const stopped = Promise.withResolvers<void>();
      const stop = () => stopped.resolve();
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) stop();
      await Promise.race([ring.promise.then(() => (ring = Promise.withResolvers<void>())), stopped.promise]);
      signal.removeEventListener("abort", stop);
    },
  };
};

/** Watches the folder, because editors and config maps replace the file. Where that is impossible, the poll has to do. */
const watchFolder = (path: string, onChange: () => void, log: Logger): FSWatcher | null => {
  try {
    const watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
      if (name === null || name === basename(path)) onChange();
    });
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch (error) {
    log.debug({ path, error }, "the configuration's folder cannot be watched; it is looked at each second");
    return null;
  }
};

const faultsOf = (error: unknown): readonly ConfigError[] | null => {
  if (!(error instanceof AppError) || error.code !== "CONFIG_INVALID") return null;
  const told = (error.cause as { readonly errors?: readonly ConfigError[] } | undefined)?.errors;
  return told ?? [{ path: "", kind: "conflict", message: error.detail }];
};

/** Loads and applies the bytes of a file. @throws what `apply` threw, unless it is a fault of the file. */
const createApplier = ({ path, load, apply, log, onResult }: ConfigWatcherArgs) => {
  const reject = (errors: readonly ConfigError[]): void => {
    succeeded().set(0);
    log.error(
      { code: "CONFIG_INVALID", path, errors },
      "the configuration file is not valid; the old one stays in force",
    );
    onResult?.({ kind: "rejected", errors });
  };
  return async (bytes: Uint8Array): Promise<void> => {
    const loaded = await load(bytes);
    if (!loaded.ok) return reject(loaded.errors);
    try {
      const applied = await apply(loaded.config);
      succeeded().set(1);
      version().set(Number(applied.version));
      if (applied.changed) log.info({ path, version: applied.version }, "a new configuration is in force");
      onResult?.({ kind: "applied", ...applied });
    } catch (error) {
      const faults = faultsOf(error);
      if (faults === null) throw error;
      reject(faults);
    }
  };
};

const createRound = (args: ConfigWatcherArgs) => {
  const { path, clock, log, signal } = args;
  const applyBytes = createApplier(args);
  let handled: string | null = null;
  let isGone = false;
  let isForced = false;

  /** One look at the file. @throws what `apply` threw; the next round tries again. */
  const round = async (): Promise<void> => {
    const seen = await look(path);
    if (seen === null) {
      if (!isGone) {
        succeeded().set(0);
        log.error(
          { code: "CONFIG_UNREADABLE", path },
          "the configuration file cannot be found; what was in force stays in force",
        );
      }
      isGone = true;
      return;
    }
    // Read again also when the same file is back: what it is worth was forgotten with it.
    if (isGone) isForced = true;
    isGone = false;
    if (seen.signature === handled && !isForced) return;
    const ageMs = clock.now() - seen.changedAtMs;
    if (ageMs >= 0 && ageMs < SETTLE_MS) await clock.sleep(SETTLE_MS - ageMs, signal);
    const bytes = await readCapped(path, MAX_FILE_BYTES);
    const after = await look(path);
    // Still being written: the next round, at most a second away, sees the whole.
    if (after?.signature !== seen.signature) return;
    const wasForced = isForced;
    isForced = false;
    try {
      await applyBytes(bytes);
      handled = seen.signature;
    } catch (error) {
      isForced ||= wasForced;
      throw error;
    }
  };
  return {
    round,
    force: () => {
      isForced = true;
    },
  };
};

/**
 * Applies the configuration file at the start, when it changes (seen by the system's notice or a look each second) and
 * at `reload`. A bad, half-written or vanished file leaves the old configuration in force; a bad one is told once, with
 * all its faults, a vanished one as well, and both set the metric `nines_config_last_reload_successful` to 0.
 */
export const createConfigWatcher = (args: ConfigWatcherArgs): ConfigWatcher => {
  const { path, clock, log, signal } = args;
  const bell = createBell();
  const { round, force } = createRound(args);
  const watcher = watchFolder(path, bell.ring, log);
  const onError = (error: unknown): void =>
    log.warn({ path, error }, "the configuration could not be applied; trying again");
  const done = runLoop({ intervalMs: POLL_MS, work: round, onError, clock, signal, wake: bell.heard }).finally(() =>
    watcher?.close(),
  );
  return {
    reload: () => {
      force();
      bell.ring();
    },
    done,
  };
};
