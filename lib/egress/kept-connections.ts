import { createHash } from "node:crypto";
import { Agent } from "node:http";
import type { Clock } from "#lib/runtime/clock.ts";

/** Connections that are kept between requests, by where they lead to and how they are protected. */
export type KeptConnections = {
  /** The address that an idle connection leads to; null when there is none. */
  readonly idleAddress: (key: string) => string | null;
  /** Hands out idle connections first; `createConnection` is the caller's to set before each request. */
  readonly agentFor: (key: string) => Agent;
  /** Closes the connections of a key: they are stale, or may not be used any more. */
  readonly drop: (key: string) => void;
  readonly close: () => void;
};

/** A name may lead elsewhere by then: an older connection is given up. */
const MAX_AGE_MS = 10 * 60_000;
const MAX_IDLE_PER_KEY = 8;
const SWEPT_FROM = 1_000;

/** What tells connections apart. Secrets go in as a digest. */
export const keyOfConnection = (origin: string, ...parts: readonly (string | null | undefined)[]): string =>
  `${origin} ${createHash("sha256").update(JSON.stringify(parts)).digest("base64")}`;

const idleSockets = (agent: Agent) => Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? []);
const isUnused = (agent: Agent): boolean =>
  idleSockets(agent).length === 0 &&
  Object.keys(agent.sockets).length === 0 &&
  Object.keys(agent.requests).length === 0;

/** Connections that probes with `connection: kept` go on using from run to run, one agent a key. */
export const createKeptConnections = (clock: Pick<Clock, "monotonicMs">): KeptConnections => {
  const kept = new Map<string, { readonly agent: Agent; readonly sinceMs: number }>();
  const drop = (key: string): void => {
    for (const socket of idleSockets(kept.get(key)?.agent ?? new Agent())) socket.destroy();
    kept.delete(key);
  };
  const fresh = (key: string): Agent | null => {
    const known = kept.get(key);
    if (known === undefined) return null;
    if (clock.monotonicMs() - known.sinceMs <= MAX_AGE_MS) return known.agent;
    drop(key);
    return null;
  };
  const sweep = (): void => {
    for (const [key, { agent }] of kept) if (isUnused(agent)) kept.delete(key);
  };
  return {
    idleAddress: (key) => {
      const agent = fresh(key);
      const socket = agent === null ? undefined : idleSockets(agent).find(({ destroyed }) => !destroyed);
      return socket?.remoteAddress ?? null;
    },
    agentFor: (key) => {
      const known = fresh(key);
      if (known !== null) return known;
      if (kept.size >= SWEPT_FROM) sweep();
      const agent = new Agent({ keepAlive: true, keepAliveMsecs: 30_000, maxFreeSockets: MAX_IDLE_PER_KEY });
      kept.set(key, { agent, sinceMs: clock.monotonicMs() });
      return agent;
    },
    drop,
    close: () => {
      for (const key of [...kept.keys()]) drop(key);
    },
  };
};
