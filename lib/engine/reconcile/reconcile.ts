import { createHash } from "node:crypto";
import type { Database } from "#db/database.ts";
import { storeRound } from "#db/queries/reconcile.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { instantText } from "#lib/contracts/api.ts";
import type { FindingResource, ReconciliationResource } from "#lib/contracts/reconciliation.ts";
import { FINDING_KINDS } from "#lib/contracts/reconciliation.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import type { CallerDeps } from "#lib/egress/call.ts";
import { newId } from "#lib/runtime/ids.ts";
import { gauge } from "#lib/runtime/metrics.ts";
import type { Lease } from "../lease.ts";
import { acquireLease, assertLease, releaseLease } from "../lease.ts";
import { checkAlertmanagers } from "./alertmanagers.ts";
import { checkBuckets } from "./check-buckets.ts";
import { findingOf, leftOf } from "./finding.ts";
import type { StepArgs } from "./outbox.ts";
import {
  checkAlertEvents,
  checkEventDeliveries,
  checkLeases,
  checkOverdue,
  checkSequences,
  checkUntried,
  closeAttempts,
} from "./outbox.ts";

/** A round ends within this; the lease outlives it. */
const ROUND_MS = 60_000;
const LEASE_MS = 120_000;
const BUCKETS_MS = 20_000;
const KEPT_MS = 90 * DAY_MS;

export type ReconcileArgs = {
  readonly database: Database;
  /** Unique to the process. */
  readonly holder: string;
  readonly deps: CallerDeps;
  /** Null: what needs secrets is left out. */
  readonly secretBox: SecretBox | null;
  readonly signal: AbortSignal;
};

type Step = readonly [name: string, run: (signal: AbortSignal) => Promise<readonly (FindingResource | null)[]>];

const stepsOf = ({ database, deps, secretBox }: ReconcileArgs, args: StepArgs): Step[] => {
  const { now } = args;
  const one =
    (check: (args: StepArgs) => Promise<FindingResource | null>): Step[1] =>
    async () => [await check(args)];
  return [
    ["alerts and events", one(checkAlertEvents)],
    ["events and deliveries", one(checkEventDeliveries)],
    ["numbers of deliveries", one(checkSequences)],
    ["windows of deliveries", one(checkOverdue)],
    ["deliveries and attempts", one(checkUntried)],
    ["attempts and outcomes", one(closeAttempts)],
    ["leases", one(checkLeases)],
    [
      "Alertmanager",
      (signal) =>
        secretBox === null ? Promise.resolve([]) : checkAlertmanagers({ database, deps, secretBox, now, signal }),
    ],
    [
      "buckets and runs",
      async (signal) => [
        await checkBuckets(database, { now, signal: AbortSignal.any([signal, AbortSignal.timeout(BUCKETS_MS)]) }),
      ],
    ],
  ];
};

/** Every step is tried, whatever became of the others. */
const runSteps = async (args: ReconcileArgs, step: StepArgs, signal: AbortSignal): Promise<FindingResource[]> => {
  const findings: FindingResource[] = [];
  const failed: string[] = [];
  for (const [name, run] of stepsOf(args, step)) {
    if (signal.aborted) {
      failed.push(`${name}: no time was left`);
      continue;
    }
    try {
      findings.push(...(await run(signal)).filter((finding) => finding !== null));
    } catch (error) {
      args.deps.log.warn({ error, step: name }, "a step of reconciliation failed");
      failed.push(name);
    }
  }
  return [...findings, ...[findingOf("check_failed", failed)].filter((finding) => finding !== null)];
};

/** What is left; known before the first round, so that an alert on it tells zero from nothing. */
export const mismatchesGauge = () =>
  gauge({
    name: "nines_reconciliation_mismatches",
    help: "What the newest reconciliation found and could not mend, by kind.",
    labels: ["kind"],
  });

const showFindings = (findings: readonly FindingResource[], now: EpochMs): void => {
  const left = mismatchesGauge();
  for (const kind of FINDING_KINDS)
    left.set(
      { kind },
      findings.filter((finding) => finding.kind === kind).reduce((sum, finding) => sum + leftOf(finding), 0),
    );
  gauge({
    name: "nines_reconciliation_last_timestamp_seconds",
    help: "When reconciliation last came to its end.",
  }).set(now / 1_000);
};

/** What stays the same is told of once a day. */
const dedupKeyOf = (round: ReconciliationResource): string => {
  const left = round.findings.filter((finding) => leftOf(finding) > 0);
  const what = JSON.stringify(left.map(({ kind, examples }) => [kind, [...examples].sort()]));
  return `reconciliation:${round.startedAt.slice(0, 10)}:${createHash("sha256").update(what).digest("hex")}`;
};

const store = (database: Database, lease: Lease, round: ReconciliationResource, now: EpochMs): Promise<void> =>
  database.transaction(async (tx) => {
    await assertLease(tx, lease);
    const { id, findings } = round;
    const startedAt = Date.parse(round.startedAt) as EpochMs;
    await storeRound(tx, { id, findings, startedAt, finishedAt: now }, addMs(now, -KEPT_MS));
    if (!findings.some((finding) => leftOf(finding) > 0)) return;
    await recordEvent(tx, {
      type: "reconciliation.mismatch",
      subject: id,
      dedupKey: dedupKeyOf(round),
      data: round,
      occurredAt: now,
      notify: null,
      now,
    });
  });

/**
 * Compares what is stored with what should be, mends what is safe to mend, and tells operators of the rest by one event.
 * May be run at any time, by anybody: a lease lets one at a time, every repair has a key that lets it happen once, and a
 * round ends within a minute. Null: another one is at it.
 */
export const reconcileOnce = async (args: ReconcileArgs): Promise<ReconciliationResource | null> => {
  const { database, holder, deps, signal } = args;
  const { clock, log } = deps;
  const lease = await acquireLease(database, { name: "reconcile", holder, ttlMs: LEASE_MS });
  if (lease === null) return null;
  try {
    const now = clock.now();
    const within = AbortSignal.any([signal, AbortSignal.timeout(ROUND_MS)]);
    const findings = await runSteps(args, { database, lease, now }, within);
    const key = `${lease.token}:${now}`;
    const id = newId("rec", now, (size) => createHash("sha256").update(key).digest().subarray(0, size));
    const finishedAt = clock.now();
    const round = { id, startedAt: instantText(now), finishedAt: instantText(finishedAt), findings };
    await store(database, lease, round, finishedAt);
    showFindings(findings, finishedAt);
    if (findings.length > 0) log.warn({ findings }, "reconciliation found what did not agree");
    return round;
  } finally {
    await releaseLease(database, lease).catch((error: unknown) =>
      log.warn({ error }, "the lease of reconciliation could not be released; it will expire"),
    );
  }
};
