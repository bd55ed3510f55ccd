import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { createHttpServer, SLOW_CLIENT_MS } from "./http-server.ts";

test("a reader that does not take its answer is cut off after 10 s, a quick one is not watched", async () => {
  const clock = createFakeClock(0);
  const answered = Promise.withResolvers<void>();
  const http = createHttpServer(clock, (_req, res) => {
    res.end(Buffer.alloc(30_000_000));
    http.watchReader(res);
    answered.resolve();
  });
  http.server.listen(0, "127.0.0.1");
  await once(http.server, "listening");
  const client = connect((http.server.address() as AddressInfo).port, "127.0.0.1");
  client.on("error", () => {});
  client.pause();
  client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await answered.promise;

  await clock.advance(SLOW_CLIENT_MS - 1);
  http.cutSlowReaders();
  expect(http.openConnections()).toBe(1);
  await clock.advance(2);
  http.cutSlowReaders();
  while (http.openConnections() > 0) await new Promise((resolve) => setImmediate(resolve));
  client.destroy();
  await http.close(100);
});
