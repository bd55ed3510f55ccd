import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer } from "node:net";
import type { TlsOptions } from "node:tls";
import { createServer as createTlsServer } from "node:tls";
import { fileURLToPath } from "node:url";

export const pemOf = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../fixtures/tls/${name}.pem`, import.meta.url)), "utf8");

export type RawServer = {
  readonly port: number;
  /** Connections that are open now. */
  readonly connections: () => number;
  readonly close: () => Promise<void>;
};

type RawArgs = {
  readonly serve: (socket: Socket) => void;
  /** Speaks TLS with this certificate of the fixtures. */
  readonly certificate?: string;
  readonly tls?: TlsOptions;
};

const create = ({ serve, certificate, tls }: RawArgs): Server => {
  const quiet = (socket: Socket): void => {
    socket.on("error", () => undefined);
    serve(socket);
  };
  if (certificate === undefined) return createServer(quiet);
  const server = createTlsServer({ cert: pemOf(certificate), key: pemOf(`${certificate}.key`), ...tls }, quiet);
  server.on("tlsClientError", () => undefined);
  return server;
};

/** A server on 127.0.0.1 that does with each connection what it is told. Closing it cuts what is still open. */
export const startRawServer = async (args: RawArgs): Promise<RawServer> => {
  const server = create(args);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    connections: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
};

/** A port of 127.0.0.1 that nobody listens on. */
export const refusedPort = async (): Promise<number> => {
  const { port, close } = await startRawServer({ serve: () => undefined });
  await close();
  return port;
};
