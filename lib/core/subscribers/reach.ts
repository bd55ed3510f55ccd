/** Who signed an address up at a page for everybody, from outside of our network. Kept as the subscriber's maker. */
export const STRANGER = "stranger";

/**
 * What may be reached although it is not globally reachable, for a subscriber that `createdBy` made: strangers open
 * nothing of `egress.allow`, or anybody could send requests of ours into our network.
 */
export const allowanceOf = (createdBy: string, allow: readonly string[]): readonly string[] =>
  createdBy === STRANGER ? [] : allow;
