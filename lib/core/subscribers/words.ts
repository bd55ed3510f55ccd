/** How a subscriber is reached. */
export const SUBSCRIBER_CHANNELS = ["email", "webhook", "slack", "discord", "teams"] as const;
export type SubscriberChannel = (typeof SUBSCRIBER_CHANNELS)[number];

/** What a subscriber is told of: incidents, maintenance, changes of the states of services. */
export const SUBSCRIBER_KINDS = ["incidents", "maintenance", "states"] as const;
export type SubscriberKind = (typeof SUBSCRIBER_KINDS)[number];

/** Each update on its own, or one message a day. */
export const CADENCES = ["each", "daily"] as const;
export type Cadence = (typeof CADENCES)[number];

export const SUBSCRIBER_STATES = ["unconfirmed", "active", "disabled"] as const;
export type SubscriberState = (typeof SUBSCRIBER_STATES)[number];
