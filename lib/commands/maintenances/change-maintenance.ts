import type { Tx } from "#db/database.ts";
import type { MaintenanceRun } from "#db/queries/maintenance-runs.ts";
import {
  bumpSequence,
  insertMaintenanceUpdate,
  readRuns,
  writeMaintenanceText,
  writeRun,
} from "#db/queries/maintenance-runs.ts";
import type { MaintenanceRow } from "#db/queries/maintenances.ts";
import type { EventType } from "#lib/contracts/events.ts";
import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import type { MaintenanceMessages, MaintenanceTexts } from "#lib/core/maintenance/definition.ts";
import type { RunState } from "#lib/core/maintenance/lifecycle.ts";
import { mayBecome, stateAt } from "#lib/core/maintenance/lifecycle.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, MINUTE_MS } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { newId } from "#lib/runtime/ids.ts";
import {
  assertNotOfFile,
  lockMaintenance,
  lockRun,
  maintenanceNow,
  tellMaintenance,
  withTexts,
} from "./maintenance-parts.ts";
import { setTimes } from "./move-occurrence.ts";

/** Who changes which occurrence, and when. */
export type Change = {
  readonly id: string;
  /** Left out: what is under way, else what comes next. */
  readonly plannedFor?: EpochMs | undefined;
  readonly by: string;
  readonly actor: string;
  readonly now: EpochMs;
};

/** "Now" may have been said a moment ago. */
const SLACK_MS = MINUTE_MS;

const open = async (tx: Tx, { id, plannedFor, now }: Change) => {
  const row = await lockMaintenance(tx, id);
  const run = await lockRun(tx, row, { plannedFor, now });
  const before = await maintenanceNow(tx, row, { now, about: run.plannedFor });
  return { row, run, before };
};

const close = async (
  tx: Tx,
  type: EventType,
  args: Change & { readonly before: MaintenanceResource; readonly run: MaintenanceRun },
): Promise<MaintenanceResource> => {
  const { id, now, run, before, actor } = args;
  await bumpSequence(tx, id, now);
  const after = await maintenanceNow(tx, await lockMaintenance(tx, id), { now, about: run.plannedFor });
  const key = `${new Date(run.plannedFor).toISOString()}:${after.sequence}`;
  await tellMaintenance(tx, type, { before, after }, { actor, now, key });
  return after;
};

/** The event that tells of a state. Beginning and end are told once for each occurrence, whoever brings them about. */
const EVENT_OF: Readonly<Partial<Record<RunState, EventType>>> = {
  in_progress: "maintenance.started",
  completed: "maintenance.completed",
};

const enter = async (
  tx: Tx,
  args: { row: MaintenanceRow; run: MaintenanceRun; to: RunState; by: string; now: EpochMs },
): Promise<MaintenanceRun> => {
  const { row, run, to, by, now } = args;
  let next = run;
  if (to === "in_progress" && run.startsAt > now)
    next = await setTimes(tx, { row, run, startsAt: now, endsAt: run.endsAt, by, now });
  if (to === "completed" && run.endsAt > now)
    next = await setTimes(tx, { row, run, startsAt: run.startsAt, endsAt: now, by, now });
  const written: MaintenanceRun = {
    ...next,
    state: to,
    sequence: next.sequence + 1,
    startedAt: next.startedAt ?? (to === "scheduled" ? null : next.startsAt),
    endedAt: to === "completed" ? (next.endedAt ?? now) : null,
    updatedAt: now,
  };
  await writeRun(tx, written);
  return written;
};

/**
 * Says something of an occurrence and, with a status, puts it into that state: work may begin early, be verified, and end early;
 * its exclusions follow. @throws AppError NOT_FOUND, CONFLICT for a state that it cannot be put into.
 */
export const addMaintenanceUpdate = async (
  tx: Tx,
  args: Change & {
    readonly message: string;
    readonly status?: RunState | undefined;
    readonly translations?: MaintenanceMessages | undefined;
    readonly randomBytes: RandomBytes;
  },
): Promise<MaintenanceResource> => {
  const { message, by, now, randomBytes } = args;
  const { row, run, before } = await open(tx, args);
  const state = stateAt(run, now);
  const to = args.status ?? state;
  if (!mayBecome(state, to))
    throw new AppError(
      "CONFLICT",
      `an occurrence that is ${state.replaceAll("_", " ")} cannot become ${to.replaceAll("_", " ")}`,
    );
  const changed = await enter(tx, { row, run, to, by, now });
  const { id: maintenanceId } = row;
  const id = newId("upd", now, randomBytes);
  const { plannedFor } = run;
  await insertMaintenanceUpdate(tx, {
    id,
    maintenanceId,
    plannedFor,
    status: to,
    body: message,
    author: by,
    createdAt: now,
    translations: args.translations ?? {},
  });
  const isNewState = run.state !== to;
  return close(tx, (isNewState ? EVENT_OF[to] : undefined) ?? "maintenance.updated", { ...args, before, run: changed });
};

/**
 * Moves an occurrence that has not begun, or changes the end of one that has. Nothing that has passed can be added.
 * @throws AppError NOT_FOUND, INVALID_REQUEST, CONFLICT when it is over or canceled.
 */
export const rescheduleMaintenance = async (
  tx: Tx,
  args: Change & { readonly startsAt?: EpochMs | undefined; readonly endsAt?: EpochMs | undefined },
): Promise<MaintenanceResource> => {
  const { by, now } = args;
  const { row, run, before } = await open(tx, args);
  const state = stateAt(run, now);
  if (state === "completed" || state === "canceled") throw new AppError("CONFLICT", `the occurrence is ${state}`);
  const startsAt = args.startsAt ?? run.startsAt;
  const endsAt = args.endsAt ?? addMs(startsAt, run.endsAt - run.startsAt);
  if (endsAt <= startsAt) throw new AppError("INVALID_REQUEST", "endsAt must be after startsAt");
  if (startsAt !== run.startsAt && state !== "scheduled")
    throw new AppError("CONFLICT", "the occurrence has begun: only its end can be changed");
  if (startsAt !== run.startsAt && startsAt < addMs(now, -SLACK_MS))
    throw new AppError("INVALID_REQUEST", "what was planned cannot be moved into the past");
  if (endsAt < addMs(now, -SLACK_MS)) throw new AppError("INVALID_REQUEST", "the end cannot be moved into the past");
  const moved = await setTimes(tx, { row, run, startsAt, endsAt, by, now });
  if (moved === run) return before;
  return close(tx, "maintenance.updated", { ...args, before, run: moved });
};

/** The database keeps keys in an order of its own. */
const sorted = (texts: MaintenanceTexts) =>
  LANGUAGES.map((language) => [language, texts[language]?.title ?? null, texts[language]?.body ?? null]);

/**
 * Changes what people read. Nothing given: nothing happens. Of translations a language that is given is given whole.
 * @throws AppError NOT_FOUND
 */
export const editMaintenance = async (
  tx: Tx,
  args: Omit<Change, "plannedFor"> &
    Partial<Pick<MaintenanceRow, "title" | "body" | "impact" | "reminders">> & {
      readonly translations?: MaintenanceTexts | undefined;
    },
): Promise<MaintenanceResource> => {
  const { id, now, actor } = args;
  const row = await lockMaintenance(tx, id);
  assertNotOfFile(row, actor, "change it");
  const before = await maintenanceNow(tx, row, { now });
  const { title = row.title, body = row.body, impact = row.impact, reminders = row.reminders } = args;
  const translations = withTexts(row.translations, args.translations);
  const same = JSON.stringify([row.title, row.body, row.impact, row.reminders, sorted(row.translations)]);
  if (JSON.stringify([title, body, impact, reminders, sorted(translations)]) === same) return before;
  await writeMaintenanceText(tx, { id, title, body, impact, reminders, translations, now });
  for (const run of await readRuns(tx, { maintenanceIds: [id], endedAfter: now, lock: true }))
    await writeRun(tx, { ...run, sequence: run.sequence + 1, updatedAt: now });
  const after = await maintenanceNow(tx, await lockMaintenance(tx, id), { now });
  await tellMaintenance(tx, "maintenance.updated", { before, after }, { actor, now, key: `text:${after.sequence}` });
  return after;
};
