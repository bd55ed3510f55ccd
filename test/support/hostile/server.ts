import { readFileSync } from "node:fs";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { fileURLToPath } from "node:url";
import type { OutcomeClass } from "#lib/core/outcome.ts";

/** What a hostile server does with a connection. It is called once the first bytes of the request have come. */
export type Serve = (socket: Socket, origin: string) => void;

export type HostileServer = {
  /** What the server does, as a sentence. */
  readonly name: string;
  readonly expected: OutcomeClass;
  readonly detail?: string | RegExp;
  readonly serve: Serve;
  /** "connect": `serve` is called as soon as the connection stands. */
  readonly at?: "connect" | "request";
  /** A certificate of test/fixtures/tls: the server speaks TLS. "plain": https is asked of a server without TLS. */
  readonly tls?: string;
  readonly wantsClientCertificate?: boolean;
  readonly maxTlsVersion?: "TLSv1.2" | "TLSv1.1";
  readonly scheme?: "http" | "https";
  readonly method?: string;
  readonly path?: string;
  /** The deadline of the check; shorter for those that are meant to run into it. */
  readonly timeoutMs?: number;
};

const fixture = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url)), "utf8");
export const TEST_CA = fixture("ca");

export type Listening = { readonly url: string; readonly port: number; readonly close: () => Promise<void> };

const openServer = (server: HostileServer, onSocket: (socket: Socket) => void): Server => {
  if (server.tls === undefined) return createServer(onSocket);
  const tlsServer = createTlsServer(
    {
      cert: fixture(server.tls),
      key: fixture(`${server.tls}.key`),
      // The server itself must not refuse the weak certificates that it is there to show.
      ciphers: "DEFAULT:@SECLEVEL=0",
      minVersion: "TLSv1",
      ...(server.maxTlsVersion === undefined ? {} : { maxVersion: server.maxTlsVersion }),
      ...(server.wantsClientCertificate === true ? { requestCert: true, rejectUnauthorized: true } : {}),
    },
    onSocket,
  );
  return tlsServer.on("tlsClientError", () => undefined);
};

/** Starts one of them on a free port of 127.0.0.1. */
export const listen = async (hostile: HostileServer): Promise<Listening> => {
  const sockets = new Set<Socket>();
  const scheme = hostile.scheme ?? (hostile.tls === undefined ? "http" : "https");
  let origin = "";
  const server = openServer(hostile, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
    if (hostile.at === "connect") hostile.serve(socket, origin);
    else socket.once("data", () => hostile.serve(socket, origin));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  origin = `${scheme}://127.0.0.1:${port}`;
  const close = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
  return { url: `${origin}${hostile.path ?? "/"}`, port, close };
};
