import { setImmediate as nextTurn } from "node:timers/promises";
import type { openWebBack } from "./web-back.ts";

/**
 * Parts of what stands behind the pages on disk, from the ground up. To load a module with all that it imports is one
 * piece of work without a pause; these take some ten milliseconds of CPU each.
 */
const PARTS: readonly (() => Promise<unknown>)[] = [
  () => import("#lib/runtime/metrics.ts"),
  () => import("#lib/runtime/tracing.ts"),
  () => import("./session/identity-desk.ts"),
  () => import("#lib/contracts/operations.ts"),
  () => import("./api/openapi-file.ts"),
  () => import("./inbound/inbound.ts"),
  () => import("./api/config.ts"),
  () => import("./api/api.ts"),
  () => import("./session/admin.ts"),
  () => import("./web-parts.ts"),
];

/** A connection is taken in one turn of the event loop, its request is read and answered in the next ones. */
const TURNS = 4;

const breathe = async (): Promise<void> => {
  for (let turn = 0; turn < TURNS; turn += 1) await nextTurn();
};

/** Loads everything behind the pages on disk, with pauses in which pages are answered. */
export const loadBackModule = async (): Promise<{ readonly openWebBack: typeof openWebBack }> => {
  for (const load of PARTS) {
    await load();
    await breathe();
  }
  return import("./web-back.ts");
};
