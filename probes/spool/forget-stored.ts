import type { Recorded } from "#lib/core/tries.ts";
import { isTry } from "#lib/core/tries.ts";
import type { Backlog } from "./backlog.ts";

const identityOf = (recorded: Recorded): string => {
  const { number, run } = isTry(recorded) ? recorded : { number: 1, run: recorded };
  return `${run.probeId} ${run.locationId} ${run.scheduledAt} ${number}`;
};

/**
 * Takes a batch off the disk that went there while it was handed over: it stands first. Where it does not, or the disk
 * cannot be read, it is handed over again, to no effect.
 */
export const forgetStored = async (backlog: Backlog, stored: readonly Recorded[]): Promise<void> => {
  const known = new Set(stored.map(identityOf));
  const first = await backlog.next(stored.length).catch(() => []);
  if (first.length > 0 && first.every((one) => known.has(identityOf(one)))) await backlog.confirm();
};
