import type { SnapshotIncident } from "#lib/contracts/snapshot.ts";

const resolved = (
  id: string,
  name: string,
  from: string,
  to: string,
  body: string,
  serviceId: string,
): SnapshotIncident => ({
  id,
  name,
  status: "resolved",
  impact: "major",
  startedAt: from,
  createdAt: from,
  updatedAt: to,
  monitoringAt: null,
  resolvedAt: to,
  serviceIds: [serviceId],
  updates: [{ id: `${id}-u1`, status: "resolved", body, createdAt: to, updatedAt: to, displayAt: to, affected: [] }],
});

/** Three incidents that lie behind, newest first. */
export const PAST_INCIDENTS: SnapshotIncident[] = [
  resolved(
    "inc3",
    "Checkout could not take card payments",
    "2026-07-24T09:12:00.000Z",
    "2026-07-24T09:26:00.000Z",
    "An expired certificate at our payment partner.",
    "checkout",
  ),
  resolved(
    "inc2",
    "Checkout failed for some customers",
    "2026-07-18T09:40:00.000Z",
    "2026-07-18T09:49:00.000Z",
    "One of three servers was out of memory.",
    "checkout",
  ),
  resolved(
    "inc1",
    "Order emails arrived late",
    "2026-06-30T11:00:00.000Z",
    "2026-06-30T11:52:00.000Z",
    "Every delayed message was delivered.",
    "mail",
  ),
];

/** The open one of the bad day. */
export const OPEN_INCIDENT: SnapshotIncident = {
  id: "inc4",
  name: "Checkout cannot complete payments",
  status: "identified",
  impact: "critical",
  startedAt: "2026-08-06T13:58:00.000Z",
  createdAt: "2026-08-06T13:59:00.000Z",
  updatedAt: "2026-08-06T14:06:00.000Z",
  monitoringAt: null,
  resolvedAt: null,
  serviceIds: ["checkout"],
  updates: [
    {
      id: "upd2",
      status: "identified",
      body: "Our payment gateway refuses new connections after a configuration change at 13:57. We are undoing the change now and expect payments to work again by 14:20. Your basket is safe, and no one is charged twice.",
      createdAt: "2026-08-06T14:06:00.000Z",
      updatedAt: "2026-08-06T14:06:00.000Z",
      displayAt: "2026-08-06T14:06:00.000Z",
      affected: [{ serviceId: "checkout", oldState: "operational", newState: "major_outage" }],
    },
    {
      id: "upd1",
      status: "investigating",
      body: "Paying for an order fails at the last step. We have seen it and are looking for the cause.",
      createdAt: "2026-08-06T13:59:00.000Z",
      updatedAt: "2026-08-06T13:59:00.000Z",
      displayAt: "2026-08-06T13:59:00.000Z",
      affected: [{ serviceId: "checkout", oldState: "operational", newState: "major_outage" }],
    },
  ],
};
