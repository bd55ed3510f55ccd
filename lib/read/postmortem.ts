import type { Database, Db } from "#db/database.ts";
import { readServices } from "#db/queries/config.ts";
import type { IncidentAlert } from "#db/queries/incident-facts.ts";
import { readFailedRuns, readIncidentAlerts, readMeasuredChanges } from "#db/queries/incident-facts.ts";
import { readIncident } from "#db/queries/incidents.ts";
import { readClosedUntil } from "#db/queries/rollup-progress.ts";
import type { Incident } from "#lib/contracts/incident-resource.ts";
import type { PostmortemDraft } from "#lib/contracts/incidents.ts";
import { decimalText, instantText } from "#lib/contracts/values.ts";
import { AppError } from "#lib/core/errors.ts";
import type { TimelineEntry } from "#lib/core/incidents/postmortem.ts";
import { postmortemText, secondsBetween, timelineOrder } from "#lib/core/incidents/postmortem.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, epochMs, MINUTE_MS, startOfMinute } from "#lib/core/units.ts";
import { measureCosts } from "./incident-costs.ts";

/** What happened shortly before and after belongs to the story. */
const AROUND_MS = 15 * MINUTE_MS;
const LONGEST_EXCERPT = 120;

type Facts = {
  readonly incident: Incident;
  readonly alerts: readonly IncidentAlert[];
  readonly runs: Awaited<ReturnType<typeof readFailedRuns>>;
  readonly changes: Awaited<ReturnType<typeof readMeasuredChanges>>;
  readonly nameOf: (serviceId: string) => string;
};

/** Nothing is closed before the first rollup. */
const closedUntilOf = async (db: Db): Promise<EpochMs> => {
  const minute = await readClosedUntil(db);
  return minute === null ? epochMs(0) : startOfMinute(minute);
};

const readFacts = (database: Database, id: string, now: EpochMs): Promise<Facts> =>
  database.read(async (db) => {
    const incident = await readIncident(db, id);
    if (incident === null) throw new AppError("NOT_FOUND", "there is no incident with this id");
    const { serviceIds, startedAt, resolvedAt } = incident;
    const span = { serviceIds, from: addMs(startedAt, -AROUND_MS), until: addMs(resolvedAt ?? now, AROUND_MS) };
    const names = new Map((await readServices(db)).map((service) => [service.id, service.name]));
    return {
      incident,
      alerts: await readIncidentAlerts(db, id),
      runs: await readFailedRuns(db, { ...span, closedUntil: await closedUntilOf(db) }),
      changes: await readMeasuredChanges(db, span),
      nameOf: (serviceId) => names.get(serviceId) ?? serviceId,
    };
  });

const excerpt = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > LONGEST_EXCERPT ? `${line.slice(0, LONGEST_EXCERPT - 1)}…` : line;
};

const alertEntries = ({ id, sloId, pair, firedAt, resolvedAt, acknowledgedAt }: IncidentAlert): TimelineEntry[] => {
  const what = `${sloId ?? "threshold"} ${pair} (${id})`;
  return [
    { at: instantText(firedAt), kind: "alert", text: `Alert ${what} fires.` },
    ...(acknowledgedAt === null
      ? []
      : [
          { at: instantText(acknowledgedAt), kind: "acknowledgement" as const, text: `Alert ${what} is acknowledged.` },
        ]),
    ...(resolvedAt === null
      ? []
      : [{ at: instantText(resolvedAt), kind: "alert" as const, text: `Alert ${what} is over.` }]),
  ];
};

const timelineOf = ({ incident, alerts, runs, changes, nameOf }: Facts): TimelineEntry[] =>
  timelineOrder([
    ...runs.flatMap(({ serviceId, first, last, count }): TimelineEntry[] => [
      { at: instantText(first), kind: "run", text: `First of ${count} failed checks of ${nameOf(serviceId)}.` },
      { at: instantText(last), kind: "run", text: `Last failed check of ${nameOf(serviceId)}.` },
    ]),
    ...changes.map(
      ({ serviceId, at, measured }): TimelineEntry => ({
        at: instantText(at),
        kind: "state",
        text: `${nameOf(serviceId)} is measured as ${measured.replaceAll("_", " ")}.`,
      }),
    ),
    ...alerts.flatMap(alertEntries),
    ...incident.updates
      .filter(({ publishedAt }) => publishedAt !== null)
      .map(
        ({ displayAt, status, body }): TimelineEntry => ({
          at: instantText(displayAt),
          kind: "update",
          text: `${status}: ${excerpt(body)}`,
        }),
      ),
  ]);

const earliest = (instants: readonly (EpochMs | null)[]): string | null => {
  const known = instants.filter((at) => at !== null);
  return known.length === 0 ? null : instantText(Math.min(...known));
};

/**
 * A post-mortem to begin with: real transitions of runs, alerts, states and updates, times, and what each budget paid.
 * @throws AppError NOT_FOUND
 */
export const getPostmortemDraft = async (database: Database, id: string, now: EpochMs): Promise<PostmortemDraft> => {
  const facts = await readFacts(database, id, now);
  const { incident, alerts, runs } = facts;
  const times = {
    startedAt: instantText(incident.startedAt),
    firstFailureAt: earliest(runs.map(({ first }) => first)),
    detectedAt: earliest(alerts.map(({ firedAt }) => firedAt)),
    acknowledgedAt: earliest(alerts.map(({ acknowledgedAt }) => acknowledgedAt)),
    resolvedAt: incident.resolvedAt === null ? null : instantText(incident.resolvedAt),
  };
  const began = times.firstFailureAt ?? times.startedAt;
  const measured = await measureCosts(database, incident, now);
  const costs = measured.map(({ serviceId, sloId, objective, share, bad, period, windowDays }) => ({
    ...{ serviceId, sloId, objective, bad, period, windowDays },
    consumedRatio: decimalText(share),
  }));
  const timeline = timelineOf(facts);
  return {
    incidentId: id,
    title: incident.name,
    text: postmortemText({ times, timeline, costs }),
    times: {
      ...times,
      detectionSeconds: secondsBetween(began, times.detectedAt),
      acknowledgementSeconds: secondsBetween(times.detectedAt, times.acknowledgedAt),
      resolutionSeconds: secondsBetween(began, times.resolvedAt),
    },
    timeline,
    costs,
  };
};
