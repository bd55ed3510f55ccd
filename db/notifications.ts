import type { DatabaseAddress, Pool } from "./connection.ts";
import { CONNECT_TIMEOUT_MS, openPool } from "./connection.ts";

const RETRY_MS = 1_000;
/** A half-open connection says nothing; asking is the only way to notice. */
const PING_MS = 15_000;

export type Notifications = {
  readonly listen: (channel: string, onNotify: (payload: string) => void) => Promise<() => Promise<void>>;
  readonly close: () => Promise<void>;
};

/** Rejects when `work` takes longer than a connection may take. */
const withinDeadline = async (work: Promise<unknown>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer")), CONNECT_TIMEOUT_MS);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

/**
 * LISTEN on one connection of its own, made anew whenever it is lost. Notifications sent meanwhile are lost: they are
 * hints, and whoever listens polls as well. Behind a pooler in transaction mode nothing is listened to.
 */
export const createNotifications = (address: DatabaseAddress, applicationName: string): Notifications => {
  const channels = new Map<string, Set<(payload: string) => void>>();
  let pool: Pool | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const later = (work: () => Promise<void>, ms: number): void => {
    clearTimeout(timer);
    if (isClosed || channels.size === 0) return;
    timer = setTimeout(() => void work(), ms);
    timer.unref();
  };
  const drop = async (lost: Pool): Promise<void> => {
    if (pool === lost) pool = null;
    later(connect, RETRY_MS);
    await lost.destroy();
  };
  const subscribe = async (to: Pool, names: readonly string[]): Promise<void> => {
    try {
      for (const name of names) await withinDeadline(to.sql`listen ${to.sql(name)}`);
    } catch {
      await drop(to);
    }
  };
  const ping = async (): Promise<void> => {
    const asked = pool;
    if (asked === null) return;
    try {
      await withinDeadline(asked.sql`select 1`);
      later(ping, PING_MS);
    } catch {
      await drop(asked);
    }
  };
  const connect = async (): Promise<void> => {
    if (isClosed || pool !== null) return;
    const made: Pool = openPool(address, {
      applicationName: `${applicationName} listen`,
      maxConnections: 1,
      statementTimeoutMs: null,
      fetchTypes: false,
      idleTimeoutSeconds: null,
      onNotify: (channel, payload) => {
        for (const onNotify of channels.get(channel) ?? []) onNotify(payload);
      },
      // A connection that the library would make by itself listens to nothing: start over with a new one.
      onClose: () => {
        if (pool === made) void drop(made);
      },
    });
    pool = made;
    await subscribe(made, [...channels.keys()]);
    if (pool === made) later(ping, PING_MS);
  };

  return {
    listen: async (channel, onNotify) => {
      const listeners = channels.get(channel) ?? new Set();
      const isNew = listeners.size === 0;
      channels.set(channel, listeners.add(onNotify));
      if (address.prepare && isNew) {
        if (pool === null) await connect();
        else await subscribe(pool, [channel]);
      }
      return async () => {
        listeners.delete(onNotify);
        if (listeners.size > 0 || channels.get(channel) !== listeners) return;
        channels.delete(channel);
        const from = pool;
        if (from === null) return;
        await withinDeadline(from.sql`unlisten ${from.sql(channel)}`).catch(() => drop(from));
      };
    },
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      const last = pool;
      pool = null;
      await last?.destroy();
    },
  };
};
