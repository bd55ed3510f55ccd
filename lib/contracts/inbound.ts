import { z } from "zod";
import type { SentAlert } from "#lib/core/inbound/decide.ts";
import { fingerprintOf } from "#lib/core/inbound/fingerprint.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

/**
 * What Prometheus, Alertmanager, Grafana and amtool send. Fields that we do not need are not looked at, and those that
 * only newer releases send are never asked for.
 */

export const ALERTMANAGER_HOOK_PATH = "/hooks/alertmanager";
/** Takes mails that came back, as mail servers write them. */
export const BOUNCE_HOOK_PATH = "/hooks/bounces";
export const ALERTMANAGER_API_PATH = "/alertmanager/api/v2";
/** What one request may hold. */
export const INBOUND_LIMITS = { maxBytes: 8_000_000, maxDepth: 32, maxAlerts: 10_000 } as const;

const MOST_LABELS = 128;
const LONGEST_NAME = 256;
const LONGEST_VALUE = 4_096;
const LONGEST_ANNOTATION = 16_000;

/** PostgreSQL stores neither NUL nor half of a surrogate pair. */
const isStorable = (text: string): boolean => !text.includes("\u0000") && text.isWellFormed();
const NOT_STORABLE = "holds a character that cannot be stored: NUL or half of a surrogate pair";
const labelName = z.string().min(1).max(LONGEST_NAME).refine(isStorable, NOT_STORABLE);
const labels = z
  .record(labelName, z.string().max(LONGEST_VALUE).refine(isStorable, NOT_STORABLE))
  .refine((record) => Object.keys(record).length <= MOST_LABELS, `has more than ${MOST_LABELS} entries`);
const annotations = z
  .record(
    labelName,
    z.string().transform((text) => text.replaceAll("\u0000", "").slice(0, LONGEST_ANNOTATION).toWellFormed()),
  )
  .refine((record) => Object.keys(record).length <= MOST_LABELS, `has more than ${MOST_LABELS} entries`);

/** Go writes instants with any number of digits; the year 1 means none. */
const instant = z
  .string()
  .refine((text) => !Number.isNaN(Date.parse(text)), "is no instant")
  .transform((text) => {
    const at = Date.parse(text);
    return at <= 0 ? null : epochMs(at);
  })
  .nullish();

const PostedAlert = z.looseObject({
  labels,
  annotations: annotations.nullish(),
  startsAt: instant,
  endsAt: instant,
  generatorURL: z.string().max(LONGEST_VALUE).refine(isStorable, NOT_STORABLE).nullish(),
});

const alerts = z.array(z.unknown()).max(INBOUND_LIMITS.maxAlerts);
/** The body of `POST /hooks/alertmanager`: `notification_reason` and `routeLabels` may be there or not. */
export const AlertmanagerHook = z.looseObject({
  version: z.literal("4"),
  alerts,
});
/** The body of `POST /alertmanager/api/v2/alerts`. */
export const PostedAlerts = alerts;

export type ReadAlerts = {
  readonly alerts: readonly SentAlert[];
  /** What was wrong with those that cannot be taken in. */
  readonly faults: readonly string[];
  /** Sent by Nines itself through an Alertmanager: to take them in would send them round in a circle. */
  readonly own: number;
};

const withoutEmpty = (record: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== ""));

const readOne = (raw: unknown, now: EpochMs, isHook: boolean): SentAlert | string => {
  const parsed = PostedAlert.safeParse(raw);
  if (!parsed.success)
    return parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  const { annotations: notes, generatorURL, ...sent } = parsed.data;
  const kept = withoutEmpty(sent.labels);
  if (Object.keys(kept).length === 0) return "labels: at least one is needed";
  // A webhook says in words whether the alert is over; some releases give a firing one an end that is to come.
  const isOver = (raw as { readonly status?: unknown }).status === "resolved";
  const endsAt = isHook && !isOver ? null : (sent.endsAt ?? (isHook ? now : null));
  const startsAt = sent.startsAt ?? (endsAt === null || endsAt > now ? now : endsAt);
  if (endsAt !== null && endsAt < startsAt) return "endsAt: is before startsAt";
  return {
    fingerprint: fingerprintOf(kept),
    labels: kept,
    annotations: withoutEmpty(notes ?? {}),
    startsAt,
    endsAt,
    generatorUrl: generatorURL === undefined || generatorURL === null || generatorURL === "" ? null : generatorURL,
  };
};

/** Reads alerts one by one, as Alertmanager does: what is wrong with one does not keep the others out. */
export const readAlerts = (
  list: readonly unknown[],
  { now, isHook }: { readonly now: EpochMs; readonly isHook: boolean },
): ReadAlerts => {
  const read = list.map((raw) => readOne(raw, now, isHook));
  const taken = read.filter((one): one is SentAlert => typeof one !== "string");
  const foreign = taken.filter((alert) => alert.labels.nines_id === undefined);
  return {
    alerts: foreign,
    faults: read.flatMap((one, index) => (typeof one === "string" ? [`alerts[${index}].${one}`] : [])),
    own: taken.length - foreign.length,
  };
};
