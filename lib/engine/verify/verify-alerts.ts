import type { Database } from "#db/database.ts";
import type { SloRow } from "#db/queries/config.ts";
import type { StoredEpisode } from "#db/queries/verify.ts";
import { readEpisodes, readReading } from "#db/queries/verify.ts";
import { canonicalJson } from "#lib/commands/canonical-json.ts";
import type { AlertReading } from "#lib/contracts/api.ts";
import { decimalText } from "#lib/contracts/api.ts";
import type { AlertState } from "#lib/core/slo/alert.ts";
import { createBlockPool } from "#lib/core/slo/series.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { addMs, MINUTE_MS, minuteOf } from "#lib/core/units.ts";
import { endOfMinute } from "../alerts/alert-changes.ts";
import { loadMinutes } from "../evaluate/load-minutes.ts";
import type { Evaluation, ExplainedTransition, SloTrack } from "../evaluate/slo-track.ts";
import { CHUNK_MINUTES, createTrack, evaluateTrack, readingOf } from "../evaluate/slo-track.ts";
import type { AsOfThen, Turn } from "./as-of-then.ts";
import { loadAsOfThen } from "./as-of-then.ts";
import type { Report } from "./difference.ts";
import { compareTexts } from "./difference.ts";

/** Around a change of the definition it is not stored by which one a minute was judged: these are not looked at. */
const UNSURE_MINUTES = 2;

/** The minute that was seen last when a transition came, from the instant that it carries. */
const minuteSeen = (at: EpochMs): EpochMinute => minuteOf(addMs(at, -MINUTE_MS));
const instant = (at: EpochMs): string => new Date(at).toISOString();

/** What fired when an evaluation of `start` began. */
const statesBefore = (episodes: readonly StoredEpisode[], start: EpochMinute): Map<string, AlertState> => {
  const states = new Map<string, AlertState>();
  for (const { pairId, number, firedAt, resolvedAt } of episodes) {
    if (minuteSeen(firedAt) >= start) continue;
    const isFiring = resolvedAt === null || minuteSeen(resolvedAt) >= start;
    states.set(pairId, isFiring ? { kind: "firing", number, hasData: true } : { kind: "quiet", number });
  }
  return states;
};

type Numbers = Pick<AlertReading, "windows" | "budget">;

/** The numbers of a transition that are functions of counts, in the form in which alerts keep them. */
const numbersText = ({ windows, budget }: Numbers): string => {
  const counts = ({ bad, total, expected }: Numbers["windows"]["long"]) => ({ bad, total, expected });
  const { consumedRatio } = budget;
  return canonicalJson({ long: counts(windows.long), short: counts(windows.short), consumedRatio });
};

const numbersOf = ({ reading, budget }: ExplainedTransition): string => {
  const counts = ({ bad, total, expected }: typeof reading.long) => ({ bad, total, expected });
  return canonicalJson({
    long: counts(reading.long),
    short: counts(reading.short),
    consumedRatio: decimalText(budget.consumed),
  });
};

type Texts = Map<string, string>;
const keyOf = (slo: SloRow, pairId: string, number: number, what: "firing" | "resolved"): string =>
  `${slo.id} ${pairId} number ${number}, ${what}`;
/** Ratios of slices are counted in parts, which stored alerts do not show. */
const hasPlainNumbers = (slo: SloRow): boolean => slo.definition.sli.kind !== "ratio_timeslices";

const storedTexts = (slo: SloRow, episodes: readonly StoredEpisode[], isAsked: (at: EpochMs) => boolean): Texts => {
  const pairs = new Set(slo.definition.burnRateAlerts.map((pair) => pair.id));
  const texts: Texts = new Map();
  const numbers = (json: string | null): string =>
    json === null || !hasPlainNumbers(slo) ? "" : ` ${numbersText(JSON.parse(json) as Numbers)}`;
  for (const { pairId, number, severity, firedAt, resolvedAt, reason, ...episode } of episodes) {
    if (!pairs.has(pairId)) continue;
    if (isAsked(firedAt)) {
      texts.set(
        keyOf(slo, pairId, number, "firing"),
        `${severity} at ${instant(firedAt)}${numbers(episode.firingReading)}`,
      );
    }
    if (resolvedAt !== null && isAsked(resolvedAt)) {
      const text = `${reason} at ${instant(resolvedAt)}${numbers(episode.resolvedReading)}`;
      texts.set(keyOf(slo, pairId, number, "resolved"), text);
    }
  }
  return texts;
};

const noteTransition = (slo: SloRow, texts: Texts, change: ExplainedTransition): void => {
  const { pair, transition } = change;
  const at = instant(endOfMinute(transition.minute));
  const numbers = hasPlainNumbers(slo) ? ` ${numbersOf(change)}` : "";
  const { id, severity } = pair.definition;
  if (transition.kind === "fired") {
    texts.set(keyOf(slo, id, transition.number, "firing"), `${severity} at ${at}${numbers}`);
  } else {
    texts.set(keyOf(slo, id, transition.number, "resolved"), `${transition.reason} at ${at}${numbers}`);
  }
};

/** Takes over what an evaluation found. */
const take = (track: SloTrack, { through, alerts }: Evaluation): void => {
  track.through = through;
  track.alerts = alerts;
};

/**
 * Judges a minute in which more became known. The engine judges its newest minute again then, and whether it had judged it
 * before at all depends on seconds: `expected`, how often something happened according to what is stored, decides.
 */
const judgeTurn = (
  track: SloTrack,
  then: AsOfThen,
  args: { readonly turn: Turn; readonly expected: number },
): ExplainedTransition[] => {
  const { turn, expected } = args;
  const { minute, instants } = turn;
  const next = (minute + 1) as EpochMinute;
  const changes: ExplainedTransition[] = [];
  const judge = (): void => {
    const evaluation = evaluateTrack(track, minute);
    const found = evaluation.outcomes.flatMap(({ transitions }) => transitions);
    if (changes.length + found.length > expected) return;
    take(track, evaluation);
    changes.push(...found);
  };
  judge();
  for (const knownAt of [...instants, undefined]) {
    if (changes.length >= expected && track.through === minute) break;
    then.apply(track, next, knownAt);
    judge();
  }
  // What is stored cannot be right: the difference is for the report.
  if (track.through === minute) return changes;
  then.apply(track, minute);
  const evaluation = evaluateTrack(track, minute);
  take(track, evaluation);
  return evaluation.outcomes.flatMap(({ transitions }) => transitions);
};

type ReplayArgs = {
  readonly start: EpochMinute;
  readonly through: EpochMinute;
  /** How many transitions are stored as of the end of a minute. */
  readonly storedAt: (minute: EpochMinute) => number;
};

/** Judges every minute up to `through` by what was known when it was judged. */
const replay = async (database: Database, track: SloTrack, args: ReplayArgs): Promise<Texts> => {
  const { start, through, storedAt } = args;
  const { slo } = track;
  const then = await loadAsOfThen(database, slo, start);
  const texts: Texts = new Map();
  for (let next: EpochMinute = start; next <= through; ) {
    const from = next;
    const turn = then.turns.find(({ minute }) => minute >= from && minute <= through);
    const plainEnd = turn === undefined ? through : ((turn.minute - 1) as EpochMinute);
    const end = Math.min(plainEnd, next + CHUNK_MINUTES - 1) as EpochMinute;
    const loadedEnd = end < next ? next : end;
    await loadMinutes(database, [{ track, end: loadedEnd }], () => undefined);
    then.apply(track, next);
    if (end < next && turn !== undefined) {
      for (const change of judgeTurn(track, then, { turn, expected: storedAt(next) }))
        noteTransition(slo, texts, change);
    } else {
      const evaluation = evaluateTrack(track, end);
      take(track, evaluation);
      for (const change of evaluation.outcomes.flatMap(({ transitions }) => transitions))
        noteTransition(slo, texts, change);
    }
    next = (loadedEnd + 1) as EpochMinute;
  }
  then.apply(track, null);
  return texts;
};

/**
 * Works out every transition of an SLO's alerts since its definition came into force (or since `from`), as of then, and
 * the newest reading, and compares both with what is stored. Returns what was compared; null when the SLO's present
 * definition was not evaluated yet.
 */
export const verifyAlerts = async (
  database: Database,
  args: { slo: SloRow; from: EpochMinute | null; report: Report },
): Promise<{ alerts: number; readings: number } | null> => {
  const { slo, report } = args;
  const mark = await database.read((db) => readReading(db, slo.id));
  if (mark === null || mark.version !== slo.version) return null;
  const first = (minuteOf(slo.activeFrom) + (slo.version > 1 ? UNSURE_MINUTES : 0)) as EpochMinute;
  const start = Math.max(first, args.from ?? first) as EpochMinute;
  const { through } = mark;
  if (start > through) return null;
  const episodes = await database.read((db) => readEpisodes(db, slo.id));
  const before = start === minuteOf(slo.activeFrom) ? null : ((start - 1) as EpochMinute);
  const alerts = statesBefore(episodes, start);
  const track = createTrack({ slo, pool: createBlockPool(), through: before, isPolicyNew: false, alerts });
  const isAsked = (at: EpochMs): boolean => minuteSeen(at) >= start && minuteSeen(at) <= through;
  const stored = storedTexts(slo, episodes, isAsked);
  const seen = episodes.flatMap(({ firedAt, resolvedAt }) =>
    [firedAt, ...(resolvedAt === null ? [] : [resolvedAt])].map(minuteSeen),
  );
  const storedAt = (minute: EpochMinute): number => seen.filter((each) => each === minute).length;
  const recomputed = await replay(database, track, { start, through, storedAt });
  const compared = compareTexts(report, { kind: "alert", stored, recomputed });
  const reading = readingOf({ track, through, alerts: track.alerts, outcomes: [] });
  const what = `${slo.id}, reading of ${instant(endOfMinute(through))}`;
  compareTexts(report, {
    kind: "reading",
    stored: new Map([[what, canonicalJson(JSON.parse(mark.reading) as unknown)]]),
    recomputed: new Map([[what, canonicalJson(reading)]]),
  });
  return { alerts: compared, readings: 1 };
};
