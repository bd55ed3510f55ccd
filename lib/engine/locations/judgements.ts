import type { Database } from "#db/database.ts";
import type { AgentLocation } from "#db/queries/agents.ts";
import type { BlindCause, StoredSpan } from "#db/queries/eyesight.ts";
import { readBlindSpans, readReferencesSince } from "#db/queries/eyesight.ts";
import type { CountedVotes } from "#lib/core/location/dissent.ts";
import { comparisonsOf } from "#lib/core/location/dissent.ts";
import type { BlindSpan, Sighting } from "#lib/core/location/eyesight.ts";
import { blindSpans, DISSENT_RULES, decidedFrom, isWithin, REFERENCE_RULES } from "#lib/core/location/eyesight.ts";
import { reconcileSpans } from "#lib/core/location/spans.ts";
import type { Vote } from "#lib/core/outcome.ts";
import { voteOfClass } from "#lib/core/outcome.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, epochMs, SECOND_MS } from "#lib/core/units.ts";
import type { Knowledge } from "../publish/read.ts";
import type { WatchedProbe } from "../publish/watch.ts";
import type { Judgement, Uncounted } from "./types.ts";

/** Runs of a check that are read before the first new one, so that its rows are known. */
const WARM_UP_RUNS = 40;
/** Newest slots of a probe in which dissent is looked for. */
const DISSENT_SLOTS = 10;
const LEAST_LOCATIONS = 3;
/** One probe alone tells as much about its target, seen from there, as about the location: that is a partial outage. */
const LEAST_PROBES = 2;
/** An agent asks for its probes every three seconds. */
const SILENT_AFTER_MS = 30 * SECOND_MS;

type Common = { readonly now: EpochMs; readonly knowledge: Knowledge; readonly spans: readonly StoredSpan[] };

const openSpan = (spans: readonly StoredSpan[], locationNo: number, cause: BlindCause): StoredSpan | undefined =>
  spans.find((span) => span.locationNo === locationNo && span.cause === cause && span.until === null);

const closing = (open: StoredSpan, at: EpochMs): Judgement => {
  const until = epochMs(Math.max(at, open.since + 1));
  const { locationNo, cause, detail, since } = open;
  const isVote = cause !== "silent";
  return {
    locationNo,
    cause,
    detail,
    removed: [],
    written: [{ since, until }],
    touched: isVote ? [{ since: until, until: null }] : [],
  };
};

type SeenCheck = { readonly id: string; readonly sightings: readonly Sighting[] };

const readChecks = async (
  database: Database,
  args: { locationNo: number; checks: readonly { id: string; intervalMs: number }[]; newSince: EpochMs },
): Promise<SeenCheck[]> => {
  const slowestMs = Math.max(...args.checks.map(({ intervalMs }) => intervalMs));
  const since = addMs(args.newSince, -WARM_UP_RUNS * slowestMs);
  const seen = await database.read((db) => readReferencesSince(db, { locationNo: args.locationNo, since }));
  return args.checks.map(({ id }) => ({
    id,
    sightings: seen.flatMap(({ checkId, at, class: name }): Sighting[] => {
      const vote = voteOfClass(name);
      return checkId !== id || vote === "none" ? [] : [{ at, isBad: vote === "bad" }];
    }),
  }));
};

/**
 * Locations whose own reference checks fail. The spans are a function of the reference runs, so runs that come in late
 * change them, back to the beginning of the row that the late ones belong to. `confirmed`: locations that were seen to be
 * blind more than once.
 */
export const judgeReferences = async (
  database: Database,
  { now, knowledge, spans, news }: Common & { readonly news: ReadonlyMap<number, EpochMs> },
): Promise<{ judgements: Judgement[]; confirmed: ReadonlySet<number> }> => {
  const judgements: Judgement[] = [];
  const confirmed = new Set<number>();
  for (const { no: locationNo, referenceChecks, retiredAt } of knowledge.watch.locations) {
    const open = openSpan(spans, locationNo, "reference");
    if (referenceChecks.length === 0 || retiredAt !== null) {
      if (open !== undefined) judgements.push(closing(open, now));
      continue;
    }
    const newSince = news.get(locationNo);
    if (newSince === undefined) continue;
    const checks = await readChecks(database, { locationNo, checks: referenceChecks, newSince });
    const signals = checks.map(({ sightings }) => sightings);
    const from = decidedFrom(signals, newSince, REFERENCE_RULES);
    if (from === null) continue;
    const found = blindSpans(signals, checks.length, REFERENCE_RULES);
    const near = await database.read((db) => readBlindSpans(db, { endedAfter: addMs(from, -1) }));
    const stored = near.filter((span) => span.locationNo === locationNo && span.cause === "reference");
    const change = reconcileSpans(stored, found, from);
    const failing = checks.filter(({ sightings }) => sightings.at(-1)?.isBad === true).map(({ id }) => id);
    const detail = `${failing.length} of ${checks.length} reference checks fail: ${failing.join(", ")}`;
    if (change.written.length > 0 || change.removed.length > 0)
      judgements.push({ locationNo, cause: "reference", detail, ...change });
    const since = found.at(-1)?.until === null ? found.at(-1)?.since : undefined;
    if (since !== undefined && signals.some((sightings) => (sightings.at(-1)?.at ?? since) > since))
      confirmed.add(locationNo);
  }
  return { judgements, confirmed };
};

/** The newest slots of a probe with the votes that count, and that of the location in question. */
const countedSlots = (
  probe: WatchedProbe,
  locationNo: number,
  { knowledge, uncounted }: { knowledge: Knowledge; uncounted: Uncounted },
): CountedVotes[] =>
  knowledge.live
    .slotsOf(probe.no)
    .slice(-DISSENT_SLOTS)
    .map(({ at, reports }) => {
      const votes = new Map<number, Vote>();
      for (const [no, report] of reports) {
        if (no !== locationNo && isWithin(uncounted.get(no), at)) continue;
        votes.set(no, voteOfClass(report.class));
      }
      return { at, votes };
    });

/** Where a location dissents on over half of the probes that it reported on, as of the newest slots. */
const dissentOf = (
  locationNo: number,
  probes: readonly WatchedProbe[],
  context: { knowledge: Knowledge; uncounted: Uncounted },
): { readonly found: readonly BlindSpan[]; readonly total: number; readonly dissenting: number } => {
  const reported = probes
    .map((probe) => countedSlots(probe, locationNo, context))
    .filter((slots) => slots.some(({ votes }) => (votes.get(locationNo) ?? "none") !== "none"));
  const signals = reported.map((slots) => comparisonsOf(slots, locationNo));
  const dissenting = signals.filter((sightings) => sightings.at(-1)?.isBad === true).length;
  const found = reported.length < LEAST_PROBES ? [] : blindSpans(signals, reported.length, DISSENT_RULES);
  return { found, total: reported.length, dissenting };
};

/** Locations that disagree with the strict majority. A location whose own checks fail is not compared as well. */
export const judgeDissent = ({
  now,
  knowledge,
  spans,
  uncounted,
}: Common & { readonly uncounted: Uncounted }): Judgement[] => {
  const { watch } = knowledge;
  const judgements: Judgement[] = [];
  const comparable = watch.probes.some(({ definition }) => definition.locations.length >= LEAST_LOCATIONS);
  for (const { no: locationNo, id } of watch.locations) {
    const open = openSpan(spans, locationNo, "dissent");
    if (openSpan(spans, locationNo, "reference") !== undefined) continue;
    if (!comparable && open === undefined) continue;
    const probes = watch.probes.filter(({ definition }) => definition.locations.includes(id));
    const { found, total, dissenting } = dissentOf(locationNo, probes, { knowledge, uncounted });
    const last = found.at(-1);
    if (open !== undefined && last?.until !== null) {
      const until = last?.until ?? now;
      judgements.push(closing(open, until > open.since ? until : now));
    }
    if (open !== undefined || last?.until !== null) continue;
    const ended = spans.filter((span) => span.locationNo === locationNo && span.cause === "dissent");
    const since = epochMs(Math.max(last.since, ...ended.map((span) => span.until ?? 0)));
    judgements.push({
      locationNo,
      cause: "dissent",
      detail: `it disagrees with the other locations on ${dissenting} of ${total} probes`,
      removed: [],
      written: [{ since, until: null }],
      touched: [{ since, until: null }],
    });
  }
  return judgements;
};

/** Locations whose agent is not heard of. Their votes count when they come; on-call should know that none do. */
export const judgeSilence = ({
  now,
  spans,
  agents,
  watchingSince,
  knowledge,
}: Common & { readonly agents: readonly AgentLocation[]; readonly watchingSince: EpochMs }): Judgement[] => {
  const judgements: Judgement[] = [];
  for (const { no: locationNo, retiredAt } of knowledge.watch.locations) {
    const agent = agents.find((one) => one.locationNo === locationNo);
    const open = openSpan(spans, locationNo, "silent");
    const isOurs = agent === undefined || retiredAt !== null;
    if (open !== undefined) {
      if (isOurs) judgements.push(closing(open, now));
      else if (now - agent.heardAt <= SILENT_AFTER_MS) judgements.push(closing(open, agent.heardAt));
      continue;
    }
    if (isOurs || now - agent.heardAt <= SILENT_AFTER_MS || now - watchingSince <= SILENT_AFTER_MS) continue;
    judgements.push({
      locationNo,
      cause: "silent",
      detail: `its agent was last heard of at ${new Date(agent.heardAt).toISOString()}`,
      removed: [],
      written: [{ since: agent.heardAt, until: null }],
      touched: [],
    });
  }
  return judgements;
};
