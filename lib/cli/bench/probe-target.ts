// A target for `bench probe`, in a process of its own so that its cost is not counted: answers 200 and a short JSON body.
import { readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer } from "node:http";
// eslint-disable-next-line no-restricted-imports -- a server, for the bench on loopback alone.
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";

export type TargetPorts = { readonly http: number; readonly https: number | null };

const BODY = Buffer.from('{"status":"ok"}');
const answer: RequestListener = (_, response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": BODY.length });
  response.end(BODY);
};

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));

const [certPath, keyPath] = process.argv.slice(2);
const https =
  certPath === undefined || keyPath === undefined
    ? null
    : await listen(createTlsServer({ cert: readFileSync(certPath), key: readFileSync(keyPath) }, answer));
const ports: TargetPorts = { http: await listen(createServer(answer)), https };
process.send?.(ports);
process.on("disconnect", () => process.exit(0));
