import type { Db } from "#db/database.ts";
import type { ServiceState } from "#db/queries/service-states.ts";
import { readFirstMeasured, readLastKnown, readServiceStates } from "#db/queries/service-states.ts";
import type { MeasuredServiceState, PublicServiceState } from "#lib/core/status/severity.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

type KnownState = Exclude<PublicServiceState, "unknown">;

/** The states of all services over the days that the page shows. The publisher is its only writer. */
export type History = {
  readonly rowsOf: (serviceId: string) => readonly ServiceState[];
  readonly firstMeasuredAt: (serviceId: string) => EpochMs | null;
  /** The newest published state that was not unknown; operational before the first. */
  readonly lastKnown: (serviceId: string) => KnownState;
  readonly append: (rows: readonly ServiceState[]) => void;
};

/** The states of services since `from`, as the bars of the page need them; what is published is appended. */
export const readHistory = async (db: Db, from: EpochMs): Promise<History> => {
  const rows = new Map<string, ServiceState[]>();
  const firstMeasured = await readFirstMeasured(db);
  const lastKnown = await readLastKnown(db);
  const append = (states: readonly ServiceState[]): void => {
    for (const state of states) {
      const own = rows.get(state.serviceId);
      if (own === undefined) rows.set(state.serviceId, [state]);
      else own.push(state);
      if (state.published !== "unknown") lastKnown.set(state.serviceId, state.published);
      if (state.measured !== "unknown" && !firstMeasured.has(state.serviceId))
        firstMeasured.set(state.serviceId, state.since);
    }
  };
  append(await readServiceStates(db, from));
  return {
    rowsOf: (serviceId) => rows.get(serviceId) ?? [],
    firstMeasuredAt: (serviceId) => firstMeasured.get(serviceId) ?? null,
    lastKnown: (serviceId) => {
      const state = lastKnown.get(serviceId) ?? "operational";
      return state === "unknown" ? "operational" : state;
    },
    append,
  };
};

/** A change of a service's state: rows to append, and whether the published state differs from what was told last. */
export type Transition = {
  readonly serviceId: string;
  readonly rows: readonly ServiceState[];
  readonly isNews: boolean;
};

/** Nothing watched for longer than this: the time in between is unknown. */
const LONGEST_UNWATCHED_MS = 30_000;

/**
 * What changes for one service. `watchedUntil` is when the newest row was last known to hold. A gap becomes an unknown
 * row of its own, which is no news: what counts is whether the state after it differs from the one before it.
 */
export const transitionOf = (args: {
  readonly serviceId: string;
  readonly history: History;
  readonly watchedUntil: EpochMs | null;
  readonly now: EpochMs;
  readonly measured: MeasuredServiceState;
  readonly published: PublicServiceState;
}): Transition => {
  const { serviceId, history, watchedUntil, now, measured, published } = args;
  const told = history.rowsOf(serviceId).at(-1);
  let last = told;
  const rows: ServiceState[] = [];
  if (
    told !== undefined &&
    watchedUntil !== null &&
    now - watchedUntil > LONGEST_UNWATCHED_MS &&
    told.measured !== "unknown"
  ) {
    last = {
      serviceId,
      since: epochMs(Math.max(watchedUntil, told.since + 1)),
      measured: "unknown",
      published: "unknown",
    };
    rows.push(last);
  }
  const isSame =
    last === undefined ? published === "unknown" : last.measured === measured && last.published === published;
  if (!isSame) {
    rows.push({ serviceId, since: epochMs(Math.max(now, (last?.since ?? 0) + 1)), measured, published });
  }
  const before = told?.published ?? (published === "operational" ? published : "unknown");
  return { serviceId, rows, isNews: rows.length > 0 && before !== published };
};
