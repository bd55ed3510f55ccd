import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { expect, test, vi } from "vitest";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { createHttpServer, SLOW_CLIENT_MS } from "./http-server.ts";

/** A client that sends `requests` at once and then reads nothing; settles when it has been cut, and not before its time. */
const cutStuckReader = async (requests: number, answerBytes: number): Promise<void> => {
  const clock = createFakeClock(0);
  const answered = Promise.withResolvers<void>();
  const http = createHttpServer(clock, (_req, res) => {
    res.end(Buffer.alloc(answerBytes));
    answered.resolve();
  });
  http.server.listen(0, "127.0.0.1");
  await once(http.server, "listening");
  const client = connect((http.server.address() as AddressInfo).port, "127.0.0.1");
  client.on("error", () => {});
  client.pause();
  client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(requests));
  await answered.promise;

  const wait = async (ms: number): Promise<number> => {
    http.cutSlowReaders();
    await clock.advance(ms);
    http.cutSlowReaders();
    await new Promise((resolve) => setImmediate(resolve));
    return http.openConnections();
  };
  expect(await wait(SLOW_CLIENT_MS)).toBe(1);
  // More than once, since the system's buffers may have taken some of it meanwhile.
  await vi.waitFor(async () => expect(await wait(SLOW_CLIENT_MS + 1)).toBe(0), 10_000);
  client.destroy();
  await http.close(100);
};

test("a reader that does not take its answer is cut off after 10 s", () => cutStuckReader(1, 30_000_000));

test("so is one that asks for many things at once and reads none of them", () => cutStuckReader(2_000, 32_000));
