import { readFileSync } from "node:fs";
// eslint-disable-next-line no-restricted-imports -- the line to the database of the operator is no request to a target
import { isIP, Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import postgres from "postgres";
import { AppError } from "#lib/core/errors.ts";

export type Sql = postgres.Sql;
export type Tx = postgres.TransactionSql;

/** How long the TCP connection, TLS and the greeting of the server may take together. */
export const CONNECT_TIMEOUT_MS = 2_000;

/** The server ends a transaction that says nothing for so long: on a line that went dead it would keep its locks for hours. */
const IDLE_IN_TRANSACTION_MS = 10_000;

/** After a minute of silence on the wire the server ends the session of a line that went dead; its default is two hours. */
const KEEPALIVE = { tcp_keepalives_idle: 30, tcp_keepalives_interval: 10, tcp_keepalives_count: 3 } as const;

export type DatabaseAddress = {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** Folder of a Unix socket, or null for TCP. */
  readonly socketFolder: string | null;
  readonly ssl: false | "prefer" | "require" | { readonly ca?: string; readonly rejectUnauthorized: true };
  /** False behind a pooler in transaction mode: no named statements, no settings at connect, no LISTEN. */
  readonly prepare: boolean;
  readonly parameters: Readonly<Record<string, string>>;
};

export type Pool = {
  readonly sql: Sql;
  /** Lets a paused socket read on: after a large COPY the library forgets to. */
  readonly resume: () => void;
  /** Fails what is under way and cuts every socket. May be called twice. */
  readonly destroy: () => Promise<void>;
};

const OWN_PARAMETERS = new Set(["sslmode", "sslrootcert", "prepare", "host", "application_name"]);
const LOOPBACK = new Set(["localhost", "127.0.0.1", "::1"]);

const readCertificate = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new AppError("DATABASE_UNREACHABLE", `sslrootcert ${path} of DATABASE_URL cannot be read`, { cause: error });
  }
};

const sslOf = (query: URLSearchParams, isLocal: boolean): DatabaseAddress["ssl"] => {
  const rootCertificate = query.get("sslrootcert");
  const mode = query.get("sslmode") ?? (rootCertificate === null ? (isLocal ? "disable" : "prefer") : "verify-full");
  switch (mode) {
    case "disable":
      return false;
    case "allow":
    case "prefer":
      return "prefer";
    case "require":
      return "require";
    case "verify-ca":
    case "verify-full":
      if (rootCertificate === null || rootCertificate === "system") return { rejectUnauthorized: true };
      return { ca: readCertificate(rootCertificate), rejectUnauthorized: true };
    default:
      throw new AppError(
        "DATABASE_UNREACHABLE",
        `sslmode "${mode}" of DATABASE_URL is none of disable, allow, prefer, require, verify-ca, verify-full`,
      );
  }
};

/**
 * Reads `postgres://user:password@host:port/database?sslmode=…`. Beside the parameters of libpq, `prepare=false` says
 * that a pooler in transaction mode is between; other parameters are settings of the session.
 * @throws AppError DATABASE_UNREACHABLE when it is no such URL; the text never holds the password.
 */
export const parseDatabaseUrl = (text: string): DatabaseAddress => {
  let url: URL;
  try {
    // libpq allows an empty host after the user, the URL standard does not.
    url = new URL(text.replace(/^(\w+:\/\/[^/?#]*@)(?=[/?])/, "$1localhost"));
  } catch {
    throw new AppError(
      "DATABASE_UNREACHABLE",
      "DATABASE_URL is not of the form postgres://user:password@host:port/database",
    );
  }
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") {
    throw new AppError("DATABASE_UNREACHABLE", `DATABASE_URL begins with "${url.protocol}" and not with "postgres:"`);
  }
  const query = url.searchParams;
  const hostParameter = query.get("host");
  const socketFolder = hostParameter?.startsWith("/") ? hostParameter : null;
  const named = hostParameter !== null && socketFolder === null ? hostParameter : decodeURIComponent(url.hostname);
  const host = named === "" ? "localhost" : named.replace(/^\[|\]$/g, "");
  const user = url.username === "" ? "postgres" : decodeURIComponent(url.username);
  const path = decodeURIComponent(url.pathname.slice(1));
  return {
    host,
    port: url.port === "" ? 5432 : Number(url.port),
    database: path === "" ? user : path,
    user,
    password: decodeURIComponent(url.password),
    socketFolder,
    ssl: socketFolder === null ? sslOf(query, LOOPBACK.has(host)) : false,
    prepare: query.get("prepare") !== "false",
    parameters: Object.fromEntries([...query].filter(([name]) => !OWN_PARAMETERS.has(name))),
  };
};

/** `host:port/database`, for messages. */
export const describeAddress = ({ host, port, database, socketFolder }: DatabaseAddress): string =>
  socketFolder === null ? `${host}:${port}/${database}` : `${socketFolder}/.s.PGSQL.${port}, database ${database}`;

const connectSocket = ({ host, port, socketFolder }: DatabaseAddress): Socket => {
  const socket = new Socket();
  // Without this a COPY waits 40 ms per chunk for the delayed acknowledgement.
  socket.setNoDelay(true);
  // The library takes the name that a certificate must carry from here.
  Object.assign(socket, { host: isIP(host) === 0 ? host : undefined, port });
  if (socketFolder === null) socket.connect({ host, port });
  else socket.connect(`${socketFolder}/.s.PGSQL.${port}`);
  return socket;
};

export type PoolSettings = {
  readonly applicationName: string;
  readonly maxConnections: number;
  /** The server's own limit of a statement; null: none. Not used behind a pooler. */
  readonly statementTimeoutMs: number | null;
  readonly fetchTypes?: boolean;
  /** Unused connections are closed after this; null: never. Default 60. */
  readonly idleTimeoutSeconds?: number | null;
  readonly onNotify?: (channel: string, payload: string) => void;
  /** Called with the id of a connection that ended, for whatever reason. */
  readonly onClose?: (connectionId: number) => void;
};

/** What each session is set to. Poolers know the first two and refuse settings that they do not know. */
const startupOf = (address: DatabaseAddress, { statementTimeoutMs }: PoolSettings) => ({
  TimeZone: "UTC",
  DateStyle: "ISO, YMD",
  ...(statementTimeoutMs === null || !address.prepare
    ? {}
    : {
        statement_timeout: statementTimeoutMs,
        idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
        ...KEEPALIVE,
      }),
});

/**
 * Opens a pool of Postgres.js over sockets that we hold, so that `destroy` ends even what the library would wait for.
 * Connects on first use.
 */
export const openPool = (address: DatabaseAddress, settings: PoolSettings): Pool => {
  const sockets = new Set<Socket>();
  let isDestroyed = false;

  let silentCloses = 0;
  const socket = async (): Promise<Socket> => {
    if (silentCloses > 0) await pause(Math.min(1_000, 50 * 2 ** silentCloses));
    if (isDestroyed) throw new AppError("DATABASE_UNREACHABLE", "the connection pool is closed");
    for (const old of sockets) if (old.destroyed) sockets.delete(old);
    const made = connectSocket(address);
    // A server that closes without a word is asked again by the library at once and for ever: slow that down.
    made.once("close", () => {
      silentCloses = made.bytesRead === 0 ? silentCloses + 1 : 0;
    });
    sockets.add(made);
    return made;
  };
  // The type of `socket` is missing from the library's own types.
  const options: postgres.Options<{ bigint: postgres.PostgresType<bigint> }> & { socket: () => Promise<Socket> } = {
    host: address.host,
    port: address.port,
    database: address.database,
    username: address.user,
    password: address.password,
    ssl: address.ssl === false || typeof address.ssl === "string" ? address.ssl : { ...address.ssl },
    max: settings.maxConnections,
    prepare: address.prepare,
    fetch_types: settings.fetchTypes ?? true,
    connect_timeout: CONNECT_TIMEOUT_MS / 1_000,
    idle_timeout: settings.idleTimeoutSeconds === undefined ? 60 : (settings.idleTimeoutSeconds ?? 0),
    max_lifetime: null,
    backoff: () => 0.02,
    connection: { application_name: settings.applicationName, ...startupOf(address, settings), ...address.parameters },
    // int8 comes out as bigint and numeric stays text: neither passes through a lossy number.
    types: { bigint: postgres.BigInt },
    onnotice: () => undefined,
    socket,
    ...(settings.onNotify === undefined ? {} : { onnotify: settings.onNotify }),
    ...(settings.onClose === undefined ? {} : { onclose: settings.onClose }),
  };
  const sql: Sql = postgres(options) as unknown as Sql;

  return {
    sql,
    resume: () => {
      for (const open of sockets) open.resume();
    },
    destroy: async () => {
      if (isDestroyed) return;
      isDestroyed = true;
      // Marks each connection as ended first: a query on a connection whose socket vanished would throw out of reach.
      await sql.end({ timeout: 0 });
      for (const open of sockets) open.destroy();
      sockets.clear();
    },
  };
};
