import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Database } from "#db/database.ts";
import { openDatabase } from "#db/database.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import type { TcpProxy } from "#test/faults/rig/tcp-proxy.ts";
import { startTcpProxy } from "#test/faults/rig/tcp-proxy.ts";
import { startStopwatch } from "#test/support/stopwatch.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

/** Against waiting for ever; a busy machine takes its time. */
const SOON = { timeout: 10_000 };

let db: TestDatabase;
let proxy: TcpProxy;
let database: Database;
const uncaught = vi.fn();

beforeEach(async () => {
  db = await testDatabase();
  proxy = await startTcpProxy({ host: "127.0.0.1", port: Number(new URL(db.url).port) }, () => 1);
  const url = new URL(db.url);
  url.port = String(proxy.port);
  database = openDatabase({ url: url.href, applicationName: "through-proxy", maxConnections: 3 });
  process.on("uncaughtException", uncaught);
  process.on("unhandledRejection", uncaught);
});
afterEach(async () => {
  await database.close();
  await proxy.stop();
  await db.drop();
  process.off("uncaughtException", uncaught);
  process.off("unhandledRejection", uncaught);
  expect(uncaught).not.toHaveBeenCalled();
  uncaught.mockReset();
});

const one = (through = database): Promise<unknown> =>
  through.read((sql) => sql`select 1 as one`).then((rows) => rows[0]);
const codeOf = async (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => errorCodeOf(error) ?? String(error),
  );
const elapsed = async (work: Promise<unknown>): Promise<number> => {
  const elapsedMs = startStopwatch();
  await work;
  return elapsedMs();
};
const endSessions = (): Promise<unknown> =>
  db.database.read(
    (sql) => sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'through-proxy%'`,
  );

describe("a deadline", () => {
  test("ends a read that takes too long, and the next one works at once", async () => {
    expect(await codeOf(database.read((sql) => sql`select pg_sleep(5)`, { deadlineMs: 200 }))).toBe("DATABASE_TIMEOUT");
    expect(await elapsed(one())).toBeLessThan(500);
  });

  test("ends a transaction whose own work takes too long, and its locks are free at once", async () => {
    const never = new Promise<never>(() => undefined);
    const stuck = database.transaction(
      async (tx) => {
        await tx`lock table leases in access exclusive mode`;
        await never;
      },
      { deadlineMs: 200 },
    );
    expect(await codeOf(stuck)).toBe("DATABASE_TIMEOUT");
    expect(await elapsed(db.database.read((sql) => sql`select count(*) from leases`))).toBeLessThan(1_000);
  });

  test("refuses the queries of work that outlived it", async () => {
    const late: { go?: () => void; result?: Promise<string | undefined> } = {};
    const gate = new Promise<void>((resolve) => {
      late.go = resolve;
    });
    // The deadline is for the work alone: on a busy machine a new connection takes longer.
    expect(await codeOf(one())).toBeUndefined();
    const work = database.transaction(
      async (tx) => {
        await tx`select 1`;
        await gate;
        late.result = codeOf(Promise.resolve().then(() => tx`insert into migrations (name, sha256) values ('x', 'y')`));
        return late.result;
      },
      { deadlineMs: 1_000 },
    );
    expect(await codeOf(work)).toBe("DATABASE_TIMEOUT");
    late.go?.();
    await vi.waitFor(() => expect(late.result).toBeDefined(), SOON);
    expect(await late.result).toBe("DATABASE_TIMEOUT");
  });

  test("of the server itself reads the same", async () => {
    const work = database.transaction(async (tx) => {
      await tx`set local statement_timeout = 50`;
      await tx`select pg_sleep(5)`;
    });
    expect(await codeOf(work)).toBe("DATABASE_TIMEOUT");
    expect(await codeOf(one())).toBeUndefined();
  });
});

describe("a lost connection", () => {
  test("in the middle of a query is DATABASE_UNREACHABLE", async () => {
    const work = database.transaction((tx) => tx`select pg_sleep(30)`, { deadlineMs: 20_000 });
    const result = codeOf(work);
    await vi.waitFor(async () => {
      const rows = await db.database.read(
        (sql) =>
          sql`select 1 from pg_stat_activity where query like '%pg_sleep(30)%' and state = 'active' and pid <> pg_backend_pid()`,
      );
      expect(rows.length).toBe(1);
    }, SOON);
    await endSessions();
    expect(await result).toBe("DATABASE_UNREACHABLE");
    expect(await codeOf(one())).toBeUndefined();
  });

  test.each([
    "ended by the server",
    "reset",
    "ended by the server, after which the work goes on",
    "reset within a savepoint",
  ])("between two queries of a transaction (%s) fails the transaction and crashes nothing", async (how) => {
    const lose = async (): Promise<void> => {
      if (how.startsWith("reset")) proxy.resetAll();
      else await endSessions();
      await vi.waitFor(() => expect(proxy.openConnections()).toBe(0), SOON);
      await new Promise(setImmediate);
    };
    const work = database.transaction(async (tx) => {
      await tx`select 1`;
      if (how === "reset within a savepoint") {
        await tx.savepoint(async (inner) => {
          await inner`select 2`;
          await lose();
        });
        return;
      }
      await lose();
      if (how.endsWith("goes on")) {
        await tx`select 2`.catch(() => undefined);
        await tx`select 3`.catch(() => undefined);
      }
    });
    expect(await codeOf(work)).toBe("DATABASE_UNREACHABLE");
    expect(await codeOf(one())).toBeUndefined();
  });

  test("while idle is not noticed by the next query", async () => {
    await Promise.all([one(), one(), one()]);
    await endSessions();
    await vi.waitFor(() => expect(proxy.openConnections()).toBe(0), SOON);
    await new Promise(setImmediate);
    expect(await codeOf(one())).toBeUndefined();
  });

  test("of some of many transactions leaves no work hanging", async () => {
    const works = Array.from({ length: 40 }, (_, index) =>
      codeOf(
        database.transaction(async (tx) => {
          await tx`select pg_sleep(0.01)`;
          if (index % 7 === 0) proxy.resetAll();
          await tx`select pg_sleep(0.01)`;
        }),
      ),
    );
    const codes = new Set(await Promise.all(works));
    for (const code of codes) expect([undefined, "DATABASE_UNREACHABLE", "DATABASE_TIMEOUT"]).toContain(code);
    expect(await codeOf(one())).toBeUndefined();
  });
});

describe("a server that cannot be reached", () => {
  const at = (url: string): Database => openDatabase({ url, applicationName: "test" });

  test("because nothing listens there fails fast, and the error does not hold the password", async () => {
    const free = await startTcpProxy({ host: "127.0.0.1", port: 1 }, () => 1);
    await free.stop();
    const away = at(`postgres://u:hunter2@127.0.0.1:${free.port}/x`);
    const elapsedMs = startStopwatch();
    const error = await one(away).catch((reason: unknown) => reason);
    expect(errorCodeOf(error)).toBe("DATABASE_UNREACHABLE");
    expect(String(error)).toContain(`127.0.0.1:${free.port}/x`);
    expect(JSON.stringify([String(error), (error as Error).stack])).not.toContain("hunter2");
    expect(elapsedMs()).toBeLessThan(1_000);
    await away.close();
  });

  test("because the name does not exist fails within 2 s", async () => {
    const away = at("postgres://u:p@nothing.invalid/x");
    expect(await elapsed(codeOf(one(away)))).toBeLessThan(2_500);
    await away.close();
  });

  test("because the password is wrong says so without showing it", async () => {
    const url = new URL(db.url);
    url.password = "hunter2";
    const away = at(url.href);
    const error = await one(away).catch((reason: unknown) => reason);
    expect(errorCodeOf(error)).toBe("DATABASE_REFUSED");
    expect(String(error)).toContain("password authentication failed");
    expect(String(error)).not.toContain("hunter2");
    await away.close();
  });

  test("because connections are accepted and closed does not hang", async () => {
    proxy.setClosing(true);
    const code = codeOf(one());
    expect(await elapsed(code)).toBeLessThan(2_500);
    expect(["DATABASE_UNREACHABLE", "DATABASE_TIMEOUT"]).toContain(await code);
    proxy.setClosing(false);
    expect(await codeOf(one())).toBeUndefined();
  });

  test("because the line is half open fails within the deadline, and works at once when it is whole again", async () => {
    await one();
    proxy.setBoth({ kind: "blackhole" });
    for (let round = 0; round < 2; round += 1) {
      const codes = Promise.all([codeOf(one()), codeOf(database.transaction((tx) => tx`select 1`))]);
      expect(await elapsed(codes)).toBeLessThan(2_500);
      for (const code of await codes) expect(["DATABASE_UNREACHABLE", "DATABASE_TIMEOUT"]).toContain(code);
    }
    proxy.setBoth({ kind: "none" });
    expect(await elapsed(one())).toBeLessThan(1_000);
    await vi.waitFor(() => expect(proxy.openConnections()).toBeLessThanOrEqual(3), SOON);
  });
});

describe("notifications", () => {
  test("arrive, survive a lost connection, and end when asked", async () => {
    const heard: string[] = [];
    const stop = await database.listen("nines_test", (payload) => heard.push(payload));
    const say = (payload: string): Promise<unknown> =>
      db.database.read((sql) => sql`select pg_notify('nines_test', ${payload})`);
    await say("one");
    await vi.waitFor(() => expect(heard).toEqual(["one"]), SOON);
    await endSessions();
    await vi.waitFor(
      async () => {
        await say("two");
        expect(heard).toContain("two");
      },
      { ...SOON, interval: 100 },
    );
    await stop();
    const count = heard.length;
    const done = await database.listen("nines_other", () => undefined);
    await say("three");
    await one();
    expect(heard.length).toBe(count);
    await done();
  });

  test("can be asked for while the server is away", async () => {
    proxy.setClosing(true);
    const heard: string[] = [];
    await database.listen("nines_test", (payload) => heard.push(payload));
    proxy.setClosing(false);
    await vi.waitFor(
      async () => {
        await db.database.read((sql) => sql`select pg_notify('nines_test', 'x')`);
        expect(heard.length).toBeGreaterThan(0);
      },
      { ...SOON, interval: 100 },
    );
  });
});

describe("closing", () => {
  test("lets work under way finish, leaves no connection, and may be done twice", async () => {
    const work = database.transaction(async (tx) => (await tx`select pg_sleep(0.2), 7 as seven`)[0]?.seven as number);
    await database.listen("nines_test", () => undefined);
    await Promise.all([database.close(), database.close()]);
    expect(await work).toBe(7);
    await vi.waitFor(() => expect(proxy.openConnections()).toBe(0), SOON);
    expect(await codeOf(one())).toBe("DATABASE_UNREACHABLE");
  });
});
