// A database with endpoints and the deliver role as a process that can be killed: what scenarios of delivery share.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import postgres from "postgres";
import type { Database } from "#db/database.ts";
import { openDatabase } from "#db/database.ts";
import { startEmbedded } from "#db/embedded/index.ts";
import { migrate } from "#db/migrate.ts";
import { insertBenchDeliveries } from "#db/queries/bench-deliver.ts";
import type { RoleSettings } from "#lib/cli/roles/role.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { loadConfig } from "#lib/config/load-config.ts";
import { epochMs } from "#lib/core/units.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { temporaryFolder } from "../../support/instance.ts";
import { waitFor } from "../../support/wait-for.ts";
import type { RoleProcess } from "./role-processes.ts";
import { startRole } from "./role-processes.ts";

export const SIGNING_SECRET = `whsec_${Buffer.from("what is told is told, and signed").toString("base64")}`;
export const SECRET_KEY = Buffer.alloc(32, 3);

export type DeliveryWorld = {
  readonly folder: string;
  readonly sql: postgres.Sql;
  readonly database: Database;
  readonly secretBox: SecretBox;
  /** A role with the key of `secretBox`; `changes` to its settings. */
  readonly start: (role: "deliver" | "web", changes?: Partial<RoleSettings>) => Promise<RoleProcess>;
  readonly startDeliver: () => Promise<RoleProcess>;
  /** What the processes wrote to standard error. */
  readonly output: () => string;
  /** Puts endpoints in force: items of YAML as under `notifications`. */
  readonly apply: (notifications: readonly string[], now?: number) => Promise<void>;
  /** Records events `evt_<prefix>1` and so on for one endpoint, due now. */
  readonly queue: (args: { prefix: string; count: number; endpointId: string; now?: number }) => Promise<void>;
  readonly untilDone: (deadlineMs: number) => Promise<boolean>;
};

/** An item of YAML for a signed webhook that takes incidents. */
export const webhook = (id: string, url: string, rest = ""): string =>
  `{ id: ${id}, type: webhook, url: "${url}", secret: "env:FAULTS_SECRET", events: [incident.opened]${rest} }`;

const configOf = (notifications: readonly string[]): string => `version: 1
egress: { allow: [127.0.0.0/8] }
locations: [{ id: here }]
services:
  - id: shop
    name: Shop
    probes: [{ id: home, type: http, url: "https://faults.example.com/", interval: 30s, locations: [here] }]
notifications: [${notifications.join(", ")}]
`;

/** A folder of its own and a database with these endpoints, undone by `later`. */
export const openDeliveryWorld = async (
  later: (undo: () => Promise<unknown>) => void,
  name: string,
): Promise<DeliveryWorld> => {
  const folder = await temporaryFolder(name);
  later(folder.remove);
  const dataDir = join(folder.path, "data");
  await mkdir(dataDir, { mode: 0o755 });
  const server = await startEmbedded({ dataDir, log: silentLogger });
  later(server.stop);
  await migrate({ url: server.url });
  const database = openDatabase({ url: server.url, applicationName: "nines-faults" });
  later(() => database.close());
  const sql = postgres(server.url, { max: 2, onnotice: () => undefined });
  later(() => sql.end({ timeout: 1 }));
  const secretBox = createSecretBox(SECRET_KEY);
  let output = "";
  const start: DeliveryWorld["start"] = (role, changes = {}) =>
    startRole(
      {
        role,
        host: "127.0.0.1",
        port: 0,
        instanceId: name,
        databaseUrl: server.url,
        dataDir,
        configPath: join(folder.path, "nines.yaml"),
        logLevel: "error",
        isDemo: false,
        isProduction: true,
        secretKey: SECRET_KEY.toString("base64"),
        ...changes,
      },
      (text) => {
        output += text;
      },
    );
  return {
    folder: folder.path,
    sql,
    database,
    secretBox,
    output: () => output,
    start,
    startDeliver: () => start("deliver"),
    apply: async (notifications, now = Date.now()) => {
      const bytes = Buffer.from(configOf(notifications));
      const loaded = loadConfig({ bytes, env: { FAULTS_SECRET: SIGNING_SECRET }, judgeUrl });
      if (!loaded.ok) throw new Error(`the configuration is wrong: ${loaded.errors[0]?.message ?? ""}`);
      const { config } = loaded;
      await database.transaction((tx) => applyConfig(tx, { config, now: epochMs(now), secretBox }), {
        deadlineMs: 30_000,
      });
    },
    queue: ({ prefix, count, endpointId, now = Date.now() }) =>
      database.transaction(
        async (tx) => {
          await insertBenchDeliveries(tx, { prefix, count, endpointId, data: '{"n":1}', now: epochMs(now) });
          await tx`notify nines_delivery`;
        },
        { deadlineMs: 60_000 },
      ),
    untilDone: (deadlineMs) =>
      waitFor(
        "every delivery to end",
        async () => {
          const [row] = await sql<{ done: boolean }[]>`
            select not exists (select from deliveries where state = 'pending') as done`;
          return row?.done === true;
        },
        { deadlineMs, everyMs: 50 },
      ),
  };
};

/** Attempts of every delivery are numbered from 1 without a hole, and their count is the delivery's. */
export const checkNumbers = async (sql: postgres.Sql): Promise<string[]> => {
  const rows = await sql<{ what: string }[]>`
    select format('%s counts %s attempts and has %s, the last is number %s', d.id, d.attempts_made, count(a.*), max(a.number)) as what
      from deliveries d left join attempts a on a.delivery_id = d.id
     group by d.id having count(a.*) <> d.attempts_made or coalesce(max(a.number), 0) <> d.attempts_made`;
  return rows.map(({ what }) => what);
};

/** How many deliveries are in each state. */
export const countStates = async (sql: postgres.Sql): Promise<Record<string, number>> => {
  const rows = await sql<{ state: string; n: number }[]>`
    select state, count(*)::int as n from deliveries group by state`;
  return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
};
