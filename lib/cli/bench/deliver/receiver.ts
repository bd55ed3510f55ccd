// A receiver for `bench deliver`, in a process of its own so that its cost is not counted: answers 204 and tells when
// each event came.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** `at`: milliseconds since the epoch, with fractions. */
export type Receipt = { readonly id: string; readonly at: number };

let receipts: Receipt[] = [];
const server = createServer((request, response) => {
  const id = String(request.headers["webhook-id"] ?? "");
  const at = performance.timeOrigin + performance.now();
  request.resume();
  request.on("end", () => {
    receipts.push({ id, at });
    response.writeHead(204).end();
  });
});
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("message", () => {
  const told = receipts;
  receipts = [];
  process.send?.({ receipts: told });
});
process.on("disconnect", () => process.exit(0));
