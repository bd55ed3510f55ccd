import type { Socket } from "node:net";
import { connect, createServer } from "node:net";

/** `pass`: hands bytes on. `swallow`: a half-open line, no byte in either direction. `close`: ends each new connection. */
type ProxyMode = "pass" | "swallow" | "close";

export type TcpProxy = {
  readonly port: number;
  setMode(mode: ProxyMode): void;
  /** Resets every open connection. */
  reset(): void;
  openConnections(): number;
  close(): Promise<void>;
};

/** A line to a TCP server on the loopback interface that can be made to fail. */
export const startTcpProxy = async (targetPort: number): Promise<TcpProxy> => {
  let mode: ProxyMode = "pass";
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    client.on("error", () => undefined);
    if (mode === "close") {
      client.resume();
      client.end();
      return;
    }
    clients.add(client);
    const target = connect(targetPort, "127.0.0.1");
    target.on("error", () => client.destroy());
    client.on("data", (bytes) => mode === "pass" && target.write(bytes));
    target.on("data", (bytes) => mode === "pass" && client.write(bytes));
    target.on("close", () => client.destroy());
    client.on("close", () => {
      clients.delete(client);
      target.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    port: address.port,
    setMode: (next) => {
      mode = next;
    },
    reset: () => {
      for (const client of clients) client.resetAndDestroy();
    },
    openConnections: () => clients.size,
    close: () =>
      new Promise((resolve) => {
        for (const client of clients) client.destroy();
        server.close(() => resolve());
      }),
  };
};
