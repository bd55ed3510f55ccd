import { mkdir } from "node:fs/promises";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { startTemporary } from "#db/embedded/temporary.ts";
import { migrate } from "#db/migrate.ts";
import { throughProxy, webSettings } from "../faults/rig/page-rig.ts";
import { startRole } from "../faults/rig/role-processes.ts";
import { temporaryFolder } from "../support/instance.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let cleanup = cleanups.pop(); cleanup !== undefined; cleanup = cleanups.pop()) await cleanup();
});

/** A line to the database that can go dead at the question that the library asks on each new connection. */
const startLine = async (databasePort: number) => {
  const open = new Set<Socket>();
  const line = { port: 0, isDeadAtTypes: false, dead: 0 };
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: "127.0.0.1", port: databasePort, noDelay: true });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        open.delete(from);
        to.destroy();
      });
    }
    let isDead = false;
    client.on("data", (bytes) => {
      if (!isDead && line.isDeadAtTypes && bytes.includes("typarray")) {
        isDead = true;
        line.dead += 1;
      }
      if (!isDead) upstream.write(bytes);
    });
    upstream.on("data", (bytes) => client.write(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  line.port = (server.address() as AddressInfo).port;
  cleanups.push(async () => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return line;
};

test("a web role goes on when its connections are cut while the database library asks them for types", async () => {
  const { server, stop } = await startTemporary();
  cleanups.push(stop);
  await migrate({ url: server.url });
  const folder = await temporaryFolder("role");
  cleanups.push(folder.remove);
  const dataDir = join(folder.path, "data");
  await mkdir(dataDir);
  const line = await startLine(Number(new URL(server.url).port));
  // Every connection that the role makes in its first seconds.
  line.isDeadAtTypes = true;
  const said: string[] = [];
  const settings = webSettings({ databaseUrl: throughProxy(server.url, line.port), dataDir, port: 0 });
  const role = await startRole({ ...settings, logLevel: "warn" }, (text) => said.push(text), "built");
  cleanups.push(role.stop);
  const isAlive = (): boolean => role.child.exitCode === null && role.child.signalCode === null;
  const isReady = async (): Promise<boolean> =>
    (await fetch(`http://127.0.0.1:${role.port}/health/ready`).then(async (answer) => {
      const { checks } = (await answer.json()) as { checks: { database: { status: string } } };
      return checks.database.status;
    })) === "ok";

  await waitFor("the cut to be told", () => !isAlive() || said.join("").includes("was cut while it was being made"), {
    deadlineMs: 60_000,
  });
  expect(isAlive(), said.join("")).toBe(true);
  expect(line.dead).toBeGreaterThan(0);
  line.isDeadAtTypes = false;
  await waitFor("the role to reach the database", isReady, { deadlineMs: 60_000, everyMs: 100 });
  expect(isAlive()).toBe(true);
});
