import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type Received = { readonly headers: IncomingHttpHeaders; readonly body: Buffer; readonly url: string };
/** Answers one request; `count` is its number from 1. */
export type Behaviour = (response: ServerResponse, request: Received, count: number) => void;

export type Receiver = {
  readonly url: string;
  readonly received: readonly Received[];
  behave: (behaviour: Behaviour) => void;
  readonly close: () => Promise<void>;
};

/** A real receiver on the loopback that behaves as told. */
export const startReceiver = async (first: Behaviour): Promise<Receiver> => {
  const received: Received[] = [];
  let behaviour = first;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const one = { headers: request.headers, body: Buffer.concat(chunks), url: request.url ?? "" };
      received.push(one);
      behaviour(response, one, received.length);
    });
    request.on("error", () => undefined);
    response.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hooks/very-private-path?token=planted-in-the-url`,
    received,
    behave: (next) => {
      behaviour = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

export const answer =
  (status: number, headers: Readonly<Record<string, string>> = {}, body = ""): Behaviour =>
  (response) => {
    response.writeHead(status, headers).end(body);
  };

/** Takes everything, and answers the challenge of a confirmation. */
export const answersChallenges: Behaviour = (response, { body }) => {
  const { meta } = JSON.parse(body.toString()) as { meta?: { challenge?: string } };
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ challenge: meta?.challenge }));
};
