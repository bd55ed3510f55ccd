import type { SnapshotMaintenance } from "#lib/contracts/snapshot-maintenances.ts";

type Said = Pick<SnapshotMaintenance, "id" | "name" | "description" | "status" | "impact" | "serviceIds"> & {
  readonly from: string;
  readonly until: string;
};

const work = ({ from, until, ...said }: Said, rest: Partial<SnapshotMaintenance> = {}): SnapshotMaintenance => ({
  ...said,
  maintenanceId: said.id,
  plannedFor: from,
  scheduledFor: from,
  scheduledUntil: until,
  createdAt: "2026-07-01T09:00:00.000Z",
  updatedAt: "2026-07-01T09:00:00.000Z",
  startedAt: null,
  endedAt: null,
  canceledAt: null,
  sequence: 0,
  isRecurring: false,
  updates: [],
  ...rest,
});

/** One under way, two to come, two that are over. */
export const MAINTENANCES: SnapshotMaintenance[] = [
  work(
    {
      id: "m1",
      name: "New storage for account pages",
      description: "Account pages may be slow or briefly unavailable. Signing in and buying are not affected.",
      status: "in_progress",
      impact: "minor",
      serviceIds: ["account"],
      from: "2026-08-06T13:30:00.000Z",
      until: "2026-08-06T15:00:00.000Z",
    },
    {
      startedAt: "2026-08-06T13:30:00.000Z",
      updates: [
        {
          id: "m1-u1",
          status: "in_progress",
          body: "Half of the accounts have moved.",
          createdAt: "2026-08-06T13:58:00.000Z",
          updatedAt: "2026-08-06T13:58:00.000Z",
          displayAt: "2026-08-06T13:58:00.000Z",
        },
      ],
    },
  ),
  work({
    id: "m2",
    name: "Database upgrade for Sign-in",
    description: "You may be asked to sign in again. Nothing will be lost.",
    status: "scheduled",
    impact: "major",
    serviceIds: ["sign-in"],
    from: "2026-08-11T02:00:00.000Z",
    until: "2026-08-11T02:45:00.000Z",
  }),
  work(
    {
      id: "m3",
      name: "Monthly failover exercise",
      description: null,
      status: "scheduled",
      impact: "none",
      serviceIds: ["shop", "search"],
      from: "2026-09-01T22:30:00.000Z",
      until: "2026-09-02T00:30:00.000Z",
    },
    { isRecurring: true },
  ),
  work(
    {
      id: "m4",
      name: "Certificates renewed",
      description: "No effect was seen.",
      status: "completed",
      impact: "none",
      serviceIds: ["checkout"],
      from: "2026-07-29T01:00:00.000Z",
      until: "2026-07-29T02:00:00.000Z",
    },
    { startedAt: "2026-07-29T01:00:00.000Z", endedAt: "2026-07-29T01:20:00.000Z" },
  ),
  work(
    {
      id: "m5",
      name: "New search index",
      description: "Put off until the autumn.",
      status: "canceled",
      impact: "minor",
      serviceIds: ["search"],
      from: "2026-06-20T01:00:00.000Z",
      until: "2026-06-20T03:00:00.000Z",
    },
    { canceledAt: "2026-06-19T09:00:00.000Z" },
  ),
];
