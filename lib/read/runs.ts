import type { Database, Db } from "#db/database.ts";
import type { MetricsProbe } from "#db/queries/metrics.ts";
import { readMetricsProbe } from "#db/queries/metrics.ts";
import { readParts } from "#db/queries/parts.ts";
import type { ListedRun, RunPlace } from "#db/queries/run-listings.ts";
import { readPartRunPage, readRunPage } from "#db/queries/run-listings.ts";
import { instantText } from "#lib/contracts/api.ts";
import type { RunResource } from "#lib/contracts/probes.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import type { Listed, Paging } from "./pagination.ts";
import { assertOneDirection, decodeCursor, encodeCursor, foreignCursor, isPlaceInTime, pageOf } from "./pagination.ts";
import type { Viewer } from "./probes.ts";

const KIND = "runs";
const DEADLINE_MS = 5_000;
const EVER = epochMs(0);
/** The last millisecond of the year 9999. */
const NEVER = epochMs(253_402_300_799_999);

export type RunsQuestion = Paging & {
  readonly probe: string;
  readonly location?: string | undefined;
  readonly from?: EpochMs | undefined;
  readonly to?: EpochMs | undefined;
  readonly part?: string | undefined;
};

const cursorOf = (run: ListedRun): string => encodeCursor(KIND, run.scheduledAt, run.locationNo);

const placeOf = (cursor: string | undefined): RunPlace | null => {
  if (cursor === undefined) return null;
  const [scheduledAt, locationNo] = decodeCursor(KIND, cursor);
  const isNumber = Number.isInteger(locationNo) && Math.abs(Number(locationNo)) < 32_768;
  if (!isPlaceInTime(scheduledAt) || !isNumber) throw foreignCursor();
  return { scheduledAt: epochMs(scheduledAt), locationNo: Number(locationNo) };
};

const ms = (us: number | null): number | null => (us === null ? null : us / 1_000);

const runResource = (
  run: ListedRun,
  { probeId, part, isSignedIn }: Viewer & { probeId: string; part: string | null },
): RunResource => ({
  probeId,
  locationId: run.locationId,
  part,
  scheduledAt: instantText(run.scheduledAt),
  startedAt: run.startedAt === null ? null : instantText(run.startedAt),
  class: run.class,
  vote: run.vote,
  detail: isSignedIn ? run.detail : null,
  durationMs: run.durationUs / 1_000,
  phasesMs:
    run.phasesUs === null
      ? null
      : {
          dns: ms(run.phasesUs.dns),
          connect: ms(run.phasesUs.connect),
          tls: ms(run.phasesUs.tls),
          firstByte: ms(run.phasesUs.firstByte),
          transfer: ms(run.phasesUs.transfer),
        },
  httpStatus: run.httpStatus,
  bytesRead: run.bytesRead,
  address: isSignedIn ? run.address : null,
  certificateExpiresAt: run.certificateExpiresAt === null ? null : instantText(run.certificateExpiresAt),
  traceId: run.traceId,
  isLate: run.isLate,
  failures: isSignedIn ? run.failures.map((failure) => ({ ...failure })) : null,
});

const locationNosOf = ({ locations, definition }: MetricsProbe, locationId: string | undefined): number[] => {
  if (locationId === undefined) return locations.map(({ no }) => no);
  if (!locations.some(({ id }) => id === locationId) && !definition.locations.includes(locationId))
    throw new AppError("NOT_FOUND", "this probe does not run at this location");
  return locations.filter(({ id }) => id === locationId).map(({ no }) => no);
};

/** The number of a part of the probe; null when the whole run is asked for. @throws AppError NOT_FOUND */
const partNoOf = async (db: Db, probeNo: number, key: string | undefined): Promise<number | null> => {
  if (key === undefined) return null;
  const part = (await readParts(db, probeNo)).find((one) => one.key === key);
  if (part === undefined) throw new AppError("NOT_FOUND", "this probe has no such part");
  return part.no;
};

/**
 * One page of the runs of a probe, or of what they saw of one part, the newest first; also of a probe that has left the
 * file. @throws AppError NOT_FOUND, INVALID_REQUEST; errors of the database.
 */
export const listRuns = (
  database: Database,
  question: RunsQuestion,
  { isSignedIn }: Viewer,
): Promise<Listed<RunResource>> =>
  database.read(
    async (db) => {
      assertOneDirection(question);
      const { limit } = question;
      const after = placeOf(question.after);
      const before = placeOf(question.before);
      const probe = await readMetricsProbe(db, question.probe);
      if (probe === null) throw new AppError("NOT_FOUND", "there is no probe with this id");
      const partNo = await partNoOf(db, probe.no, question.part);
      const ask = {
        probeNo: probe.no,
        locationNos: locationNosOf(probe, question.location),
        from: question.from ?? EVER,
        until: question.to ?? NEVER,
        // One more than asked for tells whether there is more in the direction of travel.
        limit: limit + 1,
        after,
        before,
      };
      const found = partNo === null ? await readRunPage(db, ask) : await readPartRunPage(db, partNo, ask);
      const context = { probeId: probe.definition.id, part: question.part ?? null, isSignedIn };
      const resourceOf = (run: ListedRun): RunResource => runResource(run, context);
      return pageOf(found, { limit, after, before }, { cursorOf, resourceOf });
    },
    { deadlineMs: DEADLINE_MS },
  );
