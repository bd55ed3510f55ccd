import type { DatabaseAddress, Pool } from "./connection.ts";
import { CONNECT_TIMEOUT_MS, openPool } from "./connection.ts";
import { withinDeadline } from "./within-deadline.ts";

const RETRY_MS = 1_000;
/** A half-open connection says nothing; asking is the only way to notice. */
const PING_MS = 15_000;

export type Notifications = {
  readonly listen: (channel: string, onNotify: (payload: string) => void) => Promise<() => Promise<void>>;
  readonly close: () => Promise<void>;
};

type State = {
  readonly open: () => Pool;
  readonly channels: Map<string, Set<(payload: string) => void>>;
  pool: Pool | null;
  timer: NodeJS.Timeout | undefined;
  isClosed: boolean;
};

const answered = (work: Promise<unknown>): Promise<unknown> =>
  withinDeadline(work, CONNECT_TIMEOUT_MS, () => new Error("no answer"));

const later = (state: State, work: (state: State) => Promise<void>, ms: number): void => {
  clearTimeout(state.timer);
  if (state.isClosed || state.channels.size === 0) return;
  state.timer = setTimeout(() => void work(state), ms);
  state.timer.unref();
};

const drop = async (state: State, lost: Pool): Promise<void> => {
  if (state.pool === lost) state.pool = null;
  later(state, connect, RETRY_MS);
  await lost.destroy();
};

const subscribe = async (state: State, to: Pool, names: readonly string[]): Promise<void> => {
  try {
    for (const name of names) await answered(to.sql`listen ${to.sql(name)}`);
  } catch {
    await drop(state, to);
  }
};

const ping = async (state: State): Promise<void> => {
  const asked = state.pool;
  if (asked === null) return;
  try {
    await answered(asked.sql`select 1`);
    later(state, ping, PING_MS);
  } catch {
    await drop(state, asked);
  }
};

const connect = async (state: State): Promise<void> => {
  if (state.isClosed || state.pool !== null) return;
  const made = state.open();
  state.pool = made;
  await subscribe(state, made, [...state.channels.keys()]);
  if (state.pool === made) later(state, ping, PING_MS);
};

const unlisten = async (state: State, channel: string): Promise<void> => {
  state.channels.delete(channel);
  const from = state.pool;
  if (from !== null) await answered(from.sql`unlisten ${from.sql(channel)}`).catch(() => drop(state, from));
};

const openListener = (state: () => State, address: DatabaseAddress, applicationName: string): Pool => {
  const made = openPool(address, {
    applicationName: `${applicationName} listen`,
    maxConnections: 1,
    statementTimeoutMs: null,
    fetchTypes: false,
    idleTimeoutSeconds: null,
    onNotify: (channel, payload) => {
      for (const onNotify of state().channels.get(channel) ?? []) onNotify(payload);
    },
    // A connection that the library would make by itself listens to nothing: start over with a new one.
    onClose: () => {
      if (state().pool === made) void drop(state(), made);
    },
  });
  return made;
};

/**
 * LISTEN on one connection of its own, made anew whenever it is lost. Notifications sent meanwhile are lost: they are
 * hints, and whoever listens polls as well. Behind a pooler in transaction mode nothing is listened to.
 */
export const createNotifications = (address: DatabaseAddress, applicationName: string): Notifications => {
  const open = (): Pool => openListener(() => state, address, applicationName);
  const state: State = { open, channels: new Map(), pool: null, timer: undefined, isClosed: false };
  return {
    listen: async (channel, onNotify) => {
      const listeners = state.channels.get(channel) ?? new Set();
      const isNew = listeners.size === 0;
      state.channels.set(channel, listeners.add(onNotify));
      if (address.prepare && isNew) {
        if (state.pool === null) await connect(state);
        else await subscribe(state, state.pool, [channel]);
      }
      return async () => {
        listeners.delete(onNotify);
        if (listeners.size === 0 && state.channels.get(channel) === listeners) await unlisten(state, channel);
      };
    },
    close: async () => {
      state.isClosed = true;
      clearTimeout(state.timer);
      const last = state.pool;
      state.pool = null;
      await last?.destroy();
    },
  };
};
