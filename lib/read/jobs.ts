import type { Database } from "#db/database.ts";
import type { JobFilter } from "#db/queries/jobs.ts";
import { jobColumns, readJob, readJobPage, readJobPart, readJobResultType, readSortedJobs } from "#db/queries/jobs.ts";
import type { KeysetPage } from "#db/queries/keyset.ts";
import type { JobFacts, JobResource, JobStatus } from "#lib/contracts/jobs.ts";
import { jobResource } from "#lib/contracts/jobs.ts";
import type { SortKey } from "#lib/contracts/operations/operation.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Listed, Paging } from "./pagination.ts";
import { assertOneDirection, encodeCursor, pageOf, placeInTime } from "./pagination.ts";
import { keysetListed, sortedKind } from "./sorting.ts";

const KIND = "jobs";
const PART_DEADLINE_MS = 10_000;

type JobQuery = Paging & {
  readonly status?: JobStatus | undefined;
  readonly createdAfter?: EpochMs | undefined;
  readonly sort?: readonly SortKey[] | undefined;
};

const listSorted = (
  database: Database,
  args: { filter: JobFilter; query: Paging; sort: readonly SortKey[]; now: EpochMs },
): Promise<Listed<JobResource>> =>
  database.read((db) => {
    const { filter, query, sort, now } = args;
    const columns = jobColumns(db, sort);
    const read = (page: KeysetPage) => readSortedJobs(db, { filter, columns, page });
    return keysetListed({ kind: sortedKind(KIND, sort), paging: query, columns, read }, (rows) =>
      rows.map((job) => jobResource(job, now)),
    );
  });

/** One page of the asker's own jobs, the newest first unless `sort` says another order. */
export const listJobs = async (
  database: Database,
  query: JobQuery,
  { actor, now }: { readonly actor: string; readonly now: EpochMs },
): Promise<Listed<JobResource>> => {
  const { limit, status = null, createdAfter = null, sort } = query;
  const filter = { actor, status, createdAfter };
  if (sort !== undefined) return listSorted(database, { filter, query, sort, now });
  assertOneDirection(query);
  const [after, before] = [placeInTime(KIND, query.after), placeInTime(KIND, query.before)];
  const found = await database.read((db) => readJobPage(db, { filter, limit: limit + 1, after, before }));
  const cursorOf = ({ createdAt, id }: JobFacts): string => encodeCursor(KIND, createdAt, id);
  return pageOf(found, { limit, after, before }, { cursorOf, resourceOf: (job) => jobResource(job, now) });
};

/** @throws AppError NOT_FOUND, also for the job of another asker */
export const getJob = async (
  database: Database,
  { id, actor, now }: { readonly id: string; readonly actor: string; readonly now: EpochMs },
): Promise<JobResource> => {
  const job = await database.read((db) => readJob(db, { id, actor }));
  if (job === null) throw new AppError("NOT_FOUND", "there is no job of yours with this id");
  return jobResource(job, now);
};

export type JobResult = { readonly contentType: string; readonly parts: () => AsyncGenerator<string> };

/** The result of a job in its parts. @throws AppError NOT_FOUND before it is done and after it expired */
export const openJobResult = async (
  database: Database,
  args: { readonly id: string; readonly actor: string; readonly now: EpochMs },
): Promise<JobResult> => {
  const { status, resultUrl } = await getJob(database, args);
  if (status !== "done" || resultUrl !== `/v1/jobs/${args.id}/result`)
    throw new AppError("NOT_FOUND", "the job has no result here: it is not done, expired, or its resultUrl is another");
  const contentType = await database.read((db) => readJobResultType(db, args.id));
  async function* parts() {
    for (let part = 0; ; part += 1) {
      const found = await database.read((db) => readJobPart(db, { id: args.id, part }), {
        deadlineMs: PART_DEADLINE_MS,
      });
      if (found === null) return;
      yield found.body;
    }
  }
  return { contentType: contentType ?? "application/json", parts };
};
