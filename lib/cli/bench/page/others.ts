import { runLoad } from "../load.ts";

/** The page of another server beside ours, in turns; or why there is no figure. */
export type OtherResult =
  | { readonly name: string; readonly perSecond: number; readonly oursPerSecond: number; readonly timesOurs: number }
  | { readonly name: string; readonly missing: string };

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

type Load = { readonly port: number; readonly path: string; readonly requests: number };

/** Requests/s of both, A B A B …, medians; `timesOurs` above 1 means that ours is faster. */
export const compare = async (args: {
  readonly name: string;
  readonly ours: Load;
  readonly other: Load;
  readonly headers: readonly string[];
  readonly rounds: number;
}): Promise<OtherResult> => {
  const { name, ours, other, headers, rounds } = args;
  const pairs: { ours: number; other: number }[] = [];
  const rateOf = async (load: Load, connections: number): Promise<number> => {
    const result = await runLoad({ ...load, headers, connections });
    return result.requests / result.seconds;
  };
  // Round 0 warms both up and is not counted.
  for (let round = 0; round <= rounds; round += 1) {
    const pair = { ours: await rateOf(ours, 32), other: await rateOf(other, Math.min(32, other.requests)) };
    if (round > 0) pairs.push(pair);
  }
  return {
    name,
    perSecond: Math.round(median(pairs.map((pair) => pair.other))),
    oursPerSecond: Math.round(median(pairs.map((pair) => pair.ours))),
    timesOurs: Math.round(median(pairs.map((pair) => pair.ours / pair.other)) * 100) / 100,
  };
};

/** One line of the report: how fast another server was beside ours, or why it was not measured. */
export const describeOther = (result: OtherResult): string =>
  "missing" in result
    ? `${result.name}: not measured, ${result.missing}`
    : `${result.name}: ${result.perSecond} requests/s beside ${result.oursPerSecond} of ours: ours is ${result.timesOurs} times as fast`;
