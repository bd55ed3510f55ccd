import type { BlindCause } from "#db/queries/eyesight.ts";
import type { BlindSpan } from "#lib/core/location/eyesight.ts";
import type { EpochMs } from "#lib/core/units.ts";

/** By location number, the spans in which its votes do not count. */
export type Uncounted = ReadonlyMap<number, readonly BlindSpan[]>;

/** What is to be changed about one cause of one location. */
export type Judgement = {
  readonly locationNo: number;
  readonly cause: BlindCause;
  readonly detail: string;
  readonly removed: readonly EpochMs[];
  readonly written: readonly BlindSpan[];
  /** Instants whose slots count otherwise now. */
  readonly touched: readonly BlindSpan[];
};
