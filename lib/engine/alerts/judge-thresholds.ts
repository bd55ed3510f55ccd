import type { Database } from "#db/database.ts";
import { readConfigDocument, readConfigVersion } from "#db/queries/config.ts";
import { readServiceSecrets } from "#db/queries/mirror-secrets.ts";
import { readClosedUntil } from "#db/queries/rollup-progress.ts";
import type { ThresholdEpisode, ThresholdRow } from "#db/queries/threshold-alerts.ts";
import { readThresholdAlerts, readThresholdEpisodes } from "#db/queries/threshold-alerts.ts";
import { openThresholds } from "#lib/commands/sealed-source.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { decideThreshold } from "#lib/core/alerting/threshold.ts";
import { newestMinute } from "#lib/core/promql/plan-poll.ts";
import type { AlertState } from "#lib/core/slo/alert.ts";
import { QUIET } from "#lib/core/slo/alert.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import type { AllowList } from "#lib/egress/allow-list.ts";
import type { CallerDeps, CallerState } from "#lib/egress/call.ts";
import { newCallerState } from "#lib/egress/call.ts";
import type { Lease } from "../lease.ts";
import { assertLease } from "../lease.ts";
import type { Judgement } from "./record-thresholds.ts";
import { recordThresholds, thresholdPairOf } from "./record-thresholds.ts";
import type { FigureAt } from "./threshold-figures.ts";
import { askFigures, readRedFigures } from "./threshold-figures.ts";

type Deps = CallerDeps & { readonly database: Database; readonly secretBox: SecretBox };

export type ThresholdJudge = {
  /**
   * Judges every threshold alert whose newest minute was not judged yet. Returns how many fired or resolved.
   * @throws AppError LEASE_LOST; errors of the database: call it again. Faults of PromQL sources are never thrown.
   */
  readonly runOnce: (lease: Lease, signal: AbortSignal) => Promise<number>;
};

const COMMIT_DEADLINE_MS = 10_000;

/** What is known of the configuration, and which minutes were judged: judging one again changes nothing. */
type Memory = {
  readonly configVersion: bigint;
  readonly rows: readonly ThresholdRow[];
  /** Services whose credentials cannot be opened: sources of theirs are not asked. */
  readonly closed: ReadonlySet<string>;
  readonly allow: AllowList;
  readonly judged: Map<string, EpochMinute>;
  /** Whether alerts that left the configuration were looked for. */
  isSwept: boolean;
};

type Due = { readonly row: ThresholdRow; readonly minute: EpochMinute };

const stateOf = (episode: ThresholdEpisode | undefined): AlertState => {
  if (episode === undefined) return QUIET;
  const { number, hasData } = episode;
  return episode.state === "firing" ? { kind: "firing", number, hasData } : { kind: "quiet", number };
};

/** With the credentials of their sources. Tells the log of services whose credentials cannot be opened. */
const openRows = (rows: readonly ThresholdRow[], secrets: ReadonlyMap<string, string>, { secretBox, log }: Deps) => {
  const closed = new Set<string>();
  const opened = [...Map.groupBy(rows, ({ serviceId }) => serviceId)].flatMap(([serviceId, own]) => {
    const alerts = own.map(({ definition }) => definition);
    const whole = openThresholds(secretBox, { serviceId, alerts, secretsCiphertext: secrets.get(serviceId) ?? null });
    if (whole !== null) return whole.map((definition) => ({ serviceId, definition }));
    closed.add(serviceId);
    log.error({ service: serviceId, code: "SECRET_KEY_INVALID" }, "credentials of threshold alerts cannot be opened");
    return own;
  });
  return { rows: opened, closed };
};

const readMemory = (deps: Deps): Promise<Memory> =>
  deps.database.read(async (db) => {
    const configVersion = await readConfigVersion(db);
    const { rows, closed } = openRows(await readThresholdAlerts(db), await readServiceSecrets(db), deps);
    const allow = rows.length === 0 ? [] : ((await readConfigDocument(db))?.egress.allow ?? []);
    return { configVersion, rows, closed, allow, judged: new Map<string, EpochMinute>(), isSwept: false };
  });

/** The alerts whose newest minute was not judged yet: of probes by closed minutes, of queries once samples have settled. */
const dueOf = ({ rows, judged }: Memory, closedUntil: EpochMinute | null, settled: EpochMinute): Due[] =>
  rows.flatMap((row) => {
    const { source, id } = row.definition;
    const minute = source === null ? (((closedUntil ?? 0) - 1) as EpochMinute) : settled;
    return minute < 0 || judged.get(id) === minute ? [] : [{ row, minute }];
  });

const UNKNOWN: FigureAt = () => ({ value: null, isCovered: false });

type Round = {
  readonly deps: Deps;
  readonly memory: Memory;
  readonly sources: Map<string, CallerState>;
  readonly signal: AbortSignal;
};

const figuresOf = async ({ deps, memory, sources, signal }: Round, { row, minute }: Due): Promise<FigureAt> => {
  const { definition } = row;
  if (definition.source === null) return readRedFigures(deps.database, definition, minute);
  if (memory.closed.has(row.serviceId)) return UNKNOWN;
  const { url } = definition.source.server;
  const state = sources.get(url) ?? newCallerState();
  sources.set(url, state);
  return (await askFigures(deps, { alert: definition, minute, state, allow: memory.allow, signal })) ?? UNKNOWN;
};

const runRound = async (round: Round, lease: Lease): Promise<number> => {
  const { deps, memory, signal } = round;
  const { database, clock } = deps;
  const closedUntil = memory.rows.length === 0 ? null : await database.read(readClosedUntil);
  const due = dueOf(memory, closedUntil, newestMinute(clock.now()));
  if (due.length === 0 && memory.isSwept) return 0;
  const episodes = new Map((await database.read(readThresholdEpisodes)).map((episode) => [episode.pairId, episode]));
  const pairs = new Set(memory.rows.map(({ definition }) => thresholdPairOf(definition)));
  const removed = [...episodes.values()].filter(({ state, pairId }) => state === "firing" && !pairs.has(pairId));
  const judgements: Judgement[] = [];
  for (const { row, minute } of due) {
    const { definition } = row;
    const figureAt = await figuresOf(round, { row, minute });
    if (signal.aborted) return 0;
    const episode = episodes.get(thresholdPairOf(definition));
    const decision = decideThreshold({ state: stateOf(episode), alert: definition, minute, figureAt });
    judgements.push({ row, minute, episode, figure: figureAt(minute), decision });
  }
  const now = clock.now();
  const changed = await database.transaction(
    async (tx) => {
      await assertLease(tx, lease);
      return recordThresholds(tx, { judgements, removed, now });
    },
    { deadlineMs: COMMIT_DEADLINE_MS },
  );
  for (const { row, minute } of due) memory.judged.set(row.definition.id, minute);
  memory.isSwept = true;
  return changed;
};

/** Makes the judge of an engine. What it remembers is for speed only; the database stays the truth. */
export const createThresholdJudge = (deps: Deps): ThresholdJudge => {
  const sources = new Map<string, CallerState>();
  let memory: Memory | null = null;
  return {
    runOnce: async (lease, signal) => {
      try {
        const version = await deps.database.read(readConfigVersion);
        if (memory?.configVersion !== version) memory = await readMemory(deps);
        return await runRound({ deps, memory, sources, signal }, lease);
      } catch (error) {
        memory = null;
        throw error;
      }
    },
  };
};
