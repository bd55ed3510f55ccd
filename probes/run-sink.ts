import type { Run } from "#lib/core/outcome.ts";
import type { Try } from "#lib/core/tries.ts";

/**
 * Where runs go, and the tries that explain some of them. `accept` resolves once all of them are stored and rejects when any
 * is not; the same ones may come again. Either list may be empty, not both.
 */
export type RunSink = { accept(runs: readonly Run[], tries: readonly Try[]): Promise<void> };
