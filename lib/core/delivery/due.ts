import type { EndpointType } from "../channels/channel.ts";
import { GROUPING_TYPES } from "../channels/defaults.ts";
import { quietUntil } from "../channels/quiet-hours.ts";
import type { EndpointSettings } from "../definitions.ts";
import type { EpochMs } from "../units.ts";
import { addMs, SECOND_MS } from "../units.ts";
import type { EventFacts } from "./recipients.ts";

/** How long the first alert of a service waits for others that people should read with it. */
export const GROUP_WAIT_MS = 30 * SECOND_MS;

const OF_OTHER_SYSTEMS: ReadonlySet<string> = new Set(["external_alert.firing", "external_alert.resolved"]);
const GROUPED_EVENTS: ReadonlySet<string> = new Set([
  "alert.firing",
  "alert.resolved",
  "alert.reminder",
  ...OF_OTHER_SYSTEMS,
]);
/** What other systems send about no service of ours comes in storms too. No service can have this id. */
const NO_SERVICE = "*";

/** When an event is due at an endpoint. */
export type Due = {
  /** When it is sent if it joins no message that waits already. */
  readonly dueAt: EpochMs;
  /** What it is told together with; null: it has a message of its own. */
  readonly groupKey: string | null;
  /** A message that is due before this is not joined: the hours are quiet until then. */
  readonly joinsFrom: EpochMs;
};

/**
 * Decides when an endpoint gets an event: at once; on channels for people alerts of one service wait half a minute for
 * each other; in quiet hours tickets wait for their end.
 */
export const dueOf = (
  endpoint: { readonly type: EndpointType; readonly settings: EndpointSettings },
  event: EventFacts,
  now: EpochMs,
): Due => {
  const quiet = quietUntil(endpoint.settings.quietHours, event.severity, now);
  const [first, ...others] = event.serviceIds;
  const service = first ?? (OF_OTHER_SYSTEMS.has(event.type) ? NO_SERVICE : undefined);
  const isGrouped =
    GROUPING_TYPES.has(endpoint.type) && GROUPED_EVENTS.has(event.type) && service !== undefined && others.length === 0;
  return {
    dueAt: quiet ?? (isGrouped ? addMs(now, GROUP_WAIT_MS) : now),
    groupKey: isGrouped ? service : null,
    joinsFrom: quiet ?? now,
  };
};
