import type { DeadManDefinition } from "#lib/core/definitions.ts";
import { durationMs, MINUTE_MS } from "#lib/core/units.ts";
import { toDuration } from "../scalars.ts";
import type { DeadManFile } from "../schema/dead-man.ts";

/** The outside watcher of the file as the engine knows it. `secret`: what a reference in place of the address leads to. */
export const toDeadMan = (file: DeadManFile, secret: string | null): DeadManDefinition => ({
  url: secret ?? file.url,
  method: file.method ?? "GET",
  intervalMs: file.interval === undefined ? durationMs(MINUTE_MS) : toDuration(file.interval),
});
