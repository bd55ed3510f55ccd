import type { Db, Tx } from "#db/database.ts";
import { readClosedUntil } from "#db/queries/rollup-progress.ts";
import type { StatementRow } from "#db/queries/statements.ts";
import { insertStatement, lockStatements, readNewestStatement } from "#db/queries/statements.ts";
import { tellChange } from "#lib/commands/tell-change.ts";
import { instantText } from "#lib/contracts/api.ts";
import type { StatementChange, StatementResource } from "#lib/contracts/statements.ts";
import { statementSummary } from "#lib/contracts/statements.ts";
import { AppError } from "#lib/core/errors.ts";
import type { StatementPeriod } from "#lib/core/statements/period.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { startOfMinute } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { newId } from "#lib/runtime/ids.ts";
import { statementChanges } from "./changes.ts";
import type { Gathered, StatementInputs } from "./gather.ts";
import { gatherStatement } from "./gather.ts";

export type StatementToIssue = {
  readonly period: StatementPeriod;
  /** Null: the whole page. */
  readonly serviceId: string | null;
  readonly author: string;
  readonly actor: string;
  readonly now: EpochMs;
  readonly randomBytes: RandomBytes;
};

/** A statement and its bytes: what was frozen is handed out as it was stored. */
export type IssuedStatement = { readonly statement: StatementResource; readonly document: string };

type Issue = Pick<StatementResource, "id" | "state" | "version" | "replaces" | "issuedAt" | "author"> & {
  readonly changes: StatementChange[];
};

const documentOf = ({ inputs, inputsSha256, services }: Gathered, issue: Issue): IssuedStatement => {
  const { changes, id, state, version, replaces, issuedAt, author } = issue;
  const { pageName, period, serviceId, exclusions } = inputs;
  const statement: StatementResource = {
    ...{ id, state, version, replaces, period, serviceId, inputsSha256, issuedAt, author, pageName, changes },
    services: [...services],
    exclusions: [...exclusions],
  };
  return { statement, document: JSON.stringify(statement) };
};

const provisional = (gathered: Gathered): IssuedStatement =>
  documentOf(gathered, {
    ...{ id: null, state: "provisional", version: 0, replaces: null, issuedAt: null, author: null },
    changes: [],
  });

/** Over, and every minute of it counted. */
const isOver = async (db: Db, { inputs }: Gathered, now: EpochMs): Promise<boolean> => {
  const endsAt = Date.parse(inputs.period.endsAt);
  const closedUntil = await readClosedUntil(db);
  return now >= endsAt && closedUntil !== null && startOfMinute(closedUntil) >= endsAt;
};

const assertBegun = ({ inputs }: Gathered, now: EpochMs): void => {
  if (Date.parse(inputs.period.startsAt) > now)
    throw new AppError("INVALID_REQUEST", `${inputs.period.label} has not begun yet in ${inputs.period.timeZone}`);
};

const changesSince = (row: StatementRow, gathered: Gathered): StatementChange[] => {
  const { services } = JSON.parse(row.document) as StatementResource;
  return statementChanges({ inputs: JSON.parse(row.inputs) as StatementInputs, services }, gathered);
};

const freeze = async (
  tx: Tx,
  gathered: Gathered,
  newest: StatementRow | null,
  args: StatementToIssue,
): Promise<IssuedStatement> => {
  const { author, actor, now, period, serviceId } = args;
  const id = newId("stm", now, args.randomBytes);
  const issued = documentOf(gathered, {
    ...{ id, state: "frozen", issuedAt: instantText(now), author },
    version: (newest?.version ?? 0) + 1,
    replaces: newest?.id ?? null,
    changes: newest === null ? [] : changesSince(newest, gathered),
  });
  const { statement, document } = issued;
  await insertStatement(tx, {
    ...{ id, period: period.label, periodKind: period.kind, serviceId, document, author, createdAt: now },
    version: statement.version,
    replaces: statement.replaces,
    inputsSha256: gathered.inputsSha256,
    inputs: gathered.inputsText,
  });
  const data = statementSummary(statement, null);
  await tellChange(tx, "statement.issued", { before: null, after: { ...data, id } }, { actor, now });
  return issued;
};

/**
 * The statement of a month or a quarter. Of one that is over and whose minutes are all counted it is frozen: the same
 * inputs give the stored one byte for byte, other inputs a restatement that names the one it replaces and what changed.
 * Before that it is provisional and stored nowhere. Row, audit and event are in the caller's transaction.
 * @throws AppError INVALID_REQUEST: an unknown service, or a period that has not begun.
 */
export const issueStatement = async (tx: Tx, args: StatementToIssue): Promise<IssuedStatement> => {
  const { period, serviceId, now } = args;
  const gathered = await gatherStatement(tx, { period, serviceId });
  assertBegun(gathered, now);
  if (!(await isOver(tx, gathered, now))) return provisional(gathered);
  await lockStatements(tx);
  const newest = await readNewestStatement(tx, { period: period.label, serviceId });
  if (newest?.inputsSha256 === gathered.inputsSha256)
    return { statement: JSON.parse(newest.document) as StatementResource, document: newest.document };
  return freeze(tx, gathered, newest, args);
};
