import type { Tx } from "#db/database.ts";
import { readConfigDocument } from "#db/queries/config.ts";
import type { MaintenanceRun } from "#db/queries/maintenance-runs.ts";
import { insertMaintenanceUpdate, lockRun, readOpenRuns, writeRun } from "#db/queries/maintenance-runs.ts";
import type { MaintenanceRow } from "#db/queries/maintenances.ts";
import { readMaintenances } from "#db/queries/maintenances.ts";
import type { Language } from "#lib/core/definitions.ts";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { AUTO_TEXTS } from "#lib/core/maintenance/auto-texts.ts";
import { dueReminder, dueStates } from "#lib/core/maintenance/lifecycle.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import { maintenanceNow, tellMaintenance } from "./maintenance-parts.ts";

const ACTOR = "engine";
/** The longest reminder that a maintenance may have is shorter. */
const LOOKED_AHEAD_MS = 40 * DAY_MS;
const EVENTS = { in_progress: "maintenance.started", completed: "maintenance.completed" } as const;

type Step = { readonly row: MaintenanceRow; readonly run: MaintenanceRun; readonly now: EpochMs };

const tell = async (tx: Tx, type: Parameters<typeof tellMaintenance>[1], step: Step, key: string): Promise<void> => {
  const { row, run, now } = step;
  const after = await maintenanceNow(tx, row, { now, about: run.plannedFor });
  await tellMaintenance(tx, type, { before: null, after }, { actor: ACTOR, now, key });
};

const keyOf = ({ run }: Step): string => new Date(run.plannedFor).toISOString();

/** What is said by itself is said in the page's language, and in the others too. */
const enter = async (
  tx: Tx,
  step: Step,
  state: "in_progress" | "completed",
  language: Language,
): Promise<MaintenanceRun> => {
  const { run, now } = step;
  const { maintenanceId, plannedFor, startsAt, endsAt } = run;
  const entered: MaintenanceRun = {
    ...run,
    state,
    startedAt: run.startedAt ?? startsAt,
    endedAt: state === "completed" ? endsAt : null,
    // What is said of it stands in calendars too.
    sequence: run.sequence + 1,
    updatedAt: now,
  };
  await writeRun(tx, entered);
  // Follows from what happened, so that it is said once.
  const id = `upd_${maintenanceId}_${plannedFor}_${state}`;
  await insertMaintenanceUpdate(tx, {
    id,
    maintenanceId,
    plannedFor,
    status: state,
    body: AUTO_TEXTS[language][state],
    author: ACTOR,
    createdAt: now,
    translations: Object.fromEntries(
      LANGUAGES.filter((other) => other !== language).map((other) => [other, { message: AUTO_TEXTS[other][state] }]),
    ),
  });
  await tell(tx, EVENTS[state], { ...step, run: entered }, keyOf(step));
  return entered;
};

const reminderOf = ({ row, run, now }: Step): number | null => {
  const { reminders, announcedAt, createdAt } = row;
  const toldAt = (announcedAt > createdAt ? announcedAt : createdAt) as EpochMs;
  return dueReminder({ run, reminders, sent: run.remindedMinutes, toldAt, now });
};

/** What is due of one occurrence, after it was locked and looked at again. */
const advance = async (tx: Tx, { row, run, now }: Step, language: Language): Promise<number> => {
  let current = await lockRun(tx, run);
  if (current === null) return 0;
  const states = dueStates(current, now);
  for (const state of states) current = await enter(tx, { row, run: current, now }, state, language);
  const step = { row, run: current, now };
  const minutes = reminderOf(step);
  if (minutes === null) return states.length;
  await writeRun(tx, { ...current, remindedMinutes: minutes });
  await tell(tx, "maintenance.reminder", step, `${keyOf(step)}:${minutes}`);
  return states.length + 1;
};

/**
 * Begins and ends what is due and reminds of what comes, in the caller's transaction under its lease: rows, what the page says,
 * audit and events. Rows are locked and events keyed by the occurrence, so that two leaders tell of each thing once.
 * Returns how many changes there were.
 */
export const advanceMaintenances = async (tx: Tx, now: EpochMs): Promise<number> => {
  const runs = await readOpenRuns(tx, addMs(now, LOOKED_AHEAD_MS));
  if (runs.length === 0) return 0;
  const rows = new Map((await readMaintenances(tx)).map((row) => [row.id, row]));
  const page = (await readConfigDocument(tx))?.page;
  const language = page?.languages[0] ?? "en";
  let changes = 0;
  for (const run of runs) {
    const row = rows.get(run.maintenanceId);
    if (row === undefined) continue;
    const step = { row, run, now };
    if (dueStates(run, now).length === 0 && reminderOf(step) === null) continue;
    changes += await advance(tx, step, language);
  }
  return changes;
};
