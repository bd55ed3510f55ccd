// The target of `bench probe --products`, in a process of its own: answers 200 and notes when each check arrived, by path.
import { readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer } from "node:http";
// eslint-disable-next-line no-restricted-imports -- a server, for the bench on loopback alone.
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";

/** How many checks came since the last question, and how far their distances were from the interval. */
export type Arrivals = { readonly checks: number; readonly gapErrorMsP99: number | null };
/** Asks for the arrivals of one product, whose paths begin with its name, since the last question about any. */
export type ArrivalsWanted = { readonly name: string; readonly intervalMs: number };
export type ProductsPorts = { readonly http: number; readonly https: number };

const BODY = Buffer.from('{"status":"ok"}');
const arrivals = new Map<string, number[]>();

const answer: RequestListener = (request, response) => {
  const path = request.url ?? "/";
  const times = arrivals.get(path);
  if (times === undefined) arrivals.set(path, [performance.now()]);
  else times.push(performance.now());
  response.writeHead(200, { "content-type": "application/json", "content-length": BODY.length });
  response.end(BODY);
};

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    // A thousand checks a second come in bunches from some products: none is refused here.
    server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 }, () =>
      resolve((server.address() as AddressInfo).port),
    );
  });

const takeArrivals = ({ name, intervalMs }: ArrivalsWanted): Arrivals => {
  const all = [...arrivals].flatMap(([path, times]) => (path.startsWith(`/${name}/`) ? [times] : []));
  arrivals.clear();
  const errors = all.flatMap((times) =>
    times.slice(1).map((at, index) => Math.abs(at - (times[index] ?? at) - intervalMs)),
  );
  errors.sort((a, b) => a - b);
  const checks = all.reduce((sum, times) => sum + times.length, 0);
  return { checks, gapErrorMsP99: errors[Math.floor(errors.length * 0.99)] ?? null };
};

const [certPath = "", keyPath = ""] = process.argv.slice(2);
const tls = { cert: readFileSync(certPath), key: readFileSync(keyPath) };
const ports: ProductsPorts = {
  http: await listen(createServer(answer)),
  https: await listen(createTlsServer(tls, answer)),
};
process.on("message", (wanted: ArrivalsWanted) => process.send?.(takeArrivals(wanted)));
process.on("disconnect", () => process.exit(0));
process.send?.(ports);
