import { describe, expect, test } from "vitest";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { calmDay } from "#test/support/sample-snapshot.ts";
import { createPageStream } from "./page-stream.ts";

const readerOf = (address: string, serviceIds: string[] | null = null) => {
  const seen: string[] = [];
  const reader = {
    seen,
    isDestroyed: false,
    address,
    serviceIds: serviceIds === null ? null : new Set(serviceIds),
    isAdmitted: true as boolean | null,
    mayStay: () =>
      reader.isAdmitted === null ? Promise.reject(new Error("away")) : Promise.resolve(reader.isAdmitted),
    res: {
      writableLength: 0,
      write: (text: string) => seen.push(text) > 0,
      end: () => reader.res,
      destroy: () => {
        reader.isDestroyed = true;
        return reader.res;
      },
      once: () => reader.res,
    } as unknown as Parameters<ReturnType<typeof createPageStream>["join"]>[0]["res"] & { writableLength: number },
  };
  return reader;
};
const eventsOf = ({ seen }: { seen: readonly string[] }): string[] =>
  [...seen.join("").matchAll(/event: (\S+)/g)].map(([, name]) => name ?? "");

const down = (snapshot: Snapshot, id: string): Snapshot => ({
  ...snapshot,
  version: snapshot.version + 1,
  services: snapshot.services.map((service) =>
    service.id === id ? { ...service, published: "major_outage" } : service,
  ),
});

describe("the stream of a page", () => {
  test("tells at once of a service's state, and to readers of other services only how new the data is", () => {
    const stream = createPageStream(createFakeClock(0));
    const calm = calmDay();
    const [first, second] = calm.services.map(({ id }) => id) as [string, string];
    stream.accept(calm);
    const [all, one, other] = [readerOf("a"), readerOf("b", [first]), readerOf("c", [second])];
    for (const reader of [all, one, other]) stream.join(reader, null);
    stream.accept(down(calm, first));
    expect([all, one, other].map(eventsOf)).toEqual([
      ["as_of", "service", "as_of"],
      ["as_of", "service", "as_of"],
      ["as_of", "as_of"],
    ]);
    expect(one.seen.join("")).toContain(`id: ${calm.version + 1}\ndata: {"id":"${first}"`);
  });

  test("a reader that comes back is told whether the page has moved on", () => {
    const stream = createPageStream(createFakeClock(0));
    const calm = calmDay();
    stream.accept(calm);
    const [same, behind] = [readerOf("a"), readerOf("b")];
    stream.join(same, calm.version);
    stream.join(behind, calm.version - 1);
    expect([same, behind].map(eventsOf)).toEqual([["as_of"], ["snapshot"]]);
  });

  test("one address has room for 20 readers; who leaves 64 kB unread is sent away", () => {
    const stream = createPageStream(createFakeClock(0));
    const readers = Array.from({ length: 20 }, () => readerOf("a"));
    for (const reader of readers) stream.join(reader, null);
    expect([stream.hasRoom("a"), stream.hasRoom("b")]).toEqual([false, true]);
    const [slow, quick] = readers as [ReturnType<typeof readerOf>, ReturnType<typeof readerOf>];
    slow.res.writableLength = 65_537;
    stream.accept(calmDay());
    expect([slow.isDestroyed, quick.isDestroyed, stream.hasRoom("a")]).toEqual([true, false, true]);
  });

  test("says now and then that it is still there", async () => {
    const clock = createFakeClock(0);
    const stream = createPageStream(clock);
    const reader = readerOf("a");
    stream.join(reader, null);
    await clock.advance(15_000);
    stream.tick();
    expect(reader.seen.at(-1)).toBe(": still here\n\n");
  });

  test("a reader whose leave ended is let go within a minute, and who cannot be judged stays", async () => {
    const clock = createFakeClock(0);
    const stream = createPageStream(clock);
    const [signedOut, unknown, stays] = [readerOf("a"), readerOf("b"), readerOf("c")];
    for (const reader of [signedOut, unknown, stays]) stream.join(reader, null);
    signedOut.isAdmitted = false;
    unknown.isAdmitted = null;
    await clock.advance(59_000);
    stream.tick();
    await Promise.resolve();
    expect(stream.readers()).toBe(3);
    await clock.advance(1_000);
    stream.tick();
    await Promise.resolve();
    expect(stream.readers()).toBe(2);
    signedOut.seen.length = 0;
    stream.accept(calmDay());
    expect([signedOut, unknown, stays].map(({ seen }) => seen.join("").includes("as_of"))).toEqual([false, true, true]);
  });
});
