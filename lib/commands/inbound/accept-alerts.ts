import type { Tx } from "#db/database.ts";
import type { RefreshedAlert } from "#db/queries/external-alerts.ts";
import {
  endExternalAlert,
  insertExternalAlert,
  lockInbound,
  readKnownEpisodes,
  refreshExternalAlerts,
} from "#db/queries/external-alerts.ts";
import type { InboundDecision, InboundSource, SentAlert } from "#lib/core/inbound/decide.ts";
import { decideInbound } from "#lib/core/inbound/decide.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { externalAlertIdOf, tellExternalAlert } from "./tell-external-alert.ts";

export type AcceptedAlerts = Readonly<Record<InboundDecision["kind"], number>>;
export const NOTHING_ACCEPTED: AcceptedAlerts = { open: 0, refresh: 0, resolve: 0, record_past: 0, ignore: 0 };

type World = { readonly now: EpochMs; readonly source: InboundSource };

/** The newest of the episodes with the same beginning. */
const newest = <Episode extends { readonly round: number }>(episodes: readonly Episode[]): Episode | null =>
  episodes.reduce<Episode | null>((best, one) => (best === null || one.round > best.round ? one : best), null);

const open = async (
  tx: Tx,
  alert: SentAlert,
  args: World & { readonly round: number; readonly expiresAt: EpochMs | null },
): Promise<void> => {
  const { now, source, round, expiresAt } = args;
  const id = externalAlertIdOf({ ...alert, round }, now);
  const stored = await insertExternalAlert(tx, { ...alert, id, round, source, heardAt: now, expiresAt });
  // Nobody needs to be told of what began and ended before it was heard of; the list of events has it.
  await tellExternalAlert(tx, stored, { now, isTold: expiresAt !== null });
};

const resolve = async (tx: Tx, id: string, endsAt: EpochMs, now: EpochMs): Promise<void> => {
  const ended = await endExternalAlert(tx, { id, endsAt, reason: "sender", heardAt: now });
  if (ended !== null) await tellExternalAlert(tx, ended, { now });
};

/**
 * Takes alerts of another system in, in the caller's transaction: rows and events. The same alert may be sent any number
 * of times, by any number of replicas. No label set may stand twice in `alerts`.
 */
export const acceptAlerts = async (tx: Tx, alerts: readonly SentAlert[], world: World): Promise<AcceptedAlerts> => {
  const { now, source } = world;
  await lockInbound(tx);
  const byFingerprint = Map.groupBy(await readKnownEpisodes(tx, alerts), ({ fingerprint }) => fingerprint);
  const counts = { ...NOTHING_ACCEPTED };
  const refreshed: RefreshedAlert[] = [];
  for (const alert of alerts) {
    const known = byFingerprint.get(alert.fingerprint) ?? [];
    const firing = known.find(({ state }) => state === "firing") ?? null;
    const same = newest(known.filter(({ startsAt }) => startsAt === alert.startsAt));
    const decision = decideInbound(alert, { firing, same }, world);
    if (decision.kind === "open") await open(tx, alert, { ...world, ...decision });
    else if (decision.kind === "record_past") await open(tx, alert, { ...world, round: 1, expiresAt: null });
    else if (decision.kind === "resolve") await resolve(tx, decision.id, decision.endsAt, now);
    else if (decision.kind === "refresh")
      refreshed.push({ ...decision, annotations: alert.annotations, generatorUrl: alert.generatorUrl });
    counts[decision.kind] += 1;
  }
  await refreshExternalAlerts(tx, { alerts: refreshed, source, heardAt: now });
  return counts;
};
