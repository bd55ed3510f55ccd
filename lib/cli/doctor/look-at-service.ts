import type { Database } from "#db/database.ts";
import { readAgentKeys } from "#db/queries/agents.ts";
import { readServiceFacts } from "#db/queries/diagnosis.ts";
import { readLeaseHolder } from "#db/queries/leases.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Finding } from "./finding.ts";
import { ok, problem, warning } from "./finding.ts";

const RUNS_ARE_OLD_AFTER_MS = 5 * 60_000;
const AGENT_IS_SILENT_AFTER_MS = 60_000;
const MOST_CLOCK_OFFSET_MS = 30_000;

const lookAtRuns = (lastRunAt: EpochMs | null, probes: number, now: EpochMs): Finding => {
  if (probes === 0)
    return warning("runs", "no probe is defined", "Write one into nines.yaml; nines.example.yaml has all kinds.");
  if (lastRunAt !== null && now - lastRunAt < RUNS_ARE_OLD_AFTER_MS)
    return ok("runs", `the newest run is ${Math.round((now - lastRunAt) / 1_000)} s old`);
  return problem(
    "runs",
    lastRunAt === null
      ? "no run arrived within the last hour"
      : `the newest run is ${Math.round((now - lastRunAt) / 60_000)} min old`,
    "See whether the role probe or the agents run, and what their logs say.",
  );
};

const lookAtAgents = async (database: Database, now: EpochMs): Promise<Finding[]> => {
  const keys = (await database.read(readAgentKeys)).filter(({ revokedAt }) => revokedAt === null);
  return keys.flatMap(({ locationId, lastSeenAt, clockOffsetMs }) => [
    ...(lastSeenAt !== null && now - lastSeenAt < AGENT_IS_SILENT_AFTER_MS
      ? []
      : [
          problem(
            "agent_silent",
            `the agent of ${locationId} ${lastSeenAt === null ? "was never heard of" : "is silent"}`,
            'Start it there (docs/agents.md), or take its key away with "nines key revoke" so that this installation runs the location.',
          ),
        ]),
    ...(Math.abs(clockOffsetMs ?? 0) <= MOST_CLOCK_OFFSET_MS
      ? []
      : [
          warning(
            "agent_clock",
            `the clock of the agent of ${locationId} is ${Math.round(Math.abs(clockOffsetMs ?? 0) / 1_000)} s off`,
            "Run a time service there.",
          ),
        ]),
  ]);
};

/** What the running service does: a leader, runs that arrive, agents that speak, channels that take what they are sent. */
export const lookAtService = async (database: Database, now: EpochMs): Promise<Finding[]> => {
  const [leader, facts] = [
    await database.read((db) => readLeaseHolder(db, "engine")),
    await database.read((db) => readServiceFacts(db, now)),
  ];
  const findings = [
    leader === null
      ? problem(
          "leader",
          "no engine leads: SLOs are not judged and the page is not renewed",
          "Start an instance with the role engine.",
        )
      : ok("leader", `${leader} leads`),
    lookAtRuns(facts.lastRunAt, facts.probes, now),
    ...(await lookAtAgents(database, now)),
  ];
  if (facts.disabledEndpoints.length > 0)
    findings.push(
      problem(
        "endpoint_disabled",
        `these endpoints are switched off: ${facts.disabledEndpoints.join(", ")}`,
        "Mend the receiver, then enable the endpoint (docs/webhooks.md) and replay what it missed.",
      ),
    );
  if (facts.deadDeliveries > 0)
    findings.push(
      warning(
        "deliveries_dead",
        `${facts.deadDeliveries} deliveries of the last day were given up`,
        "See /v1/deliveries?state=dead for why, and replay them.",
      ),
    );
  return findings;
};
