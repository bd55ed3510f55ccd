import { readMetricsProbe } from "#db/queries/metrics.ts";
import { readLocationList } from "#db/queries/static-lists.ts";
import { readTraceUrl } from "#db/queries/telemetry.ts";
import { readTries } from "#db/queries/tries.ts";
import { instantText } from "#lib/contracts/api.ts";
import type { MetricsResource, MetricsTotals } from "#lib/contracts/metrics.ts";
import type { ProbeResource, RunResource } from "#lib/contracts/probes.ts";
import { parseDuration } from "#lib/core/duration.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import type { OutcomeClass } from "#lib/core/outcome.ts";
import { classOfCode } from "#lib/core/outcome.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { durationMs, epochMs, MINUTE_MS } from "#lib/core/units.ts";
import { getMetricsWithHistograms } from "./metrics.ts";
import type { Listed } from "./pagination.ts";
import { getProbe } from "./probes.ts";
import type { Heat } from "./red-heat.ts";
import { heatOf } from "./red-heat.ts";
import type { RedRange } from "./red-range.ts";
import { redQuestion } from "./red-range.ts";
import { requireSession } from "./require-session.ts";
import { listRuns } from "./runs.ts";
import type { Database } from "./web-context.ts";
import { getWebContext } from "./web-context.ts";

const RUNS_A_PAGE = 20;
const SIGNED_IN = { isSignedIn: true } as const;

/** Everything that the address of a probe's dashboard says. */
export type ProbeQuestion = {
  readonly probeId: string;
  readonly range: RedRange;
  /** Null: all together. */
  readonly location: string | null;
  /** Null: now. */
  readonly until: EpochMs | null;
  /** Cursors of the list of runs. */
  readonly after?: string | undefined;
  readonly before?: string | undefined;
};

export type Red = { readonly metrics: MetricsResource; readonly totals: MetricsTotals; readonly heat: Heat };
export type NamedLocation = { readonly id: string; readonly name: string };
/** One more look at a target that had failed. */
export type RunTry = {
  readonly number: number;
  readonly startedAt: string;
  readonly class: OutcomeClass;
  readonly durationMs: number;
  readonly detail: string | null;
};
export type RunWithTries = RunResource & { readonly tries: readonly RunTry[] };

export type ProbeDashboard = {
  readonly probe: ProbeResource;
  readonly locations: readonly NamedLocation[];
  readonly until: EpochMs;
  readonly red: Red;
  /** Each location by itself, over the same points; empty when there is one, or one was asked for. */
  readonly sides: readonly { readonly location: NamedLocation; readonly red: Red }[];
  readonly runs: Listed<RunWithTries>;
  /** Address of a trace with the place of its id; null: none is configured. */
  readonly traceUrl: string | null;
};

/** @returns null when there is no such thing. */
const orNull = async <T>(work: Promise<T>): Promise<T | null> => {
  try {
    return await work;
  } catch (error) {
    if (errorCodeOf(error) === "NOT_FOUND" || errorCodeOf(error) === "INVALID_REQUEST") return null;
    throw error;
  }
};

const loadRed = async (
  database: Database,
  question: { probe: string; location: string | undefined; from: EpochMs; to: EpochMs; step: string },
  now: EpochMs,
): Promise<Red> => {
  const { metrics, histograms } = await getMetricsWithHistograms(database, question, now);
  return { metrics, totals: metrics.totals, heat: heatOf(histograms) };
};

/** The page of runs with what was tried again: at most 20 rows a location, by the primary keys. */
const loadRuns = async (
  database: Database,
  { probeId, location, until, after, before }: ProbeQuestion,
): Promise<Listed<RunWithTries>> => {
  const ask = { probe: probeId, location: location ?? undefined, limit: RUNS_A_PAGE, after, before };
  const page = await listRuns(database, { ...ask, to: until ?? undefined }, SIGNED_IN);
  const tries = await database.read(async (db) => {
    const probe = await readMetricsProbe(db, probeId);
    const numbers = new Map(probe?.locations.map(({ id, no }) => [id, no]));
    const ids = new Map(probe?.locations.map(({ id, no }) => [no, id]));
    const keys = page.data.flatMap((run) => {
      const locationNo = numbers.get(run.locationId);
      const scheduledAt = epochMs(Date.parse(run.scheduledAt));
      return probe === null || locationNo === undefined ? [] : [{ probeNo: probe.no, locationNo, scheduledAt }];
    });
    return (await readTries(db, keys)).map((one) => ({ ...one, locationId: ids.get(one.locationNo) }));
  });
  const triesOf = (run: RunResource): RunTry[] =>
    tries
      .filter((one) => one.locationId === run.locationId && one.scheduledAt === Date.parse(run.scheduledAt))
      .map(({ number, startedAt, classCode, durationUs, detail }) => ({
        number,
        startedAt: instantText(startedAt),
        class: classOfCode(classCode),
        durationMs: durationUs / 1_000,
        detail,
      }));
  return { ...page, data: page.data.map((run) => ({ ...run, tries: triesOf(run) })) };
};

/**
 * One probe: rate, errors and durations as `GET /v1/metrics` answers them, the same for each location, and a page of
 * `GET /v1/runs`. Null when there is no such probe or location. @throws AppError UNAUTHENTICATED
 */
export const loadProbeDashboard = async (
  cookieHeader: string | null,
  question: ProbeQuestion,
): Promise<ProbeDashboard | null> => {
  await requireSession(cookieHeader);
  const { database, clock } = getWebContext();
  const { probeId, range, location } = question;
  const now = clock.now();
  const until = question.until ?? now;
  const [probe, named, traceUrl] = await Promise.all([
    orNull(getProbe(database, probeId, SIGNED_IN)),
    database.read((db) => readLocationList(db)),
    database.read(readTraceUrl),
  ]);
  if (probe === null) return null;
  const nameOf = (id: string): NamedLocation => named.find((one) => one.id === id) ?? { id, name: id };
  const locations = probe.locations.map(nameOf);
  const asked = redQuestion(range, parseDuration(probe.interval) ?? durationMs(MINUTE_MS), until);
  const askAt = (id: string | undefined) => loadRed(database, { probe: probeId, location: id, ...asked }, now);
  const sides = location === null && locations.length > 1 ? locations : [];
  const found = await orNull(
    Promise.all([
      askAt(location ?? undefined),
      loadRuns(database, question),
      Promise.all(sides.map(async (one) => ({ location: one, red: await askAt(one.id) }))),
    ]),
  );
  if (found === null) return null;
  const [red, runs, bySide] = found;
  return { probe, locations, until, red, sides: bySide, runs, traceUrl };
};
