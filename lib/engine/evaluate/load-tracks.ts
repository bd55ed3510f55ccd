import type { Database, Db } from "#db/database.ts";
import { readNewestEpisodes } from "#db/queries/alerts.ts";
import type { SloRow } from "#db/queries/config.ts";
import { readSlos } from "#db/queries/config.ts";
import { readSloVersions } from "#db/queries/sli-hours.ts";
import type { EvaluationMark } from "#db/queries/slo-readings.ts";
import { readEvaluationMarks } from "#db/queries/slo-readings.ts";
import type { SloDefinition } from "#lib/core/definitions.ts";
import type { AlertState } from "#lib/core/slo/alert.ts";
import type { BlockPool } from "#lib/core/slo/series.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { countsTheSame } from "../rollup/same-slots.ts";
import type { SloTrack } from "./slo-track.ts";
import { createTrack } from "./slo-track.ts";

/** The state of every pair in force, by SLO and pair id, from its newest episode. */
const readAlertStates = async (db: Db, slos: readonly SloRow[]): Promise<Map<string, Map<string, AlertState>>> => {
  const pairs = slos.flatMap((slo) =>
    slo.definition.burnRateAlerts.map((pair) => ({ sloId: slo.id, pairId: pair.id })),
  );
  const states = new Map<string, Map<string, AlertState>>();
  for (const { sloId, pairId, number, state, hasData } of await readNewestEpisodes(db, pairs)) {
    const ofSlo = states.get(sloId) ?? new Map<string, AlertState>();
    states.set(sloId, ofSlo);
    ofSlo.set(pairId, state === "firing" ? { kind: "firing", number, hasData } : { kind: "quiet", number });
  }
  return states;
};

/** The SLOs that count other slots than the definition they were evaluated by last. */
const findPolicyNew = async (
  db: Db,
  slos: readonly SloRow[],
  marks: ReadonlyMap<string, EvaluationMark>,
): Promise<Set<string>> => {
  const moved = slos.flatMap((slo) => {
    const version = marks.get(slo.id)?.version;
    return version === undefined || version === slo.version ? [] : [{ slo, version }];
  });
  const texts = await readSloVersions(
    db,
    moved.map(({ slo, version }) => ({ sloId: slo.id, version })),
  );
  const isOther = ({ slo, version }: (typeof moved)[number]): boolean => {
    const text = texts.get(`${slo.id}:${version}`);
    return text === undefined || !countsTheSame(JSON.parse(text) as SloDefinition, slo.definition);
  };
  return new Set(moved.filter(isOther).map(({ slo }) => slo.id));
};

const makeTrack = (args: Parameters<typeof createTrack>[0], log: Logger): SloTrack[] => {
  try {
    return [createTrack(args)];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // The configuration is checked before it is applied; one broken SLO must not stop the others.
    log.error({ slo: args.slo.id, error }, "an SLO cannot be evaluated: its definition is not valid");
    return [];
  }
};

/**
 * Makes a track for each SLO in force from what the database holds: how far it was evaluated and which of its pairs
 * fire. Tracks in `kept` that are of the same definition stay as they are.
 */
export const loadTracks = async (args: {
  database: Database;
  pool: BlockPool;
  kept: ReadonlyMap<string, SloTrack>;
  deadlineMs: number;
  log: Logger;
}): Promise<Map<string, SloTrack>> => {
  const { database, pool, kept, deadlineMs, log } = args;
  return database.read(
    async (db) => {
      const slos = await readSlos(db);
      const marks = new Map((await readEvaluationMarks(db)).map((mark) => [mark.sloId, mark]));
      const isKept = (slo: SloRow): boolean => kept.get(slo.id)?.slo.version === slo.version;
      const fresh = slos.filter((slo) => !isKept(slo));
      const states = await readAlertStates(db, fresh);
      const policyNew = await findPolicyNew(db, fresh, marks);
      const tracks = new Map<string, SloTrack>();
      for (const slo of slos) {
        const old = isKept(slo) ? kept.get(slo.id) : undefined;
        // The definition is the same; the service it belongs to may have changed.
        if (old !== undefined) old.slo = slo;
        const through = marks.get(slo.id)?.through ?? null;
        const made =
          old !== undefined
            ? [old]
            : makeTrack(
                {
                  slo,
                  pool,
                  through,
                  isPolicyNew: policyNew.has(slo.id),
                  alerts: states.get(slo.id) ?? new Map<string, AlertState>(),
                },
                log,
              );
        for (const track of made) tracks.set(slo.id, track);
      }
      return tracks;
    },
    { deadlineMs },
  );
};
