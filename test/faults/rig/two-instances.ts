// Two instances on one database, each as a database user of its own, so that every write of a leader can be laid at a door.
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import postgres from "postgres";
import { startEmbedded } from "#db/embedded/index.ts";
import type { RoleName } from "#lib/cli/roles/role.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import type { AlertingWorld } from "./alerting.ts";
import type { Finding } from "./checkers.ts";
import type { Service } from "./service.ts";
import { startService } from "./service.ts";

export type InstanceName = "one" | "two";

export type TwoInstances = {
  /** Of the database, as its owner. */
  readonly url: string;
  readonly sql: postgres.Sql;
  readonly one: Service;
  readonly two: Service;
  /** Who holds the engine's lease now, by the database's clock. */
  readonly leader: () => Promise<InstanceName | null>;
};

/** Tables that only the leader of the engine writes. */
const LEADERS_TABLES = ["rollup_progress", "slo_readings", "alerts", "snapshots"] as const;

/**
 * Notes for each statement that changed a table of the leader: who wrote, and under which token of whom. An update of the
 * lease itself is not a write of the leader.
 */
const watchWriters = async (sql: postgres.Sql): Promise<void> => {
  await sql`create table writes_seen (
    at timestamptz not null default clock_timestamp(), writer text not null, token bigint not null, holder text not null, is_valid boolean not null)`;
  await sql`grant all on writes_seen to public`;
  await sql`create function note_write() returns trigger language plpgsql as $$
    begin
      insert into writes_seen (writer, token, holder, is_valid)
      select session_user, token, holder, expires_at > transaction_timestamp() from leases where name = 'engine';
      return null;
    end $$`;
  for (const table of LEADERS_TABLES)
    await sql`create trigger note_write after insert or update on ${sql(table)} for each statement execute function note_write()`;
};

const openUsers = async (sql: postgres.Sql, url: string): Promise<Record<InstanceName, string>> => {
  const urlFor = async (name: InstanceName): Promise<string> => {
    const password = randomBytes(12).toString("hex");
    await sql.unsafe(`create role ${name} login superuser password '${password}'`);
    const own = new URL(url);
    own.username = name;
    own.password = password;
    return own.toString();
  };
  return { one: await urlFor("one"), two: await urlFor("two") };
};

/** Starts the database and both instances; `one` has every role but web, `two` those that are named. */
export const startTwoInstances = async (
  later: (undo: () => Promise<unknown>) => void,
  { folder, config, env }: AlertingWorld,
  roles: readonly RoleName[] = ["engine", "deliver"],
): Promise<TwoInstances> => {
  await mkdir(`${folder}/database`, { mode: 0o755 });
  const server = await startEmbedded({ dataDir: `${folder}/database`, log: silentLogger });
  later(server.stop);
  const sql = postgres(server.url, { max: 2, onnotice: () => undefined });
  later(() => sql.end({ timeout: 1 }));
  const urls = await openUsers(sql, server.url);
  const start = (name: InstanceName, ofRoles?: readonly RoleName[]): Promise<Service> =>
    startService({
      dataDir: `${folder}/${name}`,
      config,
      env: { ...env, NINES_SECRET_KEY: SECRET_KEY, DATABASE_URL: urls[name] },
      ...(ofRoles === undefined ? {} : { roles: ofRoles }),
    });
  const one = await start("one");
  later(one.stop);
  await watchWriters(sql);
  const two = await start("two", roles);
  later(two.stop);
  const instances = new Map([
    [one.child.pid, "one" as const],
    [two.child.pid, "two" as const],
  ]);
  return {
    url: server.url,
    sql,
    one,
    two,
    leader: async () => {
      const [row] = await sql<{ holder: string }[]>`
        select holder from leases where name = 'engine' and expires_at > clock_timestamp()`;
      return instances.get(Number(row?.holder.split("-")[0])) ?? null;
    },
  };
};

/** Opens the secrets in the database of the two. */
export const SHARED_KEY = Buffer.alloc(32, 7);
const SECRET_KEY = SHARED_KEY.toString("base64");

/** At every instant at most one instance wrote what the leader writes: under each token one, and tokens only grow. */
export const checkOneWriter = async ({
  sql,
  one,
  two,
}: Pick<TwoInstances, "sql" | "one" | "two">): Promise<{ findings: Finding[]; writes: number; tokens: number }> => {
  const rows = await sql<{ writer: string; token: bigint; holder: string; valid: boolean; at: Date; n: number }[]>`
    select writer, token::int8 as token, holder, is_valid as valid, min(at) as at, count(*)::int as n
      from writes_seen group by 1, 2, 3, 4 order by min(at)`;
  const nameOf = (holder: string): string => (holder.startsWith(`${one.child.pid}-`) ? "one" : "two");
  const findings = rows
    .filter(({ writer, holder, valid }) => writer !== nameOf(holder) || !valid)
    .map(({ writer, token, holder, at, n }) => ({
      checker: "K3" as const,
      what: `${n} writes of "${writer}" from ${at.toISOString()} under token ${token} of ${holder}`,
    }));
  const order = await sql<{ token: bigint }[]>`
    select token from (select token, lag(token) over (order by at) as before from writes_seen) s where token < before`;
  if (order.length > 0)
    findings.push({ checker: "K3", what: `${order.length} writes came after those of a later token` });
  // Both processes say under which token they lead; no token may be said by two.
  const said = [one, two].map(({ log }) =>
    log()
      .filter(({ message, lease }) => message === "leading" && lease === "engine")
      .map(({ fencingToken }) => String(fencingToken)),
  );
  const both = said[0]?.filter((token) => said[1]?.includes(token)) ?? [];
  if (both.length > 0) findings.push({ checker: "K3", what: `both instances led under the token ${both.join(", ")}` });
  return {
    findings,
    writes: rows.reduce((sum, { n }) => sum + n, 0),
    tokens: new Set(rows.map(({ token }) => token)).size,
  };
};
