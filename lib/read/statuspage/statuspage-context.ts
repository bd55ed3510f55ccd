import type { Snapshot, SnapshotService } from "#lib/contracts/snapshot.ts";
import type { StatuspageStatus } from "#lib/contracts/statuspage.ts";
import { statuspageId } from "#lib/contracts/statuspage-id.ts";
import { zonedInstant } from "../zoned-instant.ts";

export type StatuspageArgs = {
  readonly snapshot: Snapshot;
  /** Used when the page has no configured address. */
  readonly fallbackUrl: string;
  /** The data is too old to be believed: every component counts as unknown. */
  readonly isStale: boolean;
};

/** What every part of a body is made with. */
export type StatuspageContext = StatuspageArgs & {
  readonly pageId: string;
  /** Address of the page without a slash at its end. */
  readonly url: string;
  /** An instant in the zone of the page, with milliseconds and offset. */
  readonly at: (iso: string) => string;
  /** Services that are components: one appears with its first decided slot. */
  readonly shown: readonly SnapshotService[];
};

/** What every part of `/api/v2` is made with: the page's id, address and zone. */
export const statuspageContext = (args: StatuspageArgs): StatuspageContext => ({
  ...args,
  pageId: statuspageId("page", "page"),
  url: args.snapshot.page.url ?? args.fallbackUrl,
  at: (iso) => zonedInstant(iso, args.snapshot.page.timeZone),
  shown: args.snapshot.services.filter((service) => service.hasData),
});

/** "Group - Component", as affected components are named. */
const fullNameOf = ({ snapshot }: StatuspageContext, service: SnapshotService): string => {
  const group = snapshot.groups.find(({ id }) => id === service.groupId);
  return group === undefined ? service.name : `${group.name} - ${service.name}`;
};

type Change = { readonly serviceId: string; readonly from: StatuspageStatus; readonly to: StatuspageStatus };

/** Changes of components that the page has; null when there are none, as the contract asks. */
export const affectedComponents = (context: StatuspageContext, changes: readonly Change[]) => {
  const affected = changes.flatMap(({ serviceId, from, to }) => {
    const service = context.snapshot.services.find(({ id }) => id === serviceId);
    if (service === undefined) return [];
    const code = statuspageId("component", serviceId);
    return [{ code, name: fullNameOf(context, service), old_status: from, new_status: to }];
  });
  return affected.length === 0 ? null : affected;
};
