import type { Tx } from "#db/database.ts";
import { disableEndpoint } from "#db/queries/deliveries.ts";
import type { EndpointFacts, FailingEndpoint } from "#db/queries/endpoint-health.ts";
import { readEndpointFacts } from "#db/queries/endpoint-health.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import { instantText } from "#lib/contracts/api.ts";
import type { EndpointStateResource } from "#lib/contracts/events.ts";
import type { EpochMs } from "#lib/core/units.ts";

/** What events tell of an endpoint: neither its address nor a secret. */
export const stateOfEndpoint = (facts: EndpointFacts): EndpointStateResource => ({
  id: facts.id,
  type: facts.type,
  description: facts.description,
  state: facts.state,
  disabledReason: facts.disabledReason,
  failingSince: facts.failingSince === null ? null : instantText(facts.failingSince),
});

/** Warns that an endpoint will be disabled unless it takes something. Told once for each run of failures. */
export const tellFailing = async (tx: Tx, { id, failingSince }: FailingEndpoint, now: EpochMs): Promise<void> => {
  const facts = await readEndpointFacts(tx, id);
  if (facts === null) return;
  await recordEvent(tx, {
    type: "endpoint.failing",
    subject: id,
    dedupKey: `endpoint.failing:${id}:${failingSince}`,
    data: stateOfEndpoint(facts),
    occurredAt: now,
    notify: null,
    now,
  });
};

/** Stops an endpoint and tells the others. What waits for it stays. Call `lockEndpoints` before. */
export const disableAndTell = async (
  tx: Tx,
  { id, reason, now }: { id: string; reason: string; now: EpochMs },
): Promise<void> => {
  if (!(await disableEndpoint(tx, { id, reason, now }))) return;
  const facts = await readEndpointFacts(tx, id);
  if (facts === null) return;
  await recordEvent(tx, {
    type: "endpoint.disabled",
    subject: id,
    dedupKey: `endpoint.disabled:${id}:${now}`,
    data: stateOfEndpoint(facts),
    occurredAt: now,
    notify: null,
    now,
  });
};
