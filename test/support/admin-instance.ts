import { createServer } from "node:http";
import { listenOn } from "./check-world.ts";

/** A receiver of webhooks that thanks for each. `received` gets a line for each: `POST /path event-type`. */
export const listenForEvents = async (
  received: string[],
): Promise<{ readonly url: string; readonly close: () => Promise<unknown> }> => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { type = "other" } = JSON.parse(Buffer.concat(chunks).toString() || "{}") as { type?: string };
      received.push(`${request.method} ${request.url} ${type}`);
      response.writeHead(200, { "content-type": "text/plain" }).end("taken, with thanks");
    });
  });
  const { port, close } = await listenOn(server);
  return { url: `http://127.0.0.1:${port}`, close };
};

/** Two services and a chat channel at an address. */
export const configOf = (address: string): string => `
version: 1
page: { name: Acme, url: "https://status.acme.example", time_zone: Asia/Seoul, languages: [en, ko] }
egress: { allow: [127.0.0.1], source_addresses: [192.0.2.10, "2001:db8::10"] }
locations: [{ id: fra, name: Frankfurt }]
services:
  - id: shop
    name: Shop
    probes: [{ id: shop-home, type: http, url: "${address}/", interval: 30s, timeout: 2s, locations: [fra] }]
  - id: payments
    name: Payments
    probes: [{ id: pay, type: http, url: "${address}/", interval: 30s, timeout: 2s, locations: [fra] }]
notifications:
  - { id: chat, type: slack, url: "${address}/slack", events: [alert.firing, alert.resolved], severities: [page] }
`;
