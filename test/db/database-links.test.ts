import { chmod, chown, copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDatabase } from "#db/database.ts";
import { findRunUser } from "#db/embedded/run-user.ts";
import type { TemporaryServer } from "#db/embedded/temporary.ts";
import { startTemporary } from "#db/embedded/temporary.ts";
import { errorCodeOf } from "#lib/core/errors.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));
const authority = fixture("ca.pem");

let secure: TemporaryServer;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nines-tls-"));
  await chmod(folder, 0o755);
  const user = findRunUser();
  const place = async (name: string): Promise<string> => {
    const path = join(folder, name);
    await copyFile(fixture(name), path);
    await chmod(path, 0o600);
    if (user !== null) await chown(path, user.uid, user.gid);
    return path;
  };
  const settings = {
    ssl: "on",
    ssl_cert_file: await place("good.pem"),
    ssl_key_file: await place("good.key.pem"),
    unix_socket_directories: folder,
    unix_socket_permissions: "0777",
  };
  await chmod(folder, 0o777);
  secure = await startTemporary({ settings });
});
afterAll(async () => {
  await secure.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Whether the session is encrypted, or the code of the error. */
const ask = async (change: (url: URL) => void): Promise<boolean | string | undefined> => {
  const url = new URL(secure.server.url);
  url.search = "";
  change(url);
  const database = openDatabase({ url: url.href, applicationName: "link", maxConnections: 2 });
  try {
    const rows = await database.read(
      (db) => db<{ ssl: boolean }[]>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`,
    );
    return rows[0]?.ssl;
  } catch (error) {
    return errorCodeOf(error) ?? String(error);
  } finally {
    await database.close();
  }
};

describe("the link to the server", () => {
  test.each([
    ["sslmode=disable", false],
    ["sslmode=prefer", true],
    ["sslmode=require", true],
    [`sslmode=verify-full&sslrootcert=${authority}`, true],
    [`sslrootcert=${authority}`, true],
    ["sslmode=verify-full", "DATABASE_UNREACHABLE"],
  ])("with %s is encrypted: %s", async (search, expected) => {
    expect(
      await ask((url) => {
        url.hostname = "localhost";
        url.search = search;
      }),
    ).toBe(expected);
  });

  test("may be a Unix socket", async () => {
    expect(await ask((url) => url.searchParams.set("host", folder))).toBe(false);
  });

  test("ends within the deadline when it is encrypted, too", async () => {
    const database = openDatabase({
      url: `${secure.server.url.replace("sslmode=disable", "sslmode=require")}`,
      applicationName: "link",
    });
    expect(await database.read((db) => db`select pg_sleep(9)`, { deadlineMs: 100 }).catch(errorCodeOf)).toBe(
      "DATABASE_TIMEOUT",
    );
    expect(await database.read((db) => db`select 1 as one`)).toEqual([{ one: 1 }]);
    await database.close();
  });
});

test("behind a pooler in transaction mode no statement is prepared and every read has its deadline", async () => {
  const database = openDatabase({
    url: `${secure.server.url}&prepare=false`,
    applicationName: "link",
    maxConnections: 1,
  });
  const query = (): Promise<unknown> => database.read((db) => db`select ${1}::int as one`);
  await query();
  expect(await query()).toEqual([{ one: 1 }]);
  expect(await database.read((db) => db`select name from pg_prepared_statements`)).toEqual([]);
  expect(await database.read((db) => db`select current_setting('statement_timeout') as limit`)).toEqual([
    { limit: "2s" },
  ]);
  const heard: string[] = [];
  const stop = await database.listen("nines_test", (payload) => heard.push(payload));
  await stop();
  await database.close();
});

test("the server gives up a session whose line went dead: a silent transaction after 10 s, the line after a minute", async () => {
  const database = openDatabase({ url: secure.server.url, applicationName: "link", maxConnections: 1 });
  const names = ["idle_in_transaction_session_timeout", "tcp_keepalives_idle", "tcp_keepalives_interval"];
  const rows = await database.read(
    (db) =>
      db`select name, setting || coalesce(unit, '') as value from pg_settings where name = any(${names}) order by 1`,
  );
  await database.close();
  expect(rows.map((row) => `${row.name} ${row.value}`)).toEqual([
    "idle_in_transaction_session_timeout 10000ms",
    "tcp_keepalives_idle 30s",
    "tcp_keepalives_interval 10s",
  ]);
});

test.each([
  ["53100", "DISK_FULL"],
  ["57014", "DATABASE_TIMEOUT"],
  ["57P01", "DATABASE_UNREACHABLE"],
  ["53300", "DATABASE_UNREACHABLE"],
  // A primary that was replaced, or that its operator made read-only: the next connection may lead to the new one.
  ["25006", "DATABASE_UNREACHABLE"],
])("the server's code %s is %s", async (state, code) => {
  const database = openDatabase({ url: secure.server.url, applicationName: "link" });
  const raise = `do $$ begin raise exception 'as told' using errcode = '${state}'; end $$`;
  const error = await database.transaction((tx) => tx.unsafe(raise)).catch((reason: unknown) => reason);
  expect(errorCodeOf(error)).toBe(code);
  expect(String(error)).toContain("as told");
  await database.close();
});

test("an error of the server that callers decide by comes as it is, and the transaction is undone", async () => {
  const database = openDatabase({ url: secure.server.url, applicationName: "link" });
  await database.read((db) => db`create table t (id int primary key)`);
  const work = database.transaction(async (tx) => {
    await tx`insert into t values (1)`;
    await tx`insert into t values (1)`;
  });
  await expect(work).rejects.toMatchObject({ code: "23505", constraint_name: "t_pkey" });
  expect(await database.read((db) => db`select count(*)::int as count from t`)).toEqual([{ count: 0 }]);
  await database.close();
});
