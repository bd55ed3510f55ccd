import type { Database, Db } from "#db/database.ts";
import type { SloRow } from "#db/queries/config.ts";
import { readSlos } from "#db/queries/config.ts";
import type { SloReadingRow } from "#db/queries/listings.ts";
import { readFiringAlertIds, readNewestReadings } from "#db/queries/listings.ts";
import type { SloReadingResource, SloResource } from "#lib/contracts/api.ts";
import { decimalText, instantText } from "#lib/contracts/api.ts";
import { formatDuration } from "#lib/core/duration.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Reading } from "#lib/core/slo/reading.ts";
import { MINUTE_MS } from "#lib/core/units.ts";
import type { Listed, Paging } from "./pagination.ts";
import { paginate } from "./pagination.ts";

/** The stored reading of an SLO in the words of the API. Written by the engine only, so its form is given. */
const readingResource = (row: SloReadingRow): SloReadingResource => {
  const { budget } = JSON.parse(row.reading) as Reading;
  const minutes = budget.minutesToExhaustion;
  return {
    evaluatedAt: instantText(row.throughMinute + MINUTE_MS),
    good: budget.good,
    bad: budget.bad,
    total: budget.total,
    expected: budget.expected,
    coverageRatio: decimalText(budget.coverage),
    attainedRatio: decimalText(budget.attained),
    isMet: budget.isMet,
    budget: {
      consumedRatio: decimalText(budget.consumed),
      remainingRatio: decimalText(budget.remaining),
      exhaustedInSeconds: minutes === null ? null : Math.max(0, Math.round(minutes * 60)),
    },
  };
};

const sloResource = (slo: SloRow, reading: SloReadingRow | undefined, firing: readonly string[]): SloResource => {
  const { sli, probes, objective, window, burnRateAlerts } = slo.definition;
  return {
    id: slo.id,
    serviceId: slo.serviceId,
    sli:
      sli.kind === "latency"
        ? { kind: "latency", threshold: formatDuration(sli.thresholdMs) }
        : { kind: "availability" },
    probes: [...probes],
    objective,
    window: { kind: "rolling", duration: formatDuration(window.durationMs) },
    burnRateAlerts: burnRateAlerts.map((pair) => ({
      pair: pair.id,
      severity: pair.severity,
      long: formatDuration(pair.longMs),
      short: formatDuration(pair.shortMs),
      factor: pair.factor,
      minBadLong: pair.minBadLong,
      minBadShort: pair.minBadShort,
    })),
    // A reading of an earlier definition says nothing about this one.
    reading: reading === undefined || reading.version !== slo.version ? null : readingResource(reading),
    firingAlertIds: [...firing],
    createdAt: instantText(slo.createdAt),
    updatedAt: instantText(slo.activeFrom),
  };
};

const withReadings = async (db: Db, slos: readonly SloRow[]): Promise<SloResource[]> => {
  const ids = slos.map(({ id }) => id);
  const [readings, firing] = await Promise.all([readNewestReadings(db, ids), readFiringAlertIds(db, ids)]);
  const byId = new Map(readings.map((row) => [row.sloId, row]));
  return slos.map((slo) => sloResource(slo, byId.get(slo.id), firing.get(slo.id) ?? []));
};

/** One page of the list, in the order of the file. */
export const listSlos = (
  database: Database,
  query: Paging & { serviceId?: string | undefined },
): Promise<Listed<SloResource>> =>
  database.read(async (db) => {
    const all = (await readSlos(db)).filter(
      ({ serviceId }) => query.serviceId === undefined || serviceId === query.serviceId,
    );
    const { data, pagination } = paginate("slos", all, query);
    return { data: await withReadings(db, data), pagination };
  });

/** @throws AppError NOT_FOUND */
export const getSlo = (database: Database, id: string): Promise<SloResource> =>
  database.read(async (db) => {
    const [slo] = await withReadings(
      db,
      (await readSlos(db)).filter((row) => row.id === id),
    );
    if (slo === undefined) throw new AppError("NOT_FOUND", "there is no objective with this id");
    return slo;
  });
