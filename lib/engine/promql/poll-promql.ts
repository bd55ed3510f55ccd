import type { Database } from "#db/database.ts";
import type { SloRow } from "#db/queries/config.ts";
import { readConfigDocument, readConfigVersion, readSlos } from "#db/queries/config.ts";
import { readSloSecrets } from "#db/queries/mirror-secrets.ts";
import type { PromqlProgress } from "#db/queries/promql.ts";
import { readPromqlProgress } from "#db/queries/promql.ts";
import { openSlo } from "#lib/commands/sealed-source.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import type { PollStep } from "#lib/core/promql/plan-poll.ts";
import { newestMinute, oldestMinute, planPoll } from "#lib/core/promql/plan-poll.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { addMs } from "#lib/core/units.ts";
import type { AllowList } from "#lib/egress/allow-list.ts";
import type { CallerDeps, CallerState } from "#lib/egress/call.ts";
import { newCallerState } from "#lib/egress/call.ts";
import { gauge } from "#lib/runtime/metrics.ts";
import type { Lease } from "../lease.ts";
import type { PromqlSlo, SourceAnswer } from "./promql-source.ts";
import { askSource, CLOSED } from "./promql-source.ts";
import { storeAnswer, storeFailure } from "./store-promql.ts";

type PollerDeps = CallerDeps & { readonly database: Database; readonly secretBox: SecretBox };

export type PollResult = {
  /** Minutes whose counts changed: for the evaluator. */
  readonly changed: readonly EpochMinute[];
  /** SLOs that have minutes to ask for right away. */
  readonly hasMore: boolean;
};

export type PromqlPoller = {
  /** @throws AppError LEASE_LOST; errors of the database: call it again. Faults of the sources are never thrown. */
  readonly runOnce: (lease: Lease, signal: AbortSignal) => Promise<PollResult>;
};

/** Questions to sources at the same time: a Prometheus evaluates 20 queries at once by default. */
const MOST_AT_ONCE = 4;
/** Steps of one round; live minutes of many SLOs come before the past of one. */
const MOST_STEPS = 200;

type Memory = {
  readonly token: bigint;
  readonly configVersion: bigint;
  readonly slos: readonly PromqlSlo[];
  readonly allow: AllowList;
  readonly progress: Map<string, PromqlProgress>;
};

/** One for each server: what was learnt about it lasts while this process leads. */
type Source = { readonly caller: CallerState; heldUntil: EpochMs | null };

/** With the credentials of its source, or marked as closed where they cannot be opened. */
const promqlSlo = (slo: SloRow, secretsCiphertext: string | null, box: SecretBox): PromqlSlo[] => {
  if (slo.definition.sli.kind !== "promql") return [];
  const sli = openSlo(box, { definition: slo.definition, secretsCiphertext })?.sli;
  return sli?.kind === "promql"
    ? [{ ...slo, sli, isClosed: false }]
    : [{ ...slo, sli: slo.definition.sli, isClosed: true }];
};

const readMemory = ({ database, secretBox }: PollerDeps, token: bigint): Promise<Memory> =>
  database.read(async (db) => {
    const configVersion = await readConfigVersion(db);
    const secrets = await readSloSecrets(db);
    const slos = (await readSlos(db)).flatMap((slo) => promqlSlo(slo, secrets.get(slo.id) ?? null, secretBox));
    const known = slos.length === 0 ? [] : await readPromqlProgress(db, null);
    const allow = (await readConfigDocument(db))?.egress.allow ?? [];
    return { token, configVersion, slos, allow, progress: new Map(known.map((each) => [each.sloId, each])) };
  });

const stepOf = (slo: PromqlSlo, progress: PromqlProgress | undefined, now: EpochMs): PollStep | null =>
  planPoll({
    polled: progress?.version === slo.version ? progress.polled : null,
    newest: newestMinute(now),
    oldest: oldestMinute(now, slo.definition.window.durationMs),
  });

/** Runs `work` for each item, so many at a time. The first error ends the round once those under way are over. */
const inParallel = async <T>(items: readonly T[], most: number, work: (item: T) => Promise<void>): Promise<void> => {
  const queue = [...items];
  const workers = Array.from({ length: Math.min(most, items.length) }, async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  });
  const failed = (await Promise.allSettled(workers)).find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
};

const showStates = ({ slos, progress }: Memory): void => {
  const states = gauge({
    name: "nines_promql_slos",
    help: "SLOs that read another system by PromQL, by the state of their source.",
    labels: ["state"],
  });
  const failing = slos.filter(({ id }) => progress.get(id)?.state === "failing").length;
  states.set({ state: "failing" }, failing);
  states.set({ state: "ok" }, slos.length - failing);
};

type Round = {
  readonly deps: PollerDeps;
  readonly lease: Lease;
  readonly signal: AbortSignal;
  readonly held: Memory;
  readonly sources: Map<string, Source>;
  readonly holds: Map<string, EpochMs>;
};
type Due = { readonly slo: PromqlSlo; readonly step: PollStep };

const sourceOf = (sources: Map<string, Source>, { sli }: PromqlSlo): Source => {
  const known = sources.get(sli.source.url) ?? { caller: newCallerState(), heldUntil: null };
  sources.set(sli.source.url, known);
  return known;
};

const isHeld = ({ sources, holds }: Round, slo: PromqlSlo, now: EpochMs): boolean =>
  now < Math.max(holds.get(slo.id) ?? 0, sourceOf(sources, slo).heldUntil ?? 0);

const dueIn = (round: Round, now: EpochMs): Due[] =>
  round.held.slos.flatMap((slo) => {
    const step = isHeld(round, slo, now) ? null : stepOf(slo, round.held.progress.get(slo.id), now);
    return step === null ? [] : [{ slo, step }];
  });

/** Asks both queries of one step, one after the other, and stores what came of it. */
const pollOne = async (round: Round, { slo, step }: Due): Promise<readonly EpochMinute[]> => {
  const { deps, lease, signal, held, sources, holds } = round;
  const { database, clock, log } = deps;
  if (signal.aborted || isHeld(round, slo, clock.now())) return [];
  const source = sourceOf(sources, slo);
  const ask = async (query: string): Promise<SourceAnswer> =>
    slo.isClosed
      ? CLOSED
      : askSource(deps, { state: source.caller, source: slo.sli.source, query, step, allow: held.allow, signal });
  const good = await ask(slo.sli.good);
  const total = good.kind === "failed" ? good : await ask(slo.sli.total);
  if (signal.aborted) return [];
  const common = { database, lease, log, now: clock.now(), slo, step, before: held.progress.get(slo.id) };
  if (good.kind === "failed" || total.kind === "failed") {
    const failed = good.kind === "failed" ? good : (total as Extract<SourceAnswer, { kind: "failed" }>);
    const until = addMs(clock.now(), failed.retryAfterMs);
    if (failed.isWholeSource) source.heldUntil = until;
    else holds.set(slo.id, until);
    const stored = await storeFailure({ ...common, query: good.kind === "failed" ? "good" : "total", failed });
    held.progress.set(slo.id, stored.progress);
    return stored.changed;
  }
  holds.delete(slo.id);
  source.heldUntil = null;
  const stored = await storeAnswer({ ...common, good: good.values, total: total.values });
  held.progress.set(slo.id, stored.progress);
  return stored.changed;
};

const runRound = async (round: Round): Promise<PollResult> => {
  const { deps, held } = round;
  const isLive = ({ slo, step }: Due): boolean => step.next.until > (held.progress.get(slo.id)?.polled?.until ?? 0);
  const due = dueIn(round, deps.clock.now()).sort((a, b) => Number(isLive(b)) - Number(isLive(a)));
  const changed: EpochMinute[] = [];
  await inParallel(due.slice(0, MOST_STEPS), MOST_AT_ONCE, async (each) => {
    changed.push(...(await pollOne(round, each)));
  });
  if (held.slos.length > 0) showStates(held);
  return { changed, hasMore: dueIn(round, deps.clock.now()).length > 0 };
};

/**
 * Reads the minutes of every PromQL SLO from its source, live ones first, and stores them as exact counts. A source that
 * is away, slow or wrong leaves its minutes without data until it answers again; then they are filled in.
 */
export const createPromqlPoller = (deps: PollerDeps): PromqlPoller => {
  const { database } = deps;
  const sources = new Map<string, Source>();
  const holds = new Map<string, EpochMs>();
  let memory: Memory | null = null;

  const recall = async (lease: Lease): Promise<Memory> => {
    const version = await database.read(readConfigVersion);
    if (memory?.token !== lease.token || memory.configVersion !== version) memory = await readMemory(deps, lease.token);
    return memory;
  };

  return {
    runOnce: async (lease, signal) => {
      try {
        return await runRound({ deps, lease, signal, held: await recall(lease), sources, holds });
      } catch (error) {
        // What was stored is not known: read it anew.
        memory = null;
        throw error;
      }
    },
  };
};
