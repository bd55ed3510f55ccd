import { z } from "zod";
import type { AssertionFailure, Outcome, Run, RunPart } from "#lib/core/outcome.ts";
import { MAX_RUN_PARTS, OUTCOME_CLASSES } from "#lib/core/outcome.ts";
import type { Try } from "#lib/core/tries.ts";
import { MOST_TRIES } from "#lib/core/tries.ts";
import type { DurationUs, EpochMs } from "#lib/core/units.ts";
import { DAY_MS, durationUs, epochMs } from "#lib/core/units.ts";
import { instantText } from "./api.ts";

/** A run lasts as long as its timeout at most, which is a day; what says more is no measurement. */
const LONGEST_US = 2 * DAY_MS * 1_000;
const MAX_TEXT = 4_096;
const MAX_FAILURES = 100;
const MAX_KEY = 200;

const instant = z.iso.datetime({ offset: false }).transform((text, context): EpochMs => {
  const at = Date.parse(text);
  if (Number.isFinite(at)) return epochMs(at);
  context.addIssue({ code: "custom", message: "is no instant" });
  return z.NEVER;
});
const micros = z
  .number()
  .min(0)
  .max(LONGEST_US)
  .transform((us): DurationUs => durationUs(us));
const words = z.string().max(MAX_TEXT);

const phases = z.object({
  dns: micros.nullable(),
  connect: micros.nullable(),
  tls: micros.nullable(),
  firstByte: micros.nullable(),
  transfer: micros.nullable(),
});

const failures = z.array(z.object({ assertion: words, expected: words, seen: words })).max(MAX_FAILURES);
const httpStatus = z.number().int().min(0).max(999).nullable();

// `satisfies` makes a field that is added to a run, and forgotten here, an error.
const outcome = z.object({
  class: z.enum(OUTCOME_CLASSES),
  detail: words.nullable(),
  durationUs: micros,
  phasesUs: phases,
  httpStatus,
  bytesRead: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  address: z.string().max(64).nullable(),
  certificateExpiresAt: instant.nullable(),
  failures,
} satisfies Record<keyof Outcome, z.ZodType>);

const part = z.object({
  key: z.string().min(1).max(MAX_KEY),
  name: words,
  ...outcome.pick({ class: true, detail: true, durationUs: true, httpStatus: true, failures: true }).shape,
} satisfies Record<keyof RunPart, z.ZodType>);

/** One run on the wire: instants as text, all else as in lib/core/outcome.ts. */
const run = z.object({
  probeId: z.string().min(1).max(128),
  locationId: z.string().min(1).max(128),
  scheduledAt: instant,
  startedAt: instant,
  traceId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .nullable(),
  outcome,
  parts: z.array(part).max(MAX_RUN_PARTS).optional(),
} satisfies Record<keyof Run, z.ZodType>);

/** A re-check on the wire: the fields of a run and its number. */
const tried = run.omit({ parts: true }).extend({ number: z.number().int().min(2).max(MOST_TRIES) });

/** A try of a push; null when it is none. */
export const readPushedTry = (value: unknown): Try | null => {
  const parsed = tried.safeParse(value);
  if (!parsed.success) return null;
  const { number, ...rest } = parsed.data;
  return { number, run: rest };
};

/** The form of a run in a push, for the description of the API. */
export const PushedRun = run.meta({ id: "PushedRun", description: "A run as the agent of a location saw it" });

/** A run of a push, or in a few words why it is none: the first field that cannot be. */
export const readPushedRun = (value: unknown): { readonly run: Run } | { readonly fault: string } => {
  const parsed = run.safeParse(value);
  if (parsed.success) return { run: parsed.data };
  const issue = parsed.error.issues[0];
  const place = issue?.path.map(String).join(".") ?? "";
  return { fault: `invalid: ${place === "" ? "run" : place}` };
};

const instantOrNull = (at: EpochMs | null): string | null => (at === null ? null : instantText(at));
const cut = (text: string): string => (text.length <= MAX_TEXT ? text : text.slice(0, MAX_TEXT));

const cutOrNull = (text: string | null): string | null => (text === null ? null : cut(text));
const pushedFailures = (list: readonly AssertionFailure[]): z.input<typeof failures> =>
  list.slice(0, MAX_FAILURES).map(({ assertion, expected, seen }) => ({
    assertion: cut(assertion),
    expected: cut(expected),
    seen: cut(seen),
  }));

const pushedOutcome = (value: Outcome): z.input<typeof outcome> => ({
  ...value,
  detail: cutOrNull(value.detail),
  certificateExpiresAt: instantOrNull(value.certificateExpiresAt),
  failures: pushedFailures(value.failures),
});

const pushedPart = (value: RunPart): z.input<typeof part> => ({
  ...value,
  key: value.key.slice(0, MAX_KEY),
  name: cut(value.name),
  detail: cutOrNull(value.detail),
  failures: pushedFailures(value.failures),
});

/** A run as an agent pushes it. */
export const pushedRun = ({ parts, ...value }: Run): z.input<typeof run> => ({
  ...value,
  scheduledAt: instantText(value.scheduledAt),
  startedAt: instantText(value.startedAt),
  outcome: pushedOutcome(value.outcome),
  ...(parts === undefined ? {} : { parts: parts.slice(0, MAX_RUN_PARTS).map(pushedPart) }),
});

/** A try as an agent pushes it. */
export const pushedTry = ({ number, run: value }: Try): z.input<typeof tried> => ({ number, ...pushedRun(value) });
