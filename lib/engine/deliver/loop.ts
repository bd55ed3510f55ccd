import { randomBytes } from "node:crypto";
import type { Database } from "#db/database.ts";
import { readConfigDocument, readConfigVersion, readServices } from "#db/queries/config.ts";
import { countPending } from "#db/queries/deliveries.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { eventSource } from "#lib/contracts/events.ts";
import { postJson } from "#lib/egress/post.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { gauge } from "#lib/runtime/metrics.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";
import { mailThrough } from "../channels/mail.ts";
import type { Naming } from "../channels/notice-part.ts";
import { openEndpoint } from "../channels/open-endpoint.ts";
import { createDispatcher, declareDeliveryMetrics } from "../deliver.ts";

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
/** Places that become free within this time are filled by one claim. */
const GATHER_MS = 3;
const HOUSEKEEPING_MS = 10_000;
const MOST_RESPONSE_BYTES = 16_384;
/** How long attempts under way may go on after a stop: all roles together have 10 s. */
const STOP_GRACE_MS = 3_000;

type Settings = { readonly source: string; readonly allow: readonly string[]; readonly naming: Naming };
const UNKNOWN_SETTINGS: Settings = {
  source: eventSource(null),
  allow: [],
  naming: { page: { name: "Nines", url: null }, serviceName: () => null },
};

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

/** Passes calls on, those of a few milliseconds as one. */
const gather = (tell: () => void, clock: Clock, signal: AbortSignal): (() => void) => {
  let isGathering = false;
  return () => {
    if (isGathering) return;
    isGathering = true;
    const pass = (): void => {
      isGathering = false;
      tell();
    };
    clock.sleep(GATHER_MS, signal).then(pass, pass);
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
  let settings = UNKNOWN_SETTINGS;
  declareDeliveryMetrics();
  const dispatcher = createDispatcher({
    database,
    clock,
    log,
    random,
    newToken: () => randomBytes(16).toString("hex"),
    onRoom: gather(bell.ring, clock, signal),
    source: () => settings.source,
    naming: () => settings.naming,
    openEndpoint: (delivery) => openEndpoint(secretBox, delivery, clock.now()),
    post: (request) => postJson({ ...request, allow: settings.allow, maxResponseBytes: MOST_RESPONSE_BYTES, clock }),
    sendMail: (request) => mailThrough({ ...request, allow: settings.allow, clock }),
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
    const services = new Map((await database.read(readServices)).map(({ id, name }) => [id, name]));
    configVersion = document.version;
    settings = {
      source: eventSource(document.page.url),
      allow: document.egress.allow,
      naming: { page: document.page, serviceName: (id) => services.get(id) ?? null },
    };
  };
  const round = async (): Promise<void> => {
    await readSettings();
    // One claim takes all that there is room for; whatever comes or becomes free meanwhile rings.
    await dispatcher.dispatchDue();
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
