import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { statuspageBodies } from "#lib/read/statuspage/statuspage.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Representation } from "./http/representation.ts";
import { buildRepresentation } from "./http/representation.ts";
import { DATA_CONTENT_POLICY } from "./http/security-headers.ts";
import { STALE_AFTER_MS } from "./page-entry.ts";

export const STATUSPAGE_PREFIX = "/api/v2/";
export const STATUSPAGE_NAMES = [
  "summary.json",
  "status.json",
  "components.json",
  "incidents.json",
  "incidents/unresolved.json",
  "scheduled-maintenances.json",
  "scheduled-maintenances/upcoming.json",
  "scheduled-maintenances/active.json",
] as const;

export type StatuspageCache = {
  /** Finished bytes of a full path, or null before the first snapshot or for another path. */
  readonly peek: (path: string) => Representation | null;
  /** Brings the bytes in line with the snapshot and the clock. Bytes that did not change keep their tags. */
  readonly refresh: (snapshot: Snapshot) => Promise<void>;
  /** Resolves when what was begun has ended, well or not. */
  readonly settled: () => Promise<void>;
};

/** `/api/v2/*` as finished bytes, rebuilt when their text changes. */
export const createStatuspageCache = (args: { clock: Clock; fallbackUrl: () => string }): StatuspageCache => {
  const texts = new Map<string, string>();
  const ready = new Map<string, Representation>();
  let work: Promise<void> = Promise.resolve();

  const rebuild = async (snapshot: Snapshot): Promise<void> => {
    const now = args.clock.now();
    const isStale = now - Date.parse(snapshot.dataAsOf) > STALE_AFTER_MS;
    for (const [name, body] of statuspageBodies({ snapshot, fallbackUrl: args.fallbackUrl(), isStale })) {
      const path = `${STATUSPAGE_PREFIX}${name}`;
      const text = JSON.stringify(body);
      if (texts.get(path) === text) continue;
      const representation = await buildRepresentation({
        body: Buffer.from(text),
        contentType: "application/json; charset=utf-8",
        cacheControl: "public, max-age=5, stale-while-revalidate=60, stale-if-error=86400",
        vary: "Accept-Encoding",
        lastModifiedMs: now,
        extraHeaders: [
          "Access-Control-Allow-Origin",
          "*",
          "Cross-Origin-Resource-Policy",
          "cross-origin",
          "Content-Security-Policy",
          DATA_CONTENT_POLICY,
        ],
        brotliQuality: 5,
      });
      texts.set(path, text);
      ready.set(path, representation);
    }
  };

  return {
    peek: (path) => ready.get(path) ?? null,
    refresh: (snapshot) => {
      work = work.catch(() => {}).then(() => rebuild(snapshot));
      return work;
    },
    settled: () => work.catch(() => {}),
  };
};
