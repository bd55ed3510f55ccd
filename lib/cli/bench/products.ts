import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { CommandContext } from "#lib/cli/command.ts";
import { AppError } from "#lib/core/errors.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { startBlackbox } from "./products/blackbox.ts";
import type { Product } from "./products/nines.ts";
import { startNines } from "./products/nines.ts";
import type { Arrivals, ArrivalsWanted, ProductsPorts } from "./products/target.ts";

/** Every probe runs once a second: as many probes as checks a second. */
const INTERVAL_MS = 1_000;
const STARTED_WITHIN_MS = 15_000;
const QUIET_WITHIN_MS = 4_000;
const SETTLE_MS = 1_000;
const MEASURE_MS = 3_000;

type Scheme = "http" | "https";
/** So many turns of each at most; on a machine that is slow to start them fewer, but one, begin within `withinMs`. */
export type Cell = {
  readonly scheme: Scheme;
  readonly perSecond: number;
  readonly rounds: number;
  readonly withinMs: number;
};

/** Goals of CPU against theirs, and in milliseconds a check, both with what stores. Null: none is set. */
type Goal = { readonly ratio: number | null; readonly cpuMs: number | null };
const GOALS: Readonly<Record<string, Goal>> = {
  "http 100": { ratio: 0.35, cpuMs: 0.7 },
  "http 400": { ratio: 0.2, cpuMs: 0.4 },
  "http 1000": { ratio: null, cpuMs: 0.25 },
};
const GOAL_GAP_ERROR_MS = 3;

/** In about five minutes; handshakes vary less, so fewer turns do. */
export const ALL_CELLS: readonly Cell[] = [
  ...[100, 400, 1_000].map((perSecond): Cell => ({ scheme: "http", perSecond, rounds: 5, withinMs: 40_000 })),
  ...[100, 400, 1_000].map((perSecond): Cell => ({ scheme: "https", perSecond, rounds: 3, withinMs: 22_000 })),
];
/** Before the first turn, not counted: a service that runs for months is measured, and one at its start costs twice as much. */
const WARM_UP: Cell = { scheme: "http", perSecond: 400, rounds: 1, withinMs: 0 };
const WARM_UP_MS = 10_000;
export const QUICK_CELLS: readonly Cell[] = ALL_CELLS.filter(({ perSecond }) => perSecond === 100).map((cell) => ({
  ...cell,
  rounds: 1,
}));

/** CPU in microseconds a check. `storedUs`: with what stores; `allUs`: with everything of the product. */
type Figures = {
  readonly probingUs: number;
  readonly storedUs: number;
  readonly allUs: number;
  readonly perSecond: number;
  readonly gapErrorMs: number | null;
};

type Target = {
  readonly urlsOf: (name: string, cell: Cell) => readonly string[];
  readonly arrivals: (name: string) => Promise<Arrivals>;
  readonly stop: () => void;
};

type TlsFiles = { readonly certPath: string; readonly keyPath: string; readonly caPath: string };

const pause = (ms: number, signal: AbortSignal): Promise<void> => systemClock.sleep(ms, signal);

const startTarget = ({ certPath, keyPath }: TlsFiles): Promise<Target> =>
  new Promise((resolve, reject) => {
    const file = fileURLToPath(new URL("./products/target.ts", import.meta.url));
    const child: ChildProcess = fork(file, [certPath, keyPath], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    const arrivals = (name: string): Promise<Arrivals> =>
      new Promise((told) => {
        child.once("message", (message) => told(message as Arrivals));
        child.send({ name, intervalMs: INTERVAL_MS } satisfies ArrivalsWanted);
      });
    child.once("message", (message) => {
      const ports = message as ProductsPorts;
      resolve({
        urlsOf: (name, { scheme, perSecond }) =>
          Array.from({ length: perSecond }, (_, i) => `${scheme}://127.0.0.1:${ports[scheme]}/${name}/${i}`),
        arrivals,
        stop: () => void child.kill(),
      });
    });
    child.once("exit", () => reject(new AppError("ROLE_CRASHED", "the target of the bench ended")));
  });

/** Waits until so many checks came within half a second, or none when that is asked for; not for ever. */
const waitFor = async (
  { arrivals }: Target,
  { name, atLeast, withinMs }: { name: string; atLeast: number; withinMs: number },
  signal: AbortSignal,
): Promise<void> => {
  const startedMs = performance.now();
  await arrivals(name);
  while (performance.now() - startedMs < withinMs) {
    await pause(500, signal);
    const { checks } = await arrivals(name);
    if (atLeast === 0 ? checks === 0 : checks >= atLeast) return;
  }
};

/** One turn of a product: until all of its probes run, a moment to settle, and what is measured. Null: nothing came. */
const takeTurn = async (
  name: string,
  product: Product,
  target: Target,
  { cell, forMs = MEASURE_MS }: { cell: Cell; forMs?: number },
  signal: AbortSignal,
): Promise<Figures | null> => {
  await product.probe(target.urlsOf(name, cell));
  try {
    // A product that cannot keep up never runs them all: it is measured as it is.
    await waitFor(target, { name, atLeast: cell.perSecond * 0.45, withinMs: STARTED_WITHIN_MS }, signal);
    await pause(SETTLE_MS, signal);
    await target.arrivals(name);
    const [before, fromMs] = [product.cpuUs(), performance.now()];
    await pause(forMs, signal);
    const [after, untilMs] = [product.cpuUs(), performance.now()];
    const { checks, gapErrorMsP99 } = await target.arrivals(name);
    if (before === null || after === null) throw new AppError("INTERNAL", "this system does not tell CPU times");
    if (checks === 0) return null;
    const probingUs = (after.probing - before.probing) / checks;
    const storedUs = probingUs + (after.storing - before.storing) / checks;
    const allUs = storedUs + (after.rest - before.rest) / checks;
    return { probingUs, storedUs, allUs, perSecond: (checks * 1_000) / (untilMs - fromMs), gapErrorMs: gapErrorMsP99 };
  } finally {
    await product.probe([]);
    await waitFor(target, { name, atLeast: 0, withinMs: QUIET_WITHIN_MS }, signal).catch(() => undefined);
  }
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const mediansOf = (turns: readonly Figures[]) => {
  const of = (pick: (turn: Figures) => number): number => Math.round(median(turns.map(pick)));
  const gaps = turns.flatMap(({ gapErrorMs }) => (gapErrorMs === null ? [] : [gapErrorMs]));
  return {
    probingUs: of((turn) => turn.probingUs),
    storedUs: of((turn) => turn.storedUs),
    allUs: of((turn) => turn.allUs),
    perSecond: of((turn) => turn.perSecond),
    gapErrorMsP99: gaps.length === 0 ? null : Number(median(gaps).toFixed(1)),
  };
};

/** Cost falls with the rate: figures of a product that ran far fewer checks than asked compare with nothing. */
const KEEPS_UP = 0.8;

const summaryOf = ({ scheme, perSecond }: Cell, turns: readonly Pair[]) => {
  const fair = turns.filter((turn) =>
    [turn.ours, turn.theirs].every((figures) => figures.perSecond >= perSecond * KEEPS_UP),
  );
  const ratioOf = (pick: (turn: Figures) => number): number | null =>
    fair.length === 0 ? null : Number(median(fair.map(({ ours, theirs }) => pick(ours) / pick(theirs))).toFixed(2));
  const ours = mediansOf(turns.map((turn) => turn.ours));
  const ratio = ratioOf((turn) => turn.storedUs);
  const { ratio: ratioGoal, cpuMs } = GOALS[`${scheme} ${perSecond}`] ?? { ratio: null, cpuMs: null };
  const keepsUp = ours.perSecond >= perSecond * KEEPS_UP;
  return {
    scheme,
    probes: perSecond,
    turns: turns.length,
    fairTurns: fair.length,
    ours,
    theirs: mediansOf(turns.map((turn) => turn.theirs)),
    ratio,
    ratioOfAll: ratioOf((turn) => turn.allUs),
    goals: {
      ratio: ratioGoal === null || ratio === null ? null : { goal: ratioGoal, isMet: ratio <= ratioGoal },
      cpuMs: cpuMs === null ? null : { goal: cpuMs, isMet: keepsUp && ours.storedUs / 1_000 <= cpuMs },
      gapErrorMs: {
        goal: GOAL_GAP_ERROR_MS,
        isMet: keepsUp && (ours.gapErrorMsP99 ?? Infinity) <= GOAL_GAP_ERROR_MS,
      },
    },
  };
};
export type ProductsRow = ReturnType<typeof summaryOf>;

type Pair = { readonly ours: Figures; readonly theirs: Figures };

/** Pairs of turns; one in which a crowded machine let no check of a product through is left out. */
const takeTurns = async (args: {
  readonly ours: Product;
  readonly theirs: Product;
  readonly target: Target;
  readonly cell: Cell;
  readonly signal: AbortSignal;
}): Promise<readonly Pair[]> => {
  const { target, cell, signal } = args;
  const pairs: Pair[] = [];
  const startedMs = performance.now();
  for (let turn = 0; turn < cell.rounds; turn += 1) {
    if (turn > 0 && performance.now() - startedMs > cell.withinMs) break;
    const ours = await takeTurn("nines", args.ours, target, { cell }, signal);
    const theirs = await takeTurn("blackbox", args.theirs, target, { cell }, signal);
    if (ours !== null && theirs !== null) pairs.push({ ours, theirs });
  }
  return pairs;
};

/**
 * Whole products side by side, in turns, against one target: Nines, which records into PostgreSQL, and Debian's
 * blackbox_exporter driven by Prometheus. Calls `onRow` after each cell; one without a single pair has no row.
 */
export const compareProducts = async (args: {
  readonly cells: readonly Cell[];
  readonly tls: TlsFiles;
  readonly env: CommandContext["env"];
  readonly signal: AbortSignal;
  readonly onRow: (row: ProductsRow) => void;
}): Promise<readonly ProductsRow[]> => {
  const { cells, tls, env, signal, onRow } = args;
  const target = await startTarget(tls);
  const theirs = startBlackbox(tls);
  const rows: ProductsRow[] = [];
  try {
    const ours = await startNines({ ...tls, env });
    try {
      await takeTurn("nines", ours, target, { cell: WARM_UP, forMs: WARM_UP_MS }, signal);
      for (const cell of cells) {
        const turns = await takeTurns({ ours, theirs, target, cell, signal });
        if (turns.length === 0) continue;
        const row = summaryOf(cell, turns);
        rows.push(row);
        onRow(row);
      }
    } finally {
      await ours.stop();
    }
  } finally {
    await theirs.stop();
    target.stop();
  }
  return rows;
};

export const PRODUCTS_HEAD = `| checks | product | checks/s seen | CPU us, probing | with storage | with everything | gap error p99 ms |
|---|---|---|---|---|---|---|
`;

/** One comparison as lines of a table and a sentence on its goals. */
export const productsLines = (row: ProductsRow): string => {
  const { scheme, probes, ours, theirs, goals } = row;
  const line = (name: string, of: ProductsRow["ours"]): string =>
    `| ${scheme}, ${probes}/s | ${name} | ${of.perSecond} | ${of.probingUs} | ${of.storedUs} | ${of.allUs} | ${of.gapErrorMsP99 ?? "-"} |\n`;
  const said = (what: string, goal: { goal: number; isMet: boolean } | null): string[] =>
    goal === null ? [] : [`${what} ${goal.goal}: ${goal.isMet ? "met" : "missed"}`];
  const told = [
    ...(row.ratio === null ? ["no ratio, since one did not keep up"] : said("goal", goals.ratio)),
    ...said("ms a check", goals.cpuMs),
    ...said("gap error ms", goals.gapErrorMs),
  ].join(", ");
  const ratios = `${row.ratio ?? "-"} | ${row.ratioOfAll ?? "-"}`;
  const pairs = `ratio, ${row.fairTurns} of ${row.turns} turns`;
  return `${line("Nines, PostgreSQL", ours)}${line("blackbox_exporter, Prometheus", theirs)}| | ${pairs} | | | ${ratios} | ${told} |\n`;
};
