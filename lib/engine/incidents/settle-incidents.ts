import { createHash } from "node:crypto";
import type { Database, Db, Tx } from "#db/database.ts";
import { readExclusions } from "#db/queries/exclusions.ts";
import type { LooseAlert, WatchedRow } from "#db/queries/incident-desk.ts";
import {
  readAlertProbes,
  readBadSince,
  readDueIncidents,
  readIncidentPolicy,
  readLooseAlerts,
  readOpenIncidentOf,
  readWatched,
  readWitnessRuns,
} from "#db/queries/incident-desk.ts";
import { attachAlert, lockServices } from "#db/queries/incident-writes.ts";
import { readIncident } from "#db/queries/incidents.ts";
import type { Author } from "#lib/commands/incidents/change-incident.ts";
import { addUpdate, ENGINE, settleIncident, tellIncident } from "#lib/commands/incidents/change-incident.ts";
import type { IncidentRow } from "#lib/commands/incidents/open-incident.ts";
import { storeIncident } from "#lib/commands/incidents/open-incident.ts";
import { publishDue } from "#lib/commands/incidents/publish-due.ts";
import { discardIncident, publishDraft } from "#lib/commands/incidents/publish-incident.ts";
import { tellUpdate } from "#lib/commands/incidents/update-incident.ts";
import type { Incident } from "#lib/contracts/incident-resource.ts";
import type { SliDefinition } from "#lib/core/definitions.ts";
import type { WatchDecision, Witness, WitnessSlot } from "#lib/core/incidents/automatic.ts";
import { decideAlert, decideWatched, impactOfMeasured, mayPublish, witnessOf } from "#lib/core/incidents/automatic.ts";
import type { IncidentPolicy } from "#lib/core/incidents/policy.ts";
import { openedText, recoveredText } from "#lib/core/incidents/words.ts";
import { voteOfRun } from "#lib/core/slot.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";
import { newId } from "#lib/runtime/ids.ts";
import type { Lease } from "../lease.ts";
import { assertLease } from "../lease.ts";

const WITNESS_MS = 10 * MINUTE_MS;
const LOOK_BACK_MS = 6 * HOUR_MS;

/** Ids that depend on the key only, so that a repeat makes the same ones. */
const engineAt = (now: EpochMs, key: string): Author => ({
  actor: ENGINE,
  now,
  randomBytes: (size) => createHash("sha256").update(key).digest().subarray(0, size),
});

/** Who saw the failures of these probes lately. */
const readWitness = async (
  db: Db,
  judged: readonly { readonly sli: SliDefinition | null; readonly probeIds: readonly string[] }[],
  now: EpochMs,
): Promise<Witness> => {
  const seen: Witness[] = [];
  for (const { sli, probeIds } of judged) {
    if (probeIds.length === 0) continue;
    const runs = await readWitnessRuns(db, { probeIds, from: addMs(now, -WITNESS_MS) });
    const slots = Map.groupBy(runs, ({ probeId, scheduledAt }) => `${probeId} ${scheduledAt}`);
    const voted = [...slots.values()].flatMap((own): WitnessSlot[] => {
      const [first] = own;
      const votes = own.map((run) => voteOfRun(run, sli ?? { kind: "availability" }));
      return first === undefined ? [] : [{ at: first.scheduledAt, votes, configured: first.configured }];
    });
    seen.push(witnessOf(voted));
  }
  if (seen.includes("majority")) return "majority";
  return seen.includes("single") ? "single" : "none";
};

/** Alerts that may lead to an incident: neither suppressed, nor in a maintenance or another time that does not count. */
const readEligible = async (db: Db, now: EpochMs): Promise<LooseAlert[]> => {
  const loose = await readLooseAlerts(db);
  if (loose.length === 0) return [];
  const exclusions = (await readExclusions(db, { endedAfter: now })).filter(
    ({ startsAt, kind, approvedAt }) => startsAt <= now && (kind !== "retroactive" || approvedAt !== null),
  );
  return loose.filter(
    ({ sloId, serviceId, probeIds }) =>
      !exclusions.some(({ scope }) => {
        if ("sloId" in scope) return scope.sloId === sloId;
        return "serviceId" in scope ? scope.serviceId === serviceId : probeIds.includes(scope.probeId);
      }),
  );
};

const openFor = async (tx: Tx, alert: LooseAlert, isPublished: boolean, now: EpochMs): Promise<void> => {
  const author = engineAt(now, alert.id);
  const id = newId("inc", alert.firedAt, author.randomBytes);
  const impact = impactOfMeasured(alert.measured);
  const texts = { en: openedText(alert.serviceName, impact, "en"), ko: openedText(alert.serviceName, impact, "ko") };
  const ru = openedText(alert.serviceName, impact, "ru");
  const startedAt = (await readBadSince(tx, alert.serviceId, addMs(alert.firedAt, -LOOK_BACK_MS))) ?? alert.firedAt;
  const row: IncidentRow = {
    ...{ id, name: texts.en.name, status: "investigating", impact, impacts: { [alert.serviceId]: impact } },
    ...{ origin: "alert", monitoringAt: null, resolvedAt: null, publishAt: null, notify: true, message: texts.en.body },
    startedAt: startedAt < alert.firedAt ? startedAt : alert.firedAt,
    publishedAt: isPublished ? now : null,
    translations: { ko: { name: texts.ko.name }, ru: { name: ru.name } },
    bodies: { ko: { body: texts.ko.body }, ru: { body: ru.body } },
  };
  // Attached first, so that the event names the alert.
  const stored = await storeIncident(tx, row, author, [alert.id]);
  if (stored === null) await attachAlert(tx, { alertId: alert.id, incidentId: id, now });
};

/** One alert: it joins the open incident of its service, or opens one. */
const settleAlert = async (tx: Tx, policy: IncidentPolicy, alert: LooseAlert, now: EpochMs): Promise<boolean> => {
  await lockServices(tx, [alert.serviceId]);
  const openId = await readOpenIncidentOf(tx, alert.serviceId);
  const witness = policy.onAlert === "publish" && openId === null ? await readWitness(tx, [alert], now) : "none";
  const decision = decideAlert({ policy, isKeptBack: false, openId, witness });
  if (decision.kind === "nothing") return false;
  if (decision.kind === "open") {
    await openFor(tx, alert, decision.isPublished, now);
    return true;
  }
  const id = decision.incidentId;
  const before = (await readIncident(tx, id, { lock: true })) as Incident;
  const author = engineAt(now, `${id}:${alert.id}`);
  await attachAlert(tx, { alertId: alert.id, incidentId: id, now });
  await settleIncident(tx, id, {}, author);
  await tellIncident(tx, "incident.alert_attached", { id, before, key: `${id}:${alert.id}` }, author);
  return true;
};

const judge = async (db: Db, row: WatchedRow, policy: IncidentPolicy, now: EpochMs): Promise<WatchDecision> => {
  const incident = await readIncident(db, row.id);
  if (incident === null) return "nothing";
  const isDraft = incident.publishedAt === null;
  const isHandled = incident.handledAt !== null;
  const isAutomatic = incident.origin === "alert";
  const asksForWitness = isDraft && isAutomatic && !isHandled && row.firing > 0 && policy.onAlert === "publish";
  const mayPublishNow =
    asksForWitness && mayPublish(policy, await readWitness(db, await readAlertProbes(db, row.alertIds), now));
  const { firing, quietSince, healthySince } = row;
  const state = {
    isDraft,
    isAutomatic,
    isHandled,
    isAsking: incident.asksAt !== null,
    firing,
    quietSince,
    healthySince,
  };
  return decideWatched(state, { now, mayPublishNow });
};

const carryOut = async (tx: Tx, row: WatchedRow, decision: WatchDecision, now: EpochMs): Promise<void> => {
  const { id } = row;
  const author = engineAt(now, `${id}:${decision}`);
  const incident = (await readIncident(tx, id, { lock: true })) as Incident;
  if (decision === "publish") await publishDraft(tx, incident, author);
  if (decision === "discard") await discardIncident(tx, { id, ...author });
  if (decision === "ask_no_more") await settleIncident(tx, id, { asksAt: null }, author);
  if (decision === "ask") {
    await settleIncident(tx, id, { asksAt: now }, author);
    await tellIncident(tx, "incident.resolve_due", { id, before: incident, key: `${id}:${row.healthySince}` }, author);
  }
  if (decision === "resolve") {
    const texts = {
      body: recoveredText("en"),
      translations: { ko: { body: recoveredText("ko") }, ru: { body: recoveredText("ru") } },
    };
    const quiet = { impact: null, impacts: {}, displayAt: now, publishAt: null, publishedAt: now, notify: true };
    const updateId = await addUpdate(tx, incident, { status: "resolved", ...texts, ...quiet }, author);
    await tellUpdate(tx, incident, { id: updateId, status: "resolved" }, author);
  }
};

type Plan = {
  readonly policy: IncidentPolicy;
  readonly due: readonly { readonly id: string; readonly updateId: string }[];
  readonly alerts: readonly LooseAlert[];
  readonly watched: readonly { readonly row: WatchedRow; readonly decision: WatchDecision }[];
};

const makePlan = async (db: Db, now: EpochMs): Promise<Plan> => {
  const policy = await readIncidentPolicy(db);
  const due = await readDueIncidents(db, now);
  const alerts = policy.onAlert === "none" ? [] : await readEligible(db, now);
  const watched = [];
  for (const row of await readWatched(db)) {
    const decision = await judge(db, row, policy, now);
    if (decision !== "nothing") watched.push({ row, decision });
  }
  return { policy, due, alerts, watched };
};

/**
 * Opens, joins, publishes and closes incidents as alerts and the clock ask for, and publishes what was planned. Cheap while
 * nothing changes: call it at every tick. Returns how much was done. @throws AppError LEASE_LOST; errors of the database.
 */
export const settleIncidents = async (args: {
  readonly database: Database;
  readonly lease: Lease;
  readonly now: EpochMs;
}): Promise<number> => {
  const { database, lease, now } = args;
  const sizeOf = ({ due, alerts, watched }: Plan): number => due.length + alerts.length + watched.length;
  if (sizeOf(await database.read((db) => makePlan(db, now))) === 0) return 0;
  return database.transaction(async (tx) => {
    await assertLease(tx, lease);
    const plan = await makePlan(tx, now);
    for (const { id, updateId } of plan.due) await publishDue(tx, { id, updateId }, engineAt(now, updateId));
    for (const alert of plan.alerts) await settleAlert(tx, plan.policy, alert, now);
    for (const { row, decision } of plan.watched) await carryOut(tx, row, decision, now);
    return sizeOf(plan);
  });
};
