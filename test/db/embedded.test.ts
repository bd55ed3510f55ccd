import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { openDatabase } from "#db/database.ts";
import { findBinaries } from "#db/embedded/binaries.ts";
import type { EmbeddedServer } from "#db/embedded/index.ts";
import { findRunningEmbedded, hasEmbedded, startEmbedded } from "#db/embedded/index.ts";
import { isAlive, parsePostmasterFile } from "#db/embedded/postmaster.ts";
import { toEmbeddedError } from "#db/embedded/run-program.ts";
import { pickRunUser } from "#db/embedded/run-user.ts";
import { errorCodeOf } from "#lib/core/errors.ts";

const isRoot = process.getuid?.() === 0;
const hasDeathSignal = existsSync("/usr/bin/setpriv");
const log = { info: () => undefined, warn: () => undefined };

let dataDir: string;
let servers: EmbeddedServer[];
const makeFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "nines-embedded-"));
  await chmod(folder, 0o755);
  return folder;
};
// initdb takes seconds: most tests begin with a copy of a folder that was started once.
let started: string;
beforeAll(async () => {
  started = await makeFolder();
  await (await startEmbedded({ dataDir: started, log })).stop();
});
afterAll(() => rm(started, { recursive: true, force: true }));
const useStartedFolder = (): void => void execFileSync("cp", ["-a", join(started, "postgres"), dataDir]);

beforeEach(async () => {
  servers = [];
  dataDir = await makeFolder();
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await rm(dataDir, { recursive: true, force: true });
});

const start = async (): Promise<EmbeddedServer> => {
  const server = await startEmbedded({ dataDir, log });
  servers.push(server);
  return server;
};
const ask = async <T>(url: string, statement: string): Promise<T[]> => {
  const database = openDatabase({ url, applicationName: "test", maxConnections: 1 });
  try {
    return await database.read((db) => db.unsafe<T[]>(statement));
  } finally {
    await database.close();
  }
};
const dataFolder = (): string => join(dataDir, "postgres", "data");
const codeOf = (error: unknown): string => errorCodeOf(error) ?? String(error);

describe("the embedded server", () => {
  test("starts on an empty folder, listens on the loopback interface only, speaks UTC and UTF-8", async () => {
    const { url } = await start();
    const rows = await ask<Record<string, string>>(
      url,
      `select current_setting('listen_addresses') as address, current_setting('timezone') as zone, current_setting('fsync') as fsync,
              current_setting('server_encoding') as encoding, current_setting('password_encryption') as password, datcollate as locale
         from pg_database where datname = current_database()`,
    );
    expect(rows[0]).toEqual({
      address: "127.0.0.1",
      zone: "UTC",
      fsync: "on",
      encoding: "UTF8",
      password: "scram-sha-256",
      locale: "C",
    });
    expect(statSync(join(dataDir, "postgres", "password")).mode & 0o777).toBe(0o600);
    expect(statSync(dataFolder()).mode & 0o077).toBe(0);
  });

  test("refuses a wrong password", async () => {
    useStartedFolder();
    const url = new URL((await start()).url);
    url.password = "wrong";
    await expect(ask(url.href, "select 1")).rejects.toThrow(/password authentication failed/);
  });

  test("is adopted by a second start and found by a command", async () => {
    expect(hasEmbedded(dataDir)).toBe(false);
    useStartedFolder();
    expect(hasEmbedded(dataDir)).toBe(true);
    expect(await findRunningEmbedded(dataDir)).toBeNull();
    const first = await start();
    const second = await start();
    expect(second).toMatchObject({ pid: first.pid, url: first.url });
    expect(await findRunningEmbedded(dataDir)).toBe(first.url);
    await second.stop();
    await Promise.all([first.exited, second.exited]);
    expect(await findRunningEmbedded(dataDir)).toBeNull();
  });

  test("keeps its address and what was acknowledged when it is killed with -9 and started again", async () => {
    useStartedFolder();
    const first = await start();
    await ask(first.url, "create table kept (id int); insert into kept select generate_series(1, 100)");
    process.kill(first.pid, "SIGKILL");
    await first.exited;
    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await ask(second.url, "select count(*)::int as count from kept")).toEqual([{ count: 100 }]);
  });

  test("stops in order although sessions are open, and may be stopped twice", async () => {
    useStartedFolder();
    const server = await start();
    const database = openDatabase({ url: server.url, applicationName: "test" });
    await database.read((db) => db`select 1`);
    await Promise.all([server.stop(), server.stop()]);
    expect(isAlive(server.pid)).toBe(false);
    expect(existsSync(join(dataFolder(), "postmaster.pid"))).toBe(false);
    await database.close();
  });

  test("starts although postmaster.pid names a living process that is another program", async () => {
    useStartedFolder();
    await (await start()).stop();
    await writeFile(
      join(dataFolder(), "postmaster.pid"),
      `${process.pid}\n${dataFolder()}\n1\n5432\n\n127.0.0.1\n\nready\n`,
    );
    expect(await findRunningEmbedded(dataDir)).toBeNull();
    expect(await ask((await start()).url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  test("starts after a first start that was killed halfway", async () => {
    await mkdir(join(dataDir, "postgres", "init-abc", "data"), { recursive: true });
    await writeFile(join(dataDir, "postgres", "init-abc", "data", "PG_VERSION"), "18\n");
    await start();
    expect(readdirSync(join(dataDir, "postgres")).filter((name) => name.startsWith("init-"))).toEqual([]);
  });

  test.each([
    ["17", "DATABASE_TOO_OLD"],
    ["19", "DATABASE_TOO_NEW"],
  ])("does not touch data of PostgreSQL %s: %s", async (version, code) => {
    await mkdir(dataFolder(), { recursive: true });
    await writeFile(join(dataFolder(), "PG_VERSION"), `${version}\n`);
    await expect(start().catch(codeOf)).resolves.toBe(code);
    expect(readFileSync(join(dataFolder(), "PG_VERSION"), "utf8")).toBe(`${version}\n`);
  });

  test.skipIf(!isRoot)(
    "as root with a folder that others cannot enter keeps its data in /var/lib/nines (needs root)",
    async () => {
      await chmod(dataDir, 0o700);
      const server = await start();
      const home = realpathSync(join(dataDir, "postgres"));
      expect(home).toMatch(/^\/var\/lib\/nines\/[0-9a-f]{16}\/postgres$/);
      expect(lstatSync(join(dataDir, "postgres")).isSymbolicLink()).toBe(true);
      expect(await findRunningEmbedded(dataDir)).toBe(server.url);
      await server.stop();
      await rm(dirname(home), { recursive: true, force: true });
    },
  );
});

describe("the process that started it", () => {
  const owner = fileURLToPath(new URL("../support/embedded-owner.ts", import.meta.url));
  const spawnOwner = async (user: {
    uid?: number;
    gid?: number;
  }): Promise<{ child: ReturnType<typeof spawn>; said: Record<string, unknown> }> => {
    const child = spawn(process.execPath, [owner, dataDir], { ...user, stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout });
    const [line] = (await once(lines, "line")) as [string];
    return { child, said: JSON.parse(line) as Record<string, unknown> };
  };

  test.skipIf(!hasDeathSignal)("takes it along when it is killed with -9 (needs setpriv)", async () => {
    useStartedFolder();
    const { child, said } = await spawnOwner({});
    const pid = said.pid as number;
    expect(isAlive(pid)).toBe(true);
    child.kill("SIGKILL");
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000 });
    expect(await findRunningEmbedded(dataDir)).toBeNull();
  });

  test.skipIf(!isRoot)("may be an ordinary user (needs root to become one)", async () => {
    await chown(dataDir, 65_534, 65_534);
    const { child, said } = await spawnOwner({ uid: 65_534, gid: 65_534 });
    expect(said.error).toBeUndefined();
    expect(await ask(String(said.url), "select 1 as one")).toEqual([{ one: 1 }]);
    child.stdin?.write("stop\n");
    await once(child, "exit");
    expect(isAlive(said.pid as number)).toBe(false);
  });
});

describe("what can be wrong with a system", () => {
  test("a platform without a package is UNSUPPORTED_PLATFORM and the text says what to do", () => {
    const find = (): unknown => findBinaries({ platform: "sunos-sparc", isReachable: () => true, copyTo: dataDir });
    expect(find).toThrow(/UNSUPPORTED_PLATFORM.*sunos-sparc.*DATABASE_URL/);
  });

  test("programs out of reach of the server's user are copied once, with their links", () => {
    const args = { platform: `${process.platform}-${process.arch}`, isReachable: () => false, copyTo: dataDir };
    const { folder } = findBinaries(args);
    expect(folder.startsWith(dataDir)).toBe(true);
    expect(statSync(join(folder, "bin", "initdb")).mode & 0o777).toBe(0o755);
    expect(statSync(join(folder, "share", "postgresql", "postgres.bki")).mode & 0o777).toBe(0o644);
    expect(
      readdirSync(join(folder, "lib")).some(
        (name) => name.startsWith("libpq.") && lstatSync(join(folder, "lib", name)).isSymbolicLink(),
      ),
    ).toBe(process.platform === "linux");
    expect(findBinaries(args).folder).toBe(folder);
  });

  test.each([
    ["root:x:0:0\nnobody:x:65534:65534:n:/:/x\npostgres:x:101:104:p:/:/x\n", { name: "postgres", uid: 101, gid: 104 }],
    ["root:x:0:0\nnobody:x:-2:-2:n:/:/x\n", { name: "nobody", uid: 4_294_967_294, gid: 4_294_967_294 }],
    ["root:x:0:0\n", null],
  ])("root picks the user postgres, else nobody", (passwd, expected) => {
    expect(pickRunUser(passwd)).toEqual(expected);
  });

  test.each([
    [Object.assign(new Error("x"), { code: "ENOSPC" }), "", "DISK_FULL"],
    [null, "initdb: error: could not write: No space left on device", "DISK_FULL"],
    [Object.assign(new Error("x"), { code: "EPERM" }), "", "PERMISSION_DENIED"],
    [Object.assign(new Error("x"), { code: "EACCES" }), "", "PERMISSION_DENIED"],
    [null, "postgres: error while loading shared libraries: libz.so.1", "UNSUPPORTED_PLATFORM"],
    [null, "something else", "INTERNAL"],
  ])("a fault of the system has its code (%#)", (error, said, code) => {
    expect(toEmbeddedError(error, said).code).toBe(code);
  });

  test("a postmaster.pid that is being written is not yet a server", () => {
    expect(parsePostmasterFile("")).toBeNull();
    expect(parsePostmasterFile("123\n/data\n1\n5432\n\n127.0.0.1\n 1 2\nstarting\n")).toEqual({
      pid: 123,
      port: 5_432,
      isReady: false,
    });
    expect(parsePostmasterFile("123\n/data\n1\n5432\n\n127.0.0.1\n 1 2\nready   \n")).toEqual({
      pid: 123,
      port: 5_432,
      isReady: true,
    });
  });
});
