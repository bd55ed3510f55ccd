import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openDatabase } from "#db/database.ts";
import type { TemporaryServer } from "#db/embedded/temporary.ts";
import { startTemporary } from "#db/embedded/temporary.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import { freezeServer } from "#test/support/freeze-server.ts";

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
    const frozenAt = performance.now();
    const first = await Promise.all(
      [one(), database.transaction((tx) => tx`select 1`)].map((work) =>
        work.catch((error: unknown) => errorCodeOf(error)),
      ),
    );
    expect(first).toEqual(["DATABASE_TIMEOUT", "DATABASE_TIMEOUT"]);
    expect(performance.now() - frozenAt).toBeLessThan(2_400);
    const again = await one().catch((error: unknown) => errorCodeOf(error));
    expect(["DATABASE_TIMEOUT", "DATABASE_UNREACHABLE"]).toContain(again);
    expect(performance.now() - frozenAt).toBeLessThan(4_800);
  } finally {
    thaw();
  }
  const thawedAt = performance.now();
  expect(await one()).toEqual([{ one: 1 }]);
  expect(performance.now() - thawedAt).toBeLessThan(1_000);
  await database.close();
  await vi.waitFor(() => expect(sockets()).toBe(before), { timeout: 5_000 });
}, 20_000);
