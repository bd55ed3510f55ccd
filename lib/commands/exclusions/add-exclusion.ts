import type { Tx } from "#db/database.ts";
import { readActiveProbes, readServices, readSlos } from "#db/queries/config.ts";
import type { ExclusionScope } from "#db/queries/exclusions.ts";
import { insertExclusion } from "#db/queries/exclusions.ts";
import { assertKnown } from "#lib/commands/assert-known.ts";
import { tellChange } from "#lib/commands/tell-change.ts";
import type { ExclusionResource } from "#lib/contracts/exclusions.ts";
import { exclusionResource } from "#lib/contracts/exclusions.ts";
import { AppError } from "#lib/core/errors.ts";
import type { ExclusionKind } from "#lib/core/slo/exclusions.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, HOUR_MS } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { newId } from "#lib/runtime/ids.ts";

export type ExclusionToAdd = {
  readonly scope: ExclusionScope;
  /** Left out: `announced` for what is to come, `retroactive` for what has begun. */
  readonly kind?: ExclusionKind | undefined;
  readonly startsAt: EpochMs;
  readonly endsAt: EpochMs;
  readonly reason: string;
  /** The principal: nobody may approve what they asked for themselves. */
  readonly author: string;
  readonly actor: string;
  readonly now: EpochMs;
  readonly randomBytes: RandomBytes;
};

const LONGEST_MS = 366 * DAY_MS;
/** Nobody writes anything down in the first minutes of an emergency; hours later it is a decision about the past. */
const LATEST_EMERGENCY_MS = 2 * HOUR_MS;

const assertScope = async (tx: Tx, scope: ExclusionScope): Promise<void> => {
  if ("sloId" in scope) assertKnown([scope.sloId], await readSlos(tx), "SLO");
  else if ("serviceId" in scope) assertKnown([scope.serviceId], await readServices(tx), "service");
  else {
    const probes = (await readActiveProbes(tx, null)).map(({ definition }) => definition);
    assertKnown([scope.probeId], probes, "probe");
  }
};

const kindOf = ({ kind, startsAt, now }: ExclusionToAdd): ExclusionKind => {
  if (kind === undefined) return startsAt >= now ? "announced" : "retroactive";
  if (kind === "announced" && startsAt < now)
    throw new AppError(
      "INVALID_REQUEST",
      "what has begun already cannot be announced: it is emergency, or retroactive and needs a second person",
    );
  if (kind === "retroactive" && startsAt >= now)
    throw new AppError("INVALID_REQUEST", "what is to come is announced, not retroactive");
  if (kind === "emergency" && addMs(startsAt, LATEST_EMERGENCY_MS) < now)
    throw new AppError(
      "INVALID_REQUEST",
      "an emergency is entered within two hours of its start; what is older is retroactive and needs a second person",
    );
  return kind;
};

const assertSpan = ({ startsAt, endsAt }: ExclusionToAdd): void => {
  if (endsAt <= startsAt) throw new AppError("INVALID_REQUEST", "the exclusion would end before it starts");
  if (endsAt > addMs(startsAt, LONGEST_MS))
    throw new AppError("INVALID_REQUEST", "an exclusion lasts 366 days at most");
};

/**
 * Adds an exclusion: row, audit and event in the caller's transaction. The engine recomputes what it changes within a
 * second. @throws AppError INVALID_REQUEST: an unknown scope, a span that is none, a kind that does not fit the span.
 */
export const addExclusion = async (tx: Tx, args: ExclusionToAdd): Promise<ExclusionResource> => {
  const { scope, startsAt, endsAt, author, actor, now } = args;
  const reason = args.reason.trim();
  if (reason === "") throw new AppError("INVALID_REQUEST", "an exclusion needs a reason");
  assertSpan(args);
  const kind = kindOf(args);
  await assertScope(tx, scope);
  const id = newId("exc", now, args.randomBytes);
  const row = { id, scope, kind, startsAt, endsAt, reason, author, createdAt: now };
  await insertExclusion(tx, row);
  const open = { approvedBy: null, approvedAt: null, revokedAt: null, revokedBy: null };
  const made = exclusionResource({ ...row, ...open }, null);
  await tellChange(tx, "exclusion.created", { before: null, after: made }, { actor, now });
  return made;
};
