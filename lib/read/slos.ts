import type { Database, Db } from "#db/database.ts";
import type { SloRow } from "#db/queries/config.ts";
import { readSlos } from "#db/queries/config.ts";
import type { SloReadingRow } from "#db/queries/listings.ts";
import { readFiringAlertIds, readNewestReadings } from "#db/queries/listings.ts";
import type { PromqlProgress } from "#db/queries/promql.ts";
import { readPromqlProgress } from "#db/queries/promql.ts";
import type { ListFilter } from "#db/queries/static-lists.ts";
import { countSlos, readSloPage, sloColumns } from "#db/queries/static-lists.ts";
import type { SloReadingResource, SloResource } from "#lib/contracts/api.ts";
import { decimalText, instantText } from "#lib/contracts/api.ts";
import type { SortKey } from "#lib/contracts/operations/operation.ts";
import { documentResource, ruleResource } from "#lib/contracts/slo-document.ts";
import { pairResource, sliResource, windowResource } from "#lib/contracts/slo-parts.ts";
import { formatDuration } from "#lib/core/duration.ts";
import { AppError } from "#lib/core/errors.ts";
import type { BurnWindowRow } from "#lib/core/slo/burn-windows.ts";
import { burnWindows } from "#lib/core/slo/burn-windows.ts";
import type { BudgetReading, Reading } from "#lib/core/slo/reading.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { durationMs, MINUTE_MS } from "#lib/core/units.ts";
import type { Listed, Paging } from "./pagination.ts";
import type { OffsetListed } from "./sorting.ts";
import { keysetListed, offsetListed, sortedKind } from "./sorting.ts";

const budgetResource = (budget: BudgetReading): SloReadingResource["budget"] => ({
  consumedRatio: decimalText(budget.consumed),
  remainingRatio: decimalText(budget.remaining),
  exhaustedInSeconds:
    budget.minutesToExhaustion === null ? null : Math.max(0, Math.round(budget.minutesToExhaustion * 60)),
});

const rawResource = (raw: BudgetReading): SloReadingResource["raw"] => ({
  good: raw.good,
  bad: raw.bad,
  total: raw.total,
  attainedRatio: decimalText(raw.attained),
  isMet: raw.isMet,
  budget: budgetResource(raw),
});

const burnWindowResource = (window: BurnWindowRow): SloReadingResource["windows"][number] => ({
  duration: formatDuration(durationMs(window.minutes * MINUTE_MS)),
  bad: window.bad,
  total: window.total,
  expected: window.expected,
  burnRate: decimalText(window.burnRate),
  threshold: window.factor,
  severity: window.severity,
});

/** `raw` is null while exclusions change nothing; releases before exclusions did not write it. */
type StoredReading = Reading & { readonly raw?: BudgetReading | null };

/** The stored reading of an SLO in the words of the API. Written by the engine only, so its form is given. */
export const readingResource = (row: SloReadingRow): SloReadingResource => {
  const reading = JSON.parse(row.reading) as StoredReading;
  const { budget, raw = null } = reading;
  return {
    evaluatedAt: instantText(row.throughMinute + MINUTE_MS),
    good: budget.good,
    bad: budget.bad,
    total: budget.total,
    expected: budget.expected,
    coverageRatio: decimalText(budget.coverage),
    attainedRatio: decimalText(budget.attained),
    isMet: budget.isMet,
    budget: budgetResource(budget),
    raw: rawResource(raw ?? budget),
    isAdjusted: raw !== null,
    burnRate: decimalText(budget.burnRate1h),
    windows: burnWindows(reading).map(burnWindowResource),
  };
};

/** What a PromQL SLO's source was like when it was asked last; of an earlier definition it says nothing. */
const sourceResource = (slo: SloRow, progress: PromqlProgress | undefined): Pick<SloResource, "source"> => {
  if (progress === undefined || progress.version !== slo.version || slo.definition.sli.kind !== "promql") return {};
  const { state, since, lastError } = progress;
  return { source: { state, since: instantText(since), lastError } };
};

type Beside = {
  readonly reading?: SloReadingRow;
  readonly firing: readonly string[];
  readonly source?: PromqlProgress;
  readonly now: EpochMs;
};

const sloResource = (slo: SloRow, { reading, firing, source, now }: Beside): SloResource => {
  const { sli, probes, objective, window, burnRateAlerts, document, budgetPolicy = [] } = slo.definition;
  return {
    id: slo.id,
    serviceId: slo.serviceId,
    sli: sliResource(sli),
    probes: [...probes],
    objective,
    window: windowResource(window),
    burnRateAlerts: burnRateAlerts.map(pairResource),
    document: document === undefined ? null : documentResource(document, now),
    budgetPolicy: budgetPolicy.map(ruleResource),
    // A reading of an earlier definition says nothing about this one.
    reading: reading === undefined || reading.version !== slo.version ? null : readingResource(reading),
    firingAlertIds: [...firing],
    ...sourceResource(slo, source),
    ...(slo.managedBy === undefined ? {} : { managedBy: slo.managedBy }),
    createdAt: instantText(slo.createdAt),
    updatedAt: instantText(slo.activeFrom),
  };
};

const withReadings = async (db: Db, slos: readonly SloRow[], now: EpochMs): Promise<SloResource[]> => {
  const ids = slos.map(({ id }) => id);
  const [readings, firing, sources] = await Promise.all([
    readNewestReadings(db, ids),
    readFiringAlertIds(db, ids),
    readPromqlProgress(db, ids),
  ]);
  const readingOf = new Map(readings.map((row) => [row.sloId, row]));
  const sourceOf = new Map(sources.map((row) => [row.sloId, row]));
  return slos.map((slo) => {
    const [reading, source] = [readingOf.get(slo.id), sourceOf.get(slo.id)];
    return sloResource(slo, {
      firing: firing.get(slo.id) ?? [],
      now,
      ...(reading === undefined ? {} : { reading }),
      ...(source === undefined ? {} : { source }),
    });
  });
};

type SloQuery = Paging &
  ListFilter & {
    readonly serviceId?: string | undefined;
    readonly sort?: readonly SortKey[] | undefined;
    readonly offset?: number | undefined;
  };

/** One page of the list, in the order of the file or as `sort` says; by count with `offset`. @throws AppError INVALID_REQUEST */
export const listSlos = (
  database: Database,
  query: SloQuery,
  now: EpochMs,
): Promise<Listed<SloResource> | OffsetListed<SloResource>> =>
  database.read(async (db) => {
    const { sort, offset, limit } = query;
    const columns = sloColumns(db, sort);
    if (offset !== undefined) {
      const page = { after: null, before: null, limit, offset };
      const rows = await readSloPage(db, { filter: query, columns, page });
      const total = await countSlos(db, query);
      return offsetListed(await withReadings(db, rows, now), { total, limit, offset });
    }
    return keysetListed(
      {
        kind: sortedKind("slos", sort),
        paging: query,
        columns,
        read: (page) => readSloPage(db, { filter: query, columns, page }),
      },
      (rows) => withReadings(db, rows, now),
    );
  });

/** Every objective in force, in the order of the file. */
export const loadSlos = (database: Database, now: EpochMs): Promise<SloResource[]> =>
  database.read(async (db) => withReadings(db, await readSlos(db), now));

/** @throws AppError NOT_FOUND */
export const getSlo = (database: Pick<Database, "read">, id: string, now: EpochMs): Promise<SloResource> =>
  database.read(async (db) => {
    const [slo] = await withReadings(
      db,
      (await readSlos(db)).filter((row) => row.id === id),
      now,
    );
    if (slo === undefined) throw new AppError("NOT_FOUND", "there is no SLO with this id");
    return slo;
  });
