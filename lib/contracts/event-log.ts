import type { StoredEvent } from "./events.ts";
import { CloudEvent, cloudEvent } from "./events.ts";

/** An event as `/v1/events` shows it: the envelope that endpoints get, without the count of any one of them. */
export const EventResource = CloudEvent.omit({ sequence: true }).meta({
  id: "Event",
  description: "A CloudEvent as it was delivered, but without `sequence`, which counts the events of one endpoint",
});
export type EventResource = Omit<CloudEvent, "sequence">;

/** The one way to make an EventResource. */
export const eventResource = (event: StoredEvent, source: string): EventResource => {
  const { sequence: _sequence, ...shared } = cloudEvent(event, source, 0n);
  return shared;
};
