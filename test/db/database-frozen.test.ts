import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openDatabase } from "#db/database.ts";
import type { TemporaryServer } from "#db/embedded/temporary.ts";
import { startTemporary } from "#db/embedded/temporary.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import { freezeServer } from "#test/support/freeze-server.ts";
import { startStopwatch } from "#test/support/stopwatch.ts";

let cluster: TemporaryServer;
beforeAll(async () => {
  cluster = await startTemporary();
});
afterAll(() => cluster.stop());

const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;

test("a stopped server fails every query within 2 s, works at once when it goes on, and leaves no socket behind", async () => {
  const before = sockets();
  const database = openDatabase({ url: cluster.server.url, applicationName: "frozen", maxConnections: 4 });
  const one = (): Promise<unknown> => database.read((db) => db`select 1 as one`);
  await database.listen("nines_test", () => undefined);
  await Promise.all([one(), one()]);

  const thaw = freezeServer(cluster.server.pid);
  try {
    const [first, second] = [startStopwatch(), startStopwatch()];
    const codes = await Promise.all(
      [one(), database.transaction((tx) => tx`select 1`)].map((work) =>
        work.catch((error: unknown) => errorCodeOf(error)),
      ),
    );
    expect(codes).toEqual(["DATABASE_TIMEOUT", "DATABASE_TIMEOUT"]);
    expect(first()).toBeLessThan(2_400);
    const again = await one().catch((error: unknown) => errorCodeOf(error));
    expect(["DATABASE_TIMEOUT", "DATABASE_UNREACHABLE"]).toContain(again);
    expect(second()).toBeLessThan(4_800);
  } finally {
    thaw();
  }
  const elapsedMs = startStopwatch();
  expect(await one()).toEqual([{ one: 1 }]);
  expect(elapsedMs()).toBeLessThan(1_000);
  await database.close();
  await vi.waitFor(() => expect(sockets()).toBe(before), { timeout: 5_000 });
});
