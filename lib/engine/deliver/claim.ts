import type { Tx } from "#db/database.ts";
import type { ClaimArgs, ClaimedDelivery } from "#db/queries/deliveries.ts";
import { claimDeliveries, hasUrgentDue } from "#db/queries/deliveries.ts";
import { readGrouped } from "#db/queries/delivery-groups.ts";
import type { GatedEndpoint } from "#db/queries/endpoint-gates.ts";
import { lockGates, writeGates } from "#db/queries/endpoint-gates.ts";
import type { Gate, Opening } from "#lib/core/delivery/gate.ts";
import { admitsAt, openGate } from "#lib/core/delivery/gate.ts";

const gateOf = ({ breaker, maxPerSecond, rateTokens, rateAt }: GatedEndpoint): Gate => ({
  breaker,
  rate: maxPerSecond === null ? null : { perSecond: maxPerSecond, tokens: rateTokens, at: rateAt },
});

/** How many of these go to each endpoint, added to `counts`. */
const countByEndpoint = (claimed: readonly ClaimedDelivery[], counts = new Map<string, number>()) => {
  for (const { endpointId } of claimed) counts.set(endpointId, (counts.get(endpointId) ?? 0) + 1);
  return counts;
};

/** Claims what wakes somebody first: it never waits behind what was due earlier and can wait. */
const claimByUrgency = async (tx: Tx, args: ClaimArgs): Promise<ClaimedDelivery[]> => {
  const urgent = (await hasUrgentDue(tx, args.now)) ? await claimDeliveries(tx, { ...args, urgentOnly: true }) : [];
  const limit = args.limit - urgent.length;
  if (limit <= 0) return urgent;
  const busy = countByEndpoint(urgent, new Map(args.busy));
  return [...urgent, ...(await claimDeliveries(tx, { ...args, limit, busy }))];
};

/**
 * Claims what is due and may be sent now, in the caller's transaction. An endpoint behind an open breaker or over its
 * rate gets nothing, which uses up no attempt; its gate moves on by what was claimed only.
 */
export const claimThroughGates = async (tx: Tx, args: Omit<ClaimArgs, "places">): Promise<ClaimedDelivery[]> => {
  const openings = new Map<string, Opening>();
  for (const gated of await lockGates(tx)) {
    const busy = args.busy.get(gated.id) ?? 0;
    openings.set(gated.id, openGate(gateOf(gated), { now: args.now, busy, most: gated.maxInFlight }));
  }
  const places = new Map([...openings].map(([id, opening]) => [id, opening.places]));
  const claimed = await claimByUrgency(tx, { ...args, places });
  const moved = [...countByEndpoint(claimed)].flatMap(([id, count]) => {
    const after = openings.get(id)?.after(count);
    return after === undefined ? [] : [{ id, ...after, admitsAt: admitsAt(after.breaker, args.now) }];
  });
  if (moved.length > 0) await writeGates(tx, moved, args.now);
  const leaders = claimed.filter(({ groupKey }) => groupKey !== null).map(({ id }) => id);
  if (leaders.length === 0) return claimed;
  const grouped = await readGrouped(tx, leaders);
  return claimed.map((delivery) => ({ ...delivery, groupedWith: grouped.get(delivery.id) ?? [] }));
};
