import type { Impact, MeasuredServiceState, PublicServiceState } from "./severity.ts";
import { publishedState, worstState } from "./severity.ts";

/**
 * How states come together, from one service up to the whole page. There is one rule: as bad as the worst part. Only the
 * first step knows of maintenance, so that planned work on one service cannot hide what happens to another.
 */

/** What decides the published state of one service. */
export type ServiceFacts = {
  readonly measured: MeasuredServiceState;
  /** Of the open incidents that list the service. */
  readonly impacts: readonly Impact[];
  /** Whether a running maintenance lists the service. */
  readonly isInMaintenance: boolean;
};

/**
 * What customers are shown of a service. Running maintenance takes the place of what is measured, which was announced;
 * an open incident is news all the same, and counts beside it.
 */
export const shownState = ({ measured, impacts, isInMaintenance }: ServiceFacts): PublicServiceState => {
  if (!isInMaintenance) return publishedState(measured, impacts);
  const told = publishedState("operational", impacts);
  return worstState(["under_maintenance", told]) ?? "under_maintenance";
};

/** A service, by its state, or a group of services and groups. */
export type StateTree = { readonly state: PublicServiceState } | { readonly parts: readonly StateTree[] };

/** The worst state below a node of the tree; null where there is no service at all. */
export const rollUp = (tree: StateTree): PublicServiceState | null => {
  if ("state" in tree) return tree.state;
  return worstState(tree.parts.flatMap((part) => rollUp(part) ?? []));
};

/** The state of the whole page: the worst of its services; unknown without any. */
export const overallState = (states: readonly PublicServiceState[]): PublicServiceState =>
  rollUp({ parts: states.map((state) => ({ state })) }) ?? "unknown";
