import type { Database } from "#db/database.ts";
import { requireServerVersion } from "#db/migrate.ts";
import { MIGRATIONS_FOLDER, pendingMigrations, readMigrationFiles } from "#db/migration-files.ts";
import { readServerFacts } from "#db/queries/diagnosis.ts";
import { readAppliedMigrations } from "#db/queries/migrations.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Finding } from "./finding.ts";
import { ok, problem, warning } from "./finding.ts";

/** A leader's lease is 6 s long; tokens of agents allow 60 s. */
const MOST_CLOCK_DIFFERENCE_MS = 2_000;
const LEAST_CONNECTIONS = 20;

const lookAtSchema = async (database: Database): Promise<Finding> => {
  const files = await readMigrationFiles(MIGRATIONS_FOLDER);
  const pending = pendingMigrations(files, await database.read(readAppliedMigrations));
  return pending.length === 0
    ? ok("schema", `the schema is that of this version, ${files.length} migrations`)
    : problem(
        "schema",
        `${pending.length} migrations of this version are not applied`,
        "Start this version; it applies them.",
      );
};

const lookAtServer = async (database: Database, clock: Clock): Promise<Finding[]> => {
  const before = clock.now();
  const facts = await database.read(readServerFacts);
  const difference = Math.round(facts.now - (before + clock.now()) / 2);
  const findings: Finding[] = [];
  if (Math.abs(difference) > MOST_CLOCK_DIFFERENCE_MS)
    findings.push(
      problem(
        "clock",
        `the database's clock is ${Math.abs(difference) / 1_000} s ${difference > 0 ? "ahead of" : "behind"} this machine's`,
        "Run a time service (chrony, systemd-timesyncd) on both.",
      ),
    );
  if (!facts.isDurable)
    findings.push(
      problem(
        "durability",
        "fsync or synchronous_commit is off: acknowledged runs and alerts may be lost when the server ends",
        "Switch both on in postgresql.conf.",
      ),
    );
  if (facts.encoding !== "UTF8")
    findings.push(
      problem("encoding", `the database's encoding is ${facts.encoding}`, "Make it anew with encoding UTF8."),
    );
  if (facts.isReadOnly)
    findings.push(problem("read_only", "the server is a replica", "Let DATABASE_URL lead to the primary."));
  if (facts.connectionsLeft < LEAST_CONNECTIONS)
    findings.push(
      warning(
        "connections",
        `${facts.connectionsLeft} connections of the server are left`,
        "Raise max_connections, or put pgbouncer in transaction mode in front.",
      ),
    );
  return findings.length === 0 ? [ok("server", "clock, durability, encoding and connections are fine")] : findings;
};

/** The server, its schema and its settings. An unreachable one is the only finding then. */
export const lookAtDatabase = async (database: Database, clock: Clock): Promise<Finding[]> => {
  try {
    await database.read(requireServerVersion);
    return [
      ok("database", "the database answers"),
      await lookAtSchema(database),
      ...(await lookAtServer(database, clock)),
    ];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [
      problem(
        "database",
        `${error.code}: ${error.detail}`,
        "Check DATABASE_URL, and that the server runs and lets this machine in.",
      ),
    ];
  }
};
