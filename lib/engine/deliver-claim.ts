import type { Tx } from "#db/database.ts";
import type { ClaimArgs, ClaimedDelivery } from "#db/queries/deliveries.ts";
import { claimDeliveries } from "#db/queries/deliveries.ts";
import { readGrouped } from "#db/queries/delivery-groups.ts";
import type { GatedEndpoint } from "#db/queries/endpoint-gates.ts";
import { lockGates, writeGates } from "#db/queries/endpoint-gates.ts";
import type { Gate, Opening } from "#lib/core/delivery/gate.ts";
import { admitsAt, openGate } from "#lib/core/delivery/gate.ts";

const gateOf = ({ breaker, maxPerSecond, rateTokens, rateAt }: GatedEndpoint): Gate => ({
  breaker,
  rate: maxPerSecond === null ? null : { perSecond: maxPerSecond, tokens: rateTokens, at: rateAt },
});

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
  const claimed = await claimDeliveries(tx, { ...args, places });
  const counts = new Map<string, number>();
  for (const { endpointId } of claimed) counts.set(endpointId, (counts.get(endpointId) ?? 0) + 1);
  const moved = [...counts].flatMap(([id, count]) => {
    const after = openings.get(id)?.after(count);
    return after === undefined ? [] : [{ id, ...after, admitsAt: admitsAt(after.breaker, args.now) }];
  });
  if (moved.length > 0) await writeGates(tx, moved, args.now);
  const leaders = claimed.filter(({ groupKey }) => groupKey !== null).map(({ id }) => id);
  if (leaders.length === 0) return claimed;
  const grouped = await readGrouped(tx, leaders);
  return claimed.map((delivery) => ({ ...delivery, groupedWith: grouped.get(delivery.id) ?? [] }));
};
