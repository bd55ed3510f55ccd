import type { Database, Db } from "#db/database.ts";
import type { ExclusionRow } from "#db/queries/exclusions.ts";
import { readExclusions } from "#db/queries/exclusions.ts";
import { readMaintenanceIds, readMaintenanceTitles } from "#db/queries/maintenances.ts";
import type { SliHour } from "#db/queries/sli-hours.ts";
import { readSliHours } from "#db/queries/sli-hours.ts";
import type { SloWithReading } from "#db/queries/slo-dashboard.ts";
import { readSlosWithReadings } from "#db/queries/slo-dashboard.ts";
import { countMinutes, hoursAskOf, isAbout } from "#db/queries/slo-minutes.ts";
import type { PastIncident } from "#db/queries/statements.ts";
import { readIncidentsWithin } from "#db/queries/statements.ts";
import { decimalText, instantText } from "#lib/contracts/api.ts";
import type { LedgerResource } from "#lib/contracts/budgets.ts";
import { AppError, errorCodeOf } from "#lib/core/errors.ts";
import type { Claim, LedgerEntry } from "#lib/core/slo/ledger.ts";
import { ledgerOf } from "#lib/core/slo/ledger.ts";
import { objectiveOfPercent } from "#lib/core/slo/objective.ts";
import { exactShares } from "#lib/core/slo/shares.ts";
import { PARTS_A_SLICE } from "#lib/core/slo/track-minutes.ts";
import { windowAt } from "#lib/core/slo/window.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { addMinutes, MINUTE_MS, minuteOf, startOfMinute } from "#lib/core/units.ts";

const LONGEST_MINUTES = 400 * 1_440;
const DEADLINE_MS = 10_000;

/** Minutes [from, until). */
type Span = { readonly from: EpochMinute; readonly until: EpochMinute };
type Ask = { readonly from?: EpochMs | undefined; readonly to?: EpochMs | undefined };

/** @throws AppError INVALID_REQUEST when the span is empty or too long. */
const spanOf = (slo: SloWithReading, ask: Ask, now: EpochMs): Span => {
  const end = minuteOf(slo.evaluatedAt ?? now);
  const until = ask.to === undefined ? end : (Math.min(minuteOf(ask.to), end) as EpochMinute);
  const from =
    ask.from === undefined
      ? addMinutes(windowAt(slo.definition.window, addMinutes(until, -1)).after, 1)
      : minuteOf(ask.from);
  if (until <= from) throw new AppError("INVALID_REQUEST", "nothing was evaluated between from and to");
  if (until - from > LONGEST_MINUTES) throw new AppError("INVALID_REQUEST", "a ledger covers 400 days at most");
  return { from, until };
};

type Claims = { readonly claims: readonly Claim[]; readonly names: ReadonlyMap<string, string> };

const MAINTENANCE_KINDS: ReadonlySet<ExclusionRow["kind"]> = new Set(["announced", "emergency", "retroactive"]);
const isWork = ({ kind }: ExclusionRow): boolean => MAINTENANCE_KINDS.has(kind);
const minuteAfter = (at: EpochMs): EpochMinute => Math.ceil(at / MINUTE_MS) as EpochMinute;

/** Rows that the ledgers of some SLOs are made from. */
type LedgerRows = {
  readonly exclusions: readonly ExclusionRow[];
  readonly hours: ReadonlyMap<string, SliHour[]>;
  readonly incidents: readonly PastIncident[];
  /** Of exclusions that come from a maintenance, its id; and its title. */
  readonly maintenanceIds: ReadonlyMap<string, string>;
  readonly titles: ReadonlyMap<string, string>;
};

type SloSpan = { readonly slo: SloWithReading; readonly span: Span };

/** As many statements for many SLOs as for one. */
const readRows = async (db: Db, asks: readonly SloSpan[]): Promise<LedgerRows> => {
  const from = startOfMinute(Math.min(...asks.map(({ span }) => span.from)) as EpochMinute);
  const until = startOfMinute(Math.max(...asks.map(({ span }) => span.until)) as EpochMinute);
  const exclusions = await readExclusions(db, { endedAfter: from });
  const hours = await readSliHours(
    db,
    asks.map(({ slo, span }) => hoursAskOf({ sloId: slo.id, version: slo.version }, span)),
  );
  const serviceIds = [...new Set(asks.map(({ slo }) => slo.serviceId))];
  const incidents = await readIncidentsWithin(db, { from, until, serviceIds });
  const works = exclusions.filter((row) => isWork(row) && asks.some(({ slo }) => isAbout(row, slo)));
  const maintenanceIds = await readMaintenanceIds(
    db,
    works.map(({ id }) => id),
  );
  const titles = await readMaintenanceTitles(db, [...new Set(maintenanceIds.values())]);
  return { exclusions, hours: Map.groupBy(hours, ({ sloId }) => sloId), incidents, maintenanceIds, titles };
};

/** What may answer for bad events: incidents of the service, and exclusions of it that are maintenance. */
const claimsOf = ({ slo, span }: SloSpan, rows: LedgerRows): Claims => {
  const [from, until] = [startOfMinute(span.from), startOfMinute(span.until)];
  const incidents = rows.incidents.filter(
    ({ serviceIds, startedAt, resolvedAt }) =>
      serviceIds.includes(slo.serviceId) && startedAt < until && (resolvedAt === null || resolvedAt > from),
  );
  const works = rows.exclusions.filter(
    (row) => isWork(row) && row.startsAt < until && row.endsAt > from && isAbout(row, slo),
  );
  const idOf = ({ id }: ExclusionRow): string => rows.maintenanceIds.get(id) ?? id;
  return {
    claims: [
      ...incidents.map(({ id, startedAt, resolvedAt }) => ({
        kind: "incident" as const,
        id,
        from: minuteOf(startedAt),
        until: resolvedAt === null ? null : minuteAfter(resolvedAt),
      })),
      ...works.map((row) => ({
        kind: "maintenance" as const,
        id: idOf(row),
        from: minuteOf(row.startsAt),
        until: minuteAfter(row.endsAt),
      })),
    ],
    names: new Map([
      ...incidents.map(({ id, name }) => [id, name] as const),
      ...works.map((row) => [idOf(row), rows.titles.get(idOf(row)) ?? row.reason] as const),
    ]),
  };
};

const earlier = (a: EpochMinute | null, b: EpochMinute | null): EpochMinute | null =>
  a === null || (b !== null && b < a) ? b : a;
const later = (a: EpochMinute | null, b: EpochMinute | null): EpochMinute | null =>
  a === null || (b !== null && b > a) ? b : a;

/** Occurrences of one maintenance become one entry; what spent nothing is left out, but for the unattributed rest. */
const entriesById = (entries: readonly LedgerEntry[]): LedgerEntry[] => {
  const byId = new Map<string, LedgerEntry>();
  for (const entry of entries.filter(({ bad, id }) => bad > 0 || id === null)) {
    const key = `${entry.cause} ${entry.id ?? ""}`;
    const known = byId.get(key);
    if (known === undefined) byId.set(key, entry);
    else
      byId.set(key, {
        ...known,
        bad: known.bad + entry.bad,
        consumed: known.consumed === null ? null : known.consumed + (entry.consumed ?? 0),
        firstMinute: earlier(known.firstMinute, entry.firstMinute),
        lastMinute: later(known.lastMinute, entry.lastMinute),
      });
  }
  return [...byId.values()].sort((a, b) => b.bad - a.bad);
};

const minuteText = (minute: EpochMinute | null, offset: 0 | 1): string | null =>
  minute === null ? null : instantText(startOfMinute(addMinutes(minute, offset)));

const ledgerFrom = (ask: SloSpan, rows: LedgerRows): LedgerResource => {
  const { slo, span } = ask;
  const { definition } = slo;
  const { claims, names } = claimsOf(ask, rows);
  const exclusions = rows.exclusions.filter(({ endsAt }) => endsAt > startOfMinute(span.from));
  const ledger = ledgerOf({
    series: countMinutes(rows.hours.get(slo.id) ?? [], { slo, exclusions, until: span.until }).events,
    objective: objectiveOfPercent(definition.objective),
    window: {
      after: addMinutes(span.from, -1),
      until: addMinutes(span.until, -1),
      fullMinutes: span.until - span.from,
    },
    claims,
  });
  const scale = definition.sli.kind === "ratio_timeslices" ? PARTS_A_SLICE : 1;
  const entries = entriesById(ledger.entries);
  const shares = exactShares(entries.map(({ bad }) => bad));
  return {
    sloId: slo.id,
    objective: definition.objective,
    from: instantText(startOfMinute(span.from)),
    to: instantText(startOfMinute(span.until)),
    bad: ledger.bad / scale,
    total: ledger.total / scale,
    consumedRatio: decimalText(ledger.consumed),
    postmortemDue: entries.some(({ isPostmortemDue }) => isPostmortemDue),
    entries: entries.map((entry, index) => ({
      cause: entry.cause,
      id: entry.id,
      name: entry.id === null ? null : (names.get(entry.id) ?? null),
      bad: entry.bad / scale,
      shareRatio: shares[index] ?? null,
      consumedRatio: decimalText(entry.consumed),
      firstAt: minuteText(entry.firstMinute, 0),
      lastAt: minuteText(entry.lastMinute, 1),
      postmortemDue: entry.isPostmortemDue,
    })),
  };
};

/**
 * Who spent the error budget of an SLO over its window, or over [from, to): with the exclusions in force, every bad event
 * in exactly one entry. @throws AppError NOT_FOUND, INVALID_REQUEST
 */
export const getLedger = (
  database: Database,
  { id, ...ask }: Ask & { readonly id: string },
  now: EpochMs,
): Promise<LedgerResource> =>
  database.read(
    async (db) => {
      const [slo] = await readSlosWithReadings(db, id);
      if (slo === undefined) throw new AppError("NOT_FOUND", "there is no SLO with this id");
      const one = { slo, span: spanOf(slo, ask, now) };
      return ledgerFrom(one, await readRows(db, [one]));
    },
    { deadlineMs: DEADLINE_MS },
  );

/** SLOs whose minutes are read together: about 6 MB. */
const BATCH = 50;

/** The ledgers of several SLOs, each over its own span; null where nothing was evaluated in it. @throws AppError INVALID_REQUEST */
export const getLedgers = async (
  database: Database,
  asks: readonly { readonly slo: SloWithReading; readonly from?: EpochMs; readonly to?: EpochMs }[],
  now: EpochMs,
): Promise<(LedgerResource | null)[]> => {
  const spans = asks.map(({ slo, ...ask }) => {
    try {
      return { slo, span: spanOf(slo, ask, now) };
    } catch (error) {
      if (errorCodeOf(error) === "INVALID_REQUEST") return null;
      throw error;
    }
  });
  const known = spans.filter((one) => one !== null);
  const ledgers = new Map<SloSpan, LedgerResource>();
  for (let first = 0; first < known.length; first += BATCH) {
    const batch = known.slice(first, first + BATCH);
    const rows = await database.read((db) => readRows(db, batch), { deadlineMs: DEADLINE_MS });
    for (const one of batch) ledgers.set(one, ledgerFrom(one, rows));
  }
  return spans.map((one) => (one === null ? null : (ledgers.get(one) ?? null)));
};
