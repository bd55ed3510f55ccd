import { readFile, writeFile } from "node:fs/promises";
import type { AddressInfo, Server } from "node:net";
import { createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Instance } from "../support/instance.ts";
import { processesNaming, runNines, startInstance, temporaryFolder } from "../support/instance.ts";
import { waitFor } from "../support/wait-for.ts";

const config = (targetUrl = "http://127.0.0.1:9/") => `
version: 1
egress: { allow: [127.0.0.1/32] }
locations: [{ id: here, name: Here }]
services:
  - id: shop
    name: Shop
    probes: [{ id: shop-home, type: http, url: "${targetUrl}", interval: 1s, locations: [here] }]
`;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let cleanup = cleanups.pop(); cleanup !== undefined; cleanup = cleanups.pop()) await cleanup();
});

const folder = async (name: string): Promise<string> => {
  const made = await temporaryFolder(name);
  cleanups.push(made.remove);
  return made.path;
};

const start = async (dataDir: string, args: Parameters<typeof startInstance>[0] | object = {}): Promise<Instance> => {
  const instance = await startInstance({ config: config(), dataDir, ...args });
  cleanups.push(() => instance.stop());
  return instance;
};

/** Ports that were free a moment ago, all different. */
const freePorts = async (count: number): Promise<number[]> => {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<Server>((resolve) => {
          const server = createServer();
          server.listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
};

const rolePids = async (dataDir: string): Promise<Map<string, number>> => {
  const pids = new Map<string, number>();
  for (const line of await processesNaming(dataDir)) {
    const [pid = "", ...words] = line.split(" ");
    const command = words.join(" ");
    if (command.includes("roles/main.ts")) pids.set(`role-${pid}`, Number(pid));
    if (/bin\/postgres\b.* -D /.test(command) || command.includes("/postgres -D")) pids.set("postgres", Number(pid));
  }
  return pids;
};

test("stop ends everything within ten seconds with exit code 0 and leaves no process behind", async () => {
  const dataDir = `${await folder("stop")}/data`;
  const instance = await start(dataDir);
  expect((await rolePids(dataDir)).size).toBeGreaterThanOrEqual(4);
  const { code, ms } = await instance.stop("SIGTERM");
  expect(code).toBe(0);
  expect(ms).toBeLessThan(10_000);
  await waitFor("no process to be left", async () => (await processesNaming(dataDir)).length === 0, {
    deadlineMs: 3_000,
  });
});

test("when the supervisor is killed outright, its roles and its database end by themselves", async () => {
  const dataDir = `${await folder("orphans")}/data`;
  const instance = await start(dataDir);
  instance.child.kill("SIGKILL");
  await waitFor("no process to be left", async () => (await processesNaming(dataDir)).length === 0, {
    deadlineMs: 15_000,
  });
});

test("a stop while the database is being started again ends that one too", async () => {
  const dataDir = `${await folder("stop-restart")}/data`;
  const instance = await start(dataDir);
  const killed = (await rolePids(dataDir)).get("postgres") ?? 0;
  process.kill(killed, "SIGKILL");
  await waitFor("another database to be started", async () => {
    const pid = (await rolePids(dataDir)).get("postgres");
    return pid !== undefined && pid !== killed;
  });
  const { code, ms } = await instance.stop("SIGTERM");
  expect(code).toBe(0);
  expect(ms).toBeLessThan(10_000);
  await waitFor("no process to be left", async () => (await processesNaming(dataDir)).length === 0, {
    deadlineMs: 3_000,
  });
});

test("a database address that is none ends the start instead of being waited for", async () => {
  const dataDir = `${await folder("address")}/data`;
  const { code, stderr } = await runNines(["start"], {
    env: { NINES_DATA_DIR: dataDir, DATABASE_URL: "postgres://user:canary-password@[broken/nines", PORT: "0" },
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^DATABASE_UNREACHABLE: DATABASE_URL is not of the form/);
  expect(stderr).not.toContain("canary-password");
});

test("any role or the database that is killed comes back, and the page answers on the same port", async () => {
  const dataDir = `${await folder("killed")}/data`;
  const instance = await start(dataDir);
  for (const [name, pid] of await rolePids(dataDir)) {
    process.kill(pid, "SIGKILL");
    await waitFor(
      `${name} to be replaced`,
      async () => {
        const now = await rolePids(dataDir);
        return now.size >= 5 && ![...now.values()].includes(pid);
      },
      { deadlineMs: 20_000, everyMs: 100 },
    );
    await waitFor("the service to be ready", async () => (await instance.get("/health/ready")).status === 200, {
      deadlineMs: 20_000,
      everyMs: 100,
    });
  }
});

test("a port that is taken is said before anything starts, with the cure", async () => {
  const path = await folder("port");
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => new Promise((resolve) => holder.close(resolve)));
  const { port } = holder.address() as AddressInfo;
  await writeFile(`${path}/nines.yaml`, config());
  const finished = await runNines(["start", "--config", `${path}/nines.yaml`], {
    env: { PORT: String(port), HOST: "127.0.0.1", NINES_DATA_DIR: `${path}/data` },
  });
  expect(finished.code).toBe(1);
  expect(finished.stderr).toMatch(/^PORT_TAKEN: port \d+ on 127\.0\.0\.1 is in use\. .*PORT=\d+ npm start/);
});

test("a second start on the same data folder is refused and does not disturb the first", async () => {
  const dataDir = `${await folder("twice")}/data`;
  const instance = await start(dataDir);
  const configPath = `${dataDir}.yaml`;
  const second = await runNines(["start", "--config", configPath], {
    env: { PORT: "0", HOST: "127.0.0.1", NINES_DATA_DIR: dataDir },
  });
  expect(second.code).toBe(1);
  expect(second.stderr).toContain("ALREADY_RUNNING");
  expect((await instance.get("/health/live")).status).toBe(200);
});

test.each([
  ["a configuration with faults lists them all", "version: 1\nlocations: []\n", "CONFIG_INVALID"],
  ["an empty configuration is refused", "", "CONFIG_INVALID"],
])("%s", async (_name, text, code) => {
  const path = await folder("bad");
  await writeFile(`${path}/nines.yaml`, text);
  const finished = await runNines(["start", "--config", `${path}/nines.yaml`], {
    env: { PORT: "0", HOST: "127.0.0.1", NINES_DATA_DIR: `${path}/data` },
  });
  expect(finished.code).toBe(1);
  expect(finished.stderr).toContain(code);
  expect(finished.stderr).not.toContain("    at ");
});

test("a database that is too far away is waited for, and the page answers meanwhile", async () => {
  const path = await folder("absent");
  const [port, webPort] = await freePorts(2);
  await writeFile(`${path}/nines.yaml`, config());
  const starting = runNines(["start", "--config", `${path}/nines.yaml`], {
    env: {
      PORT: String(webPort),
      HOST: "127.0.0.1",
      NINES_DATA_DIR: `${path}/data`,
      DATABASE_URL: `postgres://nobody:x@127.0.0.1:${port}/none`,
    },
  });
  const page = await waitFor(
    "the page to answer",
    async () => {
      const response = await fetch(`http://127.0.0.1:${webPort}/`);
      return response.status === 503 && response;
    },
    { deadlineMs: 30_000, everyMs: 100 },
  );
  expect(page.headers.get("retry-after")).not.toBeNull();
  const pid = Number((await readFile(`${path}/data/nines.pid`, "utf8")).split("\n")[0]);
  process.kill(pid, "SIGTERM");
  expect((await starting).code).toBe(0);
});

test("without a configuration a demonstration starts that measures its own services and says that it is one", async () => {
  const path = await folder("demo");
  const instance = await start(`${path}/data`, { config: undefined, cwd: path, env: { LOG_LEVEL: "warn" } });
  expect(instance.output()).toContain("This is a demonstration");
  await waitFor(
    "a measured, operational service",
    async () => (await instance.get("/api/v2/components.json")).text.includes('"operational"'),
    { deadlineMs: 30_000, everyMs: 200 },
  );
  expect((await instance.get("/")).text).toMatch(/demonstration/i);
});
