import type { Database, Tx } from "#db/database.ts";
import type { ClaimedJob } from "#db/queries/job-claims.ts";
import { readRunsForExport } from "#db/queries/raw-runs.ts";
import { issueStatement } from "#lib/commands/statements/issue-statement.ts";
import type { JobKind } from "#lib/contracts/jobs.ts";
import { lineOfRun } from "#lib/contracts/run-line.ts";
import { AppError } from "#lib/core/errors.ts";
import { parseStatementPeriod } from "#lib/core/statements/period.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, epochMs, MINUTE_MS } from "#lib/core/units.ts";
import { AUDIT_FILE_ROWS, exportAudit } from "#lib/read/audit.ts";
import { getBacktest } from "#lib/read/slo/backtest.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";

export type JobWorld = {
  readonly database: Database;
  readonly now: () => EpochMs;
  readonly randomBytes: RandomBytes;
};

/** What one step of a job brings: a part of its result, and from where the next one goes on. */
export type JobStep = {
  readonly body: string;
  readonly cursor: string | null;
  readonly progress: number;
  readonly isLast: boolean;
};

/** A job whose whole result is one thing that is written in the transaction of its end. Returns where it can be read. */
export type FinalWork = (
  tx: Tx,
) => Promise<{ readonly resultUrl: string; readonly type: string; readonly body: string }>;

export type JobWork =
  | {
      readonly kind: "steps";
      readonly type: string;
      readonly step: (cursor: string | null, part: number) => Promise<JobStep>;
    }
  | { readonly kind: "final"; readonly work: FinalWork };

type Params = Readonly<Record<string, string | undefined>>;

const NDJSON = "application/x-ndjson";
const EXPORT_STEP_MS = 10 * MINUTE_MS;
const EXPORT_DEADLINE_MS = 20_000;

const instantOf = (text: string | undefined): EpochMs | undefined =>
  text === undefined ? undefined : epochMs(Date.parse(text));

/** The raw runs of a UTC day, ten minutes a step. */
const exportRuns = ({ database }: JobWorld, { day = "", probe = undefined }: Params): JobWork => {
  const start = epochMs(Date.parse(`${day}T00:00:00Z`));
  const end = addMs(start, DAY_MS);
  return {
    kind: "steps",
    type: NDJSON,
    step: async (cursor) => {
      const from = cursor === null ? start : epochMs(Number(cursor));
      const until = epochMs(Math.min(addMs(from, EXPORT_STEP_MS), end));
      const rows = await database.read((db) => readRunsForExport(db, { from, until, probeId: probe ?? null }), {
        deadlineMs: EXPORT_DEADLINE_MS,
      });
      const body = rows.map(lineOfRun).join("");
      return { body, cursor: String(until), progress: (until - start) / DAY_MS, isLast: until >= end };
    },
  };
};

/** The audit log, the oldest first, each line verifiable by itself. How much there is is not known beforehand. */
const exportAuditLog = ({ database }: JobWorld, { from, to }: Params): JobWork => ({
  kind: "steps",
  type: NDJSON,
  step: async (cursor, part) => {
    const filter = { from: instantOf(from), to: instantOf(to) };
    const after = cursor === null ? null : Number(cursor);
    const { text, rows, lastSequence } = await exportAudit(database, { ...filter, format: "ndjson", after });
    const isLast = rows < AUDIT_FILE_ROWS;
    const next = lastSequence === null ? cursor : String(lastSequence);
    return { body: text, cursor: next, progress: isLast ? 1 : 1 - 1 / (part + 2), isLast };
  },
});

const backtest = ({ database, now }: JobWorld, { sloId = "", objective, from, to }: Params): JobWork => ({
  kind: "steps",
  type: "application/json",
  step: async () => {
    const query = { id: sloId, objective, from: instantOf(from), to: instantOf(to) };
    const body = `${JSON.stringify(await getBacktest(database, query, now()))}\n`;
    return { body, cursor: null, progress: 1, isLast: true };
  },
});

/** A statement is frozen in the transaction of the job's end, so that it is issued once whatever breaks off. */
const statement = ({ now, randomBytes }: JobWorld, job: ClaimedJob, { period = "", serviceId }: Params): JobWork => ({
  kind: "final",
  work: async (tx) => {
    const parsed = parseStatementPeriod(period);
    if (parsed === null) throw new AppError("INVALID_REQUEST", "the period is neither a month nor a quarter");
    const { author, actor } = job;
    const args = { period: parsed, serviceId: serviceId ?? null, author, actor, now: now(), randomBytes };
    const { statement: made, document } = await issueStatement(tx, args);
    const resultUrl = made.id === null ? `/v1/jobs/${job.id}/result` : `/v1/statements/${made.id}`;
    return { resultUrl, type: "application/json", body: made.id === null ? document : "" };
  },
});

/** What there is to do for a job. */
export const workOf = (world: JobWorld, job: ClaimedJob): JobWork => {
  const params = JSON.parse(job.params) as Params;
  const kinds: Readonly<Record<JobKind, () => JobWork>> = {
    run_export: () => exportRuns(world, params),
    audit_export: () => exportAuditLog(world, params),
    backtest: () => backtest(world, params),
    statement: () => statement(world, job, params),
  };
  return kinds[job.kind]();
};
