import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** An HTTP server on several addresses of the loopback interface, so that limits for one host do not hold probes back. */
export type HeavyTarget = {
  readonly bodyBytes: number;
  /** The URL of a large document on the address with this number. */
  readonly heavyUrl: (index: number) => string;
  readonly lightUrl: (index: number) => string;
  readonly stop: () => Promise<void>;
};

const HOSTS = 50;
const ITEMS = 4_600;

const bodyOf = (): Buffer =>
  Buffer.from(
    JSON.stringify({
      status: "ok",
      items: Array.from({ length: ITEMS }, (_, id) => ({
        id,
        name: `item ${id} ${"x".repeat(40)}`,
        price: id * 1.5,
        tags: ["a", "b", String(id)],
      })),
    }),
  );

/** Starts it. Answers are made beforehand: the target costs next to nothing. */
export const startHeavyTarget = async (): Promise<HeavyTarget> => {
  const body = bodyOf();
  const servers: Server[] = [];
  for (let host = 1; host <= HOSTS; host += 1) {
    const server = createServer((request, response) => {
      const answer = request.url === "/heavy" ? body : "ok";
      response.writeHead(200, { "content-type": "application/json", "content-length": answer.length }).end(answer);
    });
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, `127.0.1.${host}`, resolve));
    servers.push(server);
  }
  const urlOf = (index: number, path: string): string => {
    const { address, port } = servers[index % HOSTS]?.address() as AddressInfo;
    return `http://${address}:${port}${path}`;
  };
  return {
    bodyBytes: body.length,
    heavyUrl: (index) => urlOf(index, "/heavy"),
    lightUrl: (index) => urlOf(index, "/light"),
    stop: async () => {
      for (const server of servers) {
        await new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        });
      }
    },
  };
};
