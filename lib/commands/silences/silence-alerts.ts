import type { Tx } from "#db/database.ts";
import { readServices, readSlos } from "#db/queries/config.ts";
import { expireSilenceRow, insertSilence, readSilence } from "#db/queries/silences.ts";
import { assertKnown } from "#lib/commands/assert-known.ts";
import { tellChange } from "#lib/commands/tell-change.ts";
import type { SilenceResource } from "#lib/contracts/silences.ts";
import { silenceResource } from "#lib/contracts/silences.ts";
import type { SilenceMatchers } from "#lib/core/alerting/suppression.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { newId } from "#lib/runtime/ids.ts";

export type SilenceToCreate = SilenceMatchers & {
  readonly startsAt: EpochMs;
  readonly endsAt: EpochMs;
  /** For people; `actor` is for the audit log. */
  readonly author: string;
  readonly comment: string;
  readonly actor: string;
  readonly now: EpochMs;
  readonly randomBytes: RandomBytes;
};

/** What is to be silent for longer should leave the configuration. */
const LONGEST_SILENCE_MS = 90 * DAY_MS;

const assertSpan = ({ startsAt, endsAt, now }: SilenceToCreate): void => {
  if (endsAt <= now) throw new AppError("INVALID_REQUEST", "the silence would be over already");
  if (endsAt <= startsAt) throw new AppError("INVALID_REQUEST", "the silence would end before it starts");
  if (endsAt > addMs(startsAt, LONGEST_SILENCE_MS))
    throw new AppError("INVALID_REQUEST", "a silence lasts 90 days at most");
};

/**
 * Silences alerts for a time: row, audit and event in the caller's transaction. The engine applies it within a second.
 * @throws AppError INVALID_REQUEST: nothing to match, an unknown service or SLO, a span that is none.
 */
export const createSilence = async (tx: Tx, args: SilenceToCreate): Promise<SilenceResource> => {
  const { serviceIds, sloIds, pairs, severities, author, comment, actor, now } = args;
  if (serviceIds.length + sloIds.length + pairs.length + severities.length === 0)
    throw new AppError(
      "INVALID_REQUEST",
      "a silence needs something to match: a service, an SLO, a pair or a severity",
    );
  assertSpan(args);
  if (author.trim() === "" || comment.trim() === "")
    throw new AppError("INVALID_REQUEST", "a silence needs an author and a comment");
  const services = serviceIds.length === 0 ? [] : await readServices(tx);
  const slos = sloIds.length === 0 ? [] : await readSlos(tx);
  assertKnown(serviceIds, services, "service");
  assertKnown(sloIds, slos, "SLO");
  const id = newId("sil", now, args.randomBytes);
  const matchers = { serviceIds, sloIds, pairs, severities };
  const row = { id, ...matchers, startsAt: args.startsAt, endsAt: args.endsAt, author, comment, createdAt: now };
  await insertSilence(tx, row);
  const made = silenceResource({ ...row, expiredAt: null }, now);
  await tellChange(tx, "silence.created", { before: null, after: made }, { actor, now });
  return made;
};

/** Ends a silence now; one that is over stays as it is. @throws AppError NOT_FOUND */
export const expireSilence = async (
  tx: Tx,
  { id, actor, now }: { readonly id: string; readonly actor: string; readonly now: EpochMs },
): Promise<SilenceResource> => {
  const known = await readSilence(tx, id, { lock: true });
  if (known === null) throw new AppError("NOT_FOUND", `there is no silence "${id}"`);
  const before = silenceResource(known, now);
  if (before.state === "expired") return before;
  await expireSilenceRow(tx, { id, now, by: actor });
  const after = silenceResource({ ...known, expiredAt: now }, now);
  await tellChange(tx, "silence.expired", { before, after }, { actor, now });
  return after;
};
