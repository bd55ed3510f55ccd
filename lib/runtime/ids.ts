import type { EpochMs } from "#lib/core/units.ts";

/** What an id stands for; the prefix tells people and logs what they look at. */
export type IdPrefix =
  | "evt"
  | "dlv"
  | "alt"
  | "inc"
  | "ict"
  | "upd"
  | "key"
  | "sil"
  | "ack"
  | "exc"
  | "mnt"
  | "stm"
  | "xal"
  | "rec"
  | "job"
  | "sub"
  | "smg"
  | "usr";

/** Returns `size` fresh random bytes; `node:crypto` in the product, a seeded source in tests. */
export type RandomBytes = (size: number) => Uint8Array;

const COUNTER_MAX = 0xfff;
/** A clock that steps back by no more than this keeps the order of ids; after a larger step ids follow the new time. */
const STEP_BACK_MS = 10_000;

// The counter belongs to the process: two sources in one process could give the same millisecond the same order.
let lastMs = 0;
let counter = 0;

/** The pair (millisecond, counter) of the next id: RFC 9562, section 6.2, method 1. */
const nextTick = (now: number, seed: number): { ms: number; count: number } => {
  if (now > lastMs || lastMs - now > STEP_BACK_MS) {
    lastMs = now;
    // The top bit starts as zero so that there is room to count.
    counter = seed & 0x7ff;
  } else if (counter < COUNTER_MAX) {
    counter += 1;
  } else {
    lastMs += 1;
    counter = seed & 0x7ff;
  }
  return { ms: lastMs, count: counter };
};

/**
 * A new id such as `evt_0193…`: prefix and a UUIDv7 without dashes (RFC 9562), so that ids sort by time of making and,
 * within one process, in the order in which they were made.
 */
export const newId = (prefix: IdPrefix, now: EpochMs, randomBytes: RandomBytes): string => {
  const random = randomBytes(10);
  const byte = (index: number): number => random[index] ?? 0;
  const { ms, count } = nextTick(Math.floor(now), (byte(0) << 8) | byte(1));
  const time = ms.toString(16).padStart(12, "0");
  const versioned = (0x7000 | count).toString(16);
  const varianted = (0x80 | (byte(2) & 0x3f)).toString(16);
  const rest = Buffer.from(random.subarray(3, 10)).toString("hex");
  return `${prefix}_${time}${versioned}${varianted}${rest}`;
};
