import type { EpochMinute } from "../units.ts";
import type { Objective } from "./objective.ts";
import type { MinuteSeries } from "./series.ts";
import { sumOver } from "./series.ts";
import type { WindowMinutes } from "./window.ts";

/** What may answer for bad events: an incident or a maintenance of the SLO's service, over minutes [from, until). */
export type Claim = {
  readonly kind: "incident" | "maintenance";
  readonly id: string;
  readonly from: EpochMinute;
  /** Null: not over yet. */
  readonly until: EpochMinute | null;
};

export type LedgerEntry = {
  readonly cause: "incident" | "maintenance" | "unattributed";
  /** Null for what nothing answers for. */
  readonly id: string | null;
  readonly bad: number;
  /** Share of the window's budget; null when the window allows nothing because it holds no event. */
  readonly consumed: number | null;
  /** The first and the last minute with bad events of this entry; null without any. */
  readonly firstMinute: EpochMinute | null;
  readonly lastMinute: EpochMinute | null;
  /** An incident that spent more than a fifth of the budget. */
  readonly isPostmortemDue: boolean;
};

export type Ledger = {
  readonly bad: number;
  readonly total: number;
  readonly consumed: number | null;
  /** Every claim within the window and what is left over; their `bad` add up to the whole. Dearest first. */
  readonly entries: readonly LedgerEntry[];
};

/** One incident may spend this part of a budget before it needs a post-mortem. */
const POSTMORTEM_PARTS = 5n;

/** An incident answers before a maintenance, the earlier one before the later one. */
const compareClaims = (a: Claim, b: Claim): number => {
  if (a.kind !== b.kind) return a.kind === "incident" ? -1 : 1;
  if (a.from !== b.from) return a.from - b.from;
  return a.id < b.id ? -1 : Number(a.id > b.id);
};

type Account = { bad: number; segments: { after: EpochMinute; until: EpochMinute }[] };

/** The first or the last minute with a bad event in `(after, until]`, which holds one at least. */
const edgeOf = (series: MinuteSeries, after: EpochMinute, until: EpochMinute, side: "first" | "last"): EpochMinute => {
  let [low, high] = [after as number, until as number];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const half = side === "first" ? [low, middle] : [middle, high];
    const isInHalf = sumOver(series, half[0] as EpochMinute, half[1] as EpochMinute).bad > 0;
    if (isInHalf === (side === "first")) high = middle;
    else low = middle;
  }
  return high as EpochMinute;
};

const isOverAFifth = (bad: number, total: number, { budget }: Objective): boolean =>
  BigInt(bad) * POSTMORTEM_PARTS * budget.denominator > BigInt(total) * budget.numerator;

/** Cuts the window at the bounds of the claims and gives each piece to the first claim that holds it. */
const accountsOf = (
  series: MinuteSeries,
  window: WindowMinutes,
  claims: readonly Claim[],
): Map<Claim | null, Account> => {
  const within = (minute: number): number => Math.min(Math.max(minute, window.after), window.until);
  const bounds = claims.flatMap(({ from, until }) => [within(from - 1), within((until ?? window.until + 1) - 1)]);
  const cuts = [...new Set([window.after, window.until, ...bounds])].sort((a, b) => a - b) as EpochMinute[];
  const accounts = new Map<Claim | null, Account>([[null, { bad: 0, segments: [] }]]);
  for (const [index, after] of cuts.entries()) {
    const until = cuts[index + 1];
    if (until === undefined) break;
    const { bad } = sumOver(series, after, until);
    const owner =
      claims.find((claim) => claim.from <= after + 1 && (claim.until === null || claim.until > until)) ?? null;
    const account = accounts.get(owner) ?? { bad: 0, segments: [] };
    accounts.set(owner, account);
    account.bad += bad;
    if (bad > 0) account.segments.push({ after, until });
  }
  return accounts;
};

/**
 * Who spent the budget: every bad event of the window belongs to exactly one incident or maintenance, or to nothing. The
 * order of the claims does not matter.
 */
export const ledgerOf = (args: {
  readonly series: MinuteSeries;
  readonly objective: Objective;
  readonly window: WindowMinutes;
  readonly claims: readonly Claim[];
}): Ledger => {
  const { series, objective, window } = args;
  const { bad, total } = sumOver(series, window.after, window.until);
  const { numerator, denominator } = objective.budget;
  const consumedBy = (count: number): number | null =>
    total <= 0 ? null : (count * Number(denominator)) / (total * Number(numerator));
  const accounts = accountsOf(series, window, args.claims.toSorted(compareClaims));
  const entries = [...accounts].map(([claim, account]): LedgerEntry => {
    const [first, last] = [account.segments[0], account.segments.at(-1)];
    return {
      cause: claim?.kind ?? "unattributed",
      id: claim?.id ?? null,
      bad: account.bad,
      consumed: consumedBy(account.bad),
      firstMinute: first === undefined ? null : edgeOf(series, first.after, first.until, "first"),
      lastMinute: last === undefined ? null : edgeOf(series, last.after, last.until, "last"),
      isPostmortemDue: claim?.kind === "incident" && total > 0 && isOverAFifth(account.bad, total, objective),
    };
  });
  const dearest = entries.toSorted((a, b) => b.bad - a.bad || String(a.id).localeCompare(String(b.id), "en"));
  return { bad, total, consumed: consumedBy(bad), entries: dearest };
};
