import { randomBytes } from "node:crypto";
import type { Database } from "#db/database.ts";
import { readConfigDocument, readConfigVersion } from "#db/queries/config.ts";
import { countPending } from "#db/queries/deliveries.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { endpointSecretContext, endpointUrlContext } from "#lib/commands/secret-box.ts";
import { eventSource } from "#lib/contracts/events.ts";
import { postJson } from "#lib/egress/post.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { gauge } from "#lib/runtime/metrics.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";
import { createDispatcher } from "./deliver.ts";

export type DeliverArgs = {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly clock: Clock;
  readonly log: Logger;
  /** 0 to 1. */
  readonly random: () => number;
  readonly signal: AbortSignal;
};

const POLL_MS = 1_000;
const HOUSEKEEPING_MS = 10_000;
const MOST_RESPONSE_BYTES = 16_384;
/** How long attempts under way may go on after a stop: all roles together have 10 s. */
const STOP_GRACE_MS = 3_000;

/** Remembers a wake that comes while nobody waits. */
const createBell = () => {
  let isRung = false;
  let tell: (() => void) | null = null;
  return {
    ring: (): void => {
      isRung = true;
      tell?.();
    },
    wait: (signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        const done = (): void => {
          isRung = false;
          tell = null;
          signal.removeEventListener("abort", done);
          resolve();
        };
        if (isRung || signal.aborted) return done();
        tell = done;
        signal.addEventListener("abort", done, { once: true });
      }),
  };
};

const pendingGauge = () =>
  gauge({ name: "nines_deliveries_pending", help: "Deliveries that wait, by whether they are due.", labels: ["due"] });

/**
 * The work of the deliver role until the signal aborts: claims what is due each second, at once when an event commits
 * here or elsewhere, and whenever a place becomes free.
 */
export const runDeliver = async ({ database, secretBox, clock, log, random, signal }: DeliverArgs): Promise<void> => {
  const bell = createBell();
  let settings: { source: string; allow: readonly string[] } = { source: eventSource(null), allow: [] };
  const dispatcher = createDispatcher({
    database,
    clock,
    log,
    random,
    newToken: () => randomBytes(16).toString("hex"),
    onRoom: bell.ring,
    source: () => settings.source,
    openEndpoint: ({ endpointId, urlCiphertext, secretCiphertext }) => ({
      url: secretBox.open(urlCiphertext, endpointUrlContext(endpointId)),
      secrets: [secretBox.open(secretCiphertext, endpointSecretContext(endpointId))],
    }),
    post: (request) => postJson({ ...request, allow: settings.allow, maxResponseBytes: MOST_RESPONSE_BYTES, clock }),
  });

  let keptHouseMs = Number.NEGATIVE_INFINITY;
  let configVersion = -1n;
  const keepHouse = async (): Promise<void> => {
    if (clock.monotonicMs() - keptHouseMs < HOUSEKEEPING_MS) return;
    await dispatcher.sweep();
    const pending = await database.read((db) => countPending(db, clock.now()));
    pendingGauge().set({ due: "yes" }, pending.due);
    pendingGauge().set({ due: "no" }, pending.later);
    keptHouseMs = clock.monotonicMs();
  };
  const readSettings = async (): Promise<void> => {
    if ((await database.read(readConfigVersion)) === configVersion) return;
    const document = await database.read(readConfigDocument);
    if (document === null) return;
    configVersion = document.version;
    settings = { source: eventSource(document.page.url), allow: document.egress.allow };
  };
  const round = async (): Promise<void> => {
    await readSettings();
    while (!signal.aborted && (await dispatcher.dispatchDue()) > 0);
    await keepHouse();
  };

  const stopListening = await database.listen("nines_delivery", bell.ring);
  try {
    const onError = (error: unknown): void => log.warn({ error }, "a round of deliveries failed; trying again");
    await runLoop({ intervalMs: POLL_MS, work: round, onError, clock, signal, wake: bell.wait });
  } finally {
    await stopListening();
    const ended = new AbortController();
    const grace = clock.sleep(STOP_GRACE_MS, ended.signal).then(dispatcher.abort, () => undefined);
    await dispatcher.settled();
    ended.abort();
    await grace;
  }
};
