import type { Run } from "#lib/core/outcome.ts";

/** Where runs go. `accept` resolves once all of them are stored and rejects when any is not; the same runs may come again. */
export type RunSink = { accept(runs: readonly Run[]): Promise<void> };
