import { createHash } from "node:crypto";
import type { Db } from "#db/database.ts";
import { readConfigDocument, readServices } from "#db/queries/config.ts";
import type { ExclusionRow } from "#db/queries/exclusions.ts";
import { readExclusions } from "#db/queries/exclusions.ts";
import { readMaintenanceIds } from "#db/queries/maintenances.ts";
import { isAbout } from "#db/queries/slo-minutes.ts";
import type { PastIncident, PromisedSlo } from "#db/queries/statements.ts";
import { readIncidentsWithin, readPromisedSlos } from "#db/queries/statements.ts";
import { assertKnown } from "#lib/commands/assert-known.ts";
import { canonicalJson } from "#lib/commands/canonical-json.ts";
import { instantText } from "#lib/contracts/api.ts";
import type { ExclusionResource } from "#lib/contracts/exclusions.ts";
import { exclusionResource } from "#lib/contracts/exclusions.ts";
import type { StatementResource, StatementService } from "#lib/contracts/statements.ts";
import type { StatementPeriod } from "#lib/core/statements/period.ts";
import { statementBounds } from "#lib/core/statements/period.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { MINUTE_MS, minuteOf } from "#lib/core/units.ts";
import type { CountedLine, Term } from "./count-line.ts";
import { countLine, termsOf } from "./count-line.ts";

/** What a statement follows from, and nothing else: equal inputs give equal figures. */
export type StatementInputs = {
  readonly format: 1;
  readonly pageName: string;
  readonly period: StatementResource["period"];
  readonly serviceId: string | null;
  readonly services: readonly { readonly id: string; readonly name: string }[];
  readonly lines: readonly {
    readonly sloId: string;
    readonly from: string;
    readonly until: string;
    readonly terms: ReturnType<typeof termsOf>;
    readonly minutesSha256: string;
  }[];
  readonly exclusions: readonly ExclusionResource[];
  readonly incidents: readonly StatementService["incidents"][number][];
};

export type Gathered = {
  readonly inputs: StatementInputs;
  /** Canonical JSON of the inputs, and its SHA-256. */
  readonly inputsText: string;
  readonly inputsSha256: string;
  readonly services: readonly StatementService[];
};

const PAGE_NAME = "Status";
const DEFAULT_ZONE = "UTC";

/** Definitions of one SLO that follow on each other with the same terms, as one. */
const termsWithin = (slos: readonly PromisedSlo[], periodUntil: EpochMs): Term[] => {
  const terms: { versions: PromisedSlo[]; from: EpochMinute; until: EpochMinute }[] = [];
  for (const slo of slos) {
    const last = terms.at(-1);
    const until = minuteOf(slo.activeUntil ?? periodUntil);
    const newest = last?.versions.at(-1);
    const isSame =
      newest?.id === slo.id && canonicalJson(termsOf(newest.definition)) === canonicalJson(termsOf(slo.definition));
    const isNext = last !== undefined && last.until === minuteOf(slo.activeFrom);
    if (last !== undefined && isSame && isNext) {
      last.versions.push(slo);
      last.until = until;
    } else terms.push({ versions: [slo], from: minuteOf(slo.activeFrom), until });
  }
  return terms;
};

type Counted = CountedLine & { readonly slo: PromisedSlo };

const incidentOf = (
  { id, name, impact, startedAt, resolvedAt }: PastIncident,
  endsAt: EpochMs,
): StatementService["incidents"][number] => ({
  id,
  name,
  impact,
  startedAt: instantText(startedAt),
  // What happens after the period is none of its business: else every open incident would restate it.
  resolvedAt: resolvedAt === null || resolvedAt >= endsAt ? null : instantText(resolvedAt),
});

const exclusionsOf = async (
  db: Db,
  rows: readonly ExclusionRow[],
  counted: readonly Counted[],
): Promise<ExclusionResource[]> => {
  const about = rows.filter((row) => counted.some(({ slo }) => isAbout(row, slo)));
  const maintenanceIds = await readMaintenanceIds(
    db,
    about.map(({ id }) => id),
  );
  return about
    .toSorted((a, b) => a.startsAt - b.startsAt || (a.id < b.id ? -1 : 1))
    .map((row) => exclusionResource(row, maintenanceIds.get(row.id) ?? null));
};

const servicesOf = (
  names: readonly { id: string; name: string }[],
  counted: readonly Counted[],
  incidents: readonly PastIncident[],
  endsAt: EpochMs,
): StatementService[] =>
  names.map(({ id, name }) => ({
    id,
    name,
    lines: counted.filter(({ slo }) => slo.serviceId === id).map(({ line }) => line),
    incidents: incidents
      .filter(({ serviceIds }) => serviceIds.includes(id))
      .map((incident) => incidentOf(incident, endsAt)),
  }));

/** The period on the calendar of the page, and the name of the page. */
const readStatementFrame = async (
  db: Db,
  period: StatementPeriod,
): Promise<{ pageName: string; timeZone: string; startsAt: EpochMs; endsAt: EpochMs }> => {
  // A configuration of an early release may hold no page.
  const page = (await readConfigDocument(db))?.page as { name: string; timeZone: string } | undefined;
  const timeZone = page?.timeZone ?? DEFAULT_ZONE;
  return { pageName: page?.name ?? PAGE_NAME, timeZone, ...statementBounds(period, timeZone) };
};

/** The exclusions in force that touch a span; those that wait for an approval are among them and change nothing. */
const readTouching = async (db: Db, from: EpochMs, until: EpochMs): Promise<ExclusionRow[]> =>
  (await readExclusions(db, { endedAfter: from })).filter(({ startsAt }) => startsAt < until);

/** Every line of a statement, an SLO at a time: a month of minutes of one is let go before the next is read. */
const countLines = async (
  db: Db,
  terms: readonly Term[],
  args: { readonly startsAt: EpochMs; readonly endsAt: EpochMs; readonly exclusions: readonly ExclusionRow[] },
): Promise<Counted[]> => {
  const { startsAt, endsAt, exclusions } = args;
  const period = {
    from: Math.ceil(startsAt / MINUTE_MS) as EpochMinute,
    until: Math.ceil(endsAt / MINUTE_MS) as EpochMinute,
  };
  const counted: Counted[] = [];
  for (const term of terms) {
    const line = await countLine(db, term, { period, exclusions });
    if (line !== null) counted.push({ ...line, slo: term.versions.at(-1) as PromisedSlo });
  }
  return counted;
};

const serviceNames = (promised: readonly PromisedSlo[]): { id: string; name: string }[] =>
  [...new Map(promised.map((slo) => [slo.serviceId, slo.serviceName]))].map(([id, name]) => ({ id, name }));

const inputLine = ({ slo, line, minutesSha256 }: Counted): StatementInputs["lines"][number] => ({
  sloId: slo.id,
  from: line.from,
  until: line.until,
  terms: termsOf(slo.definition),
  minutesSha256,
});

const assertService = async (db: Db, serviceId: string): Promise<void> => {
  const services = await readServices(db);
  assertKnown([serviceId], services, "service");
};

/** Counts a month or a quarter so far. @throws AppError INVALID_REQUEST for an unknown service. */
export const gatherStatement = async (
  db: Db,
  { period, serviceId }: { readonly period: StatementPeriod; readonly serviceId: string | null },
): Promise<Gathered> => {
  const { pageName, timeZone, startsAt, endsAt } = await readStatementFrame(db, period);
  const promised = await readPromisedSlos(db, { from: startsAt, until: endsAt, serviceId });
  if (serviceId !== null && promised.length === 0) await assertService(db, serviceId);
  const exclusions = await readTouching(db, startsAt, endsAt);
  const counted = await countLines(db, termsWithin(promised, endsAt), { startsAt, endsAt, exclusions });
  const names = serviceNames(counted.map(({ slo }) => slo));
  const serviceIds = names.map(({ id }) => id);
  const incidents = await readIncidentsWithin(db, { from: startsAt, until: endsAt, serviceIds });
  const inputs: StatementInputs = {
    format: 1,
    pageName,
    period: { ...period, timeZone, startsAt: instantText(startsAt), endsAt: instantText(endsAt) },
    serviceId,
    services: names,
    lines: counted.map(inputLine),
    exclusions: await exclusionsOf(db, exclusions, counted),
    incidents: incidents.map((incident) => incidentOf(incident, endsAt)),
  };
  const inputsText = canonicalJson(inputs);
  return {
    inputs,
    inputsText,
    inputsSha256: createHash("sha256").update(inputsText).digest("hex"),
    services: servicesOf(names, counted, incidents, endsAt),
  };
};
