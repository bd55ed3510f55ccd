import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { startTestSite } from "#test/support/web-site.ts";
import { lookAtPort } from "./look-at-port.ts";

test("a free port is fine, and is free again afterwards", async () => {
  const holder = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  expect(await lookAtPort({ host: "127.0.0.1", port })).toMatchObject({
    ...{ check: "port", state: "problem" },
    message: expect.stringContaining(`port ${port} on 127.0.0.1 is in use`) as string,
    cure: expect.stringContaining("PORT") as string,
  });
  holder.close();
  await once(holder, "close");
  const twice = [await lookAtPort({ host: "127.0.0.1", port }), await lookAtPort({ host: "127.0.0.1", port })];
  expect(twice.map(({ state }) => state)).toEqual(["ok", "ok"]);
  expect(await lookAtPort({ host: "127.0.0.1", port: 0 })).toMatchObject({ state: "ok" });
});

test("a port that Nines holds is fine, whatever else is amiss with it", async () => {
  const site = await startTestSite({ snapshot: null });
  try {
    const { port } = new URL(site.url);
    const found = await lookAtPort({ host: "127.0.0.1", port: Number(port) });
    expect(found).toMatchObject({ check: "port", state: "ok", message: `Nines answers on port ${port}` });
  } finally {
    await site.stop();
  }
});

test("an address that this machine has not is told with its cure", async () => {
  expect(await lookAtPort({ host: "192.0.2.1", port: 0 })).toMatchObject({
    state: "problem",
    cure: expect.stringContaining("HOST") as string,
  });
});
