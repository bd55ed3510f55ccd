import type { IcmpProbeDefinition } from "#lib/core/definitions.ts";
import type { Outcome } from "#lib/core/outcome.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { durationUs } from "#lib/core/units.ts";
import type { Echo, Pinged, PingPrograms } from "#lib/egress/ping.ts";
import { ping, SYSTEM_PING } from "#lib/egress/ping.ts";
import type { Check } from "./check.ts";
import type { Verdict } from "./conversation-outcome.ts";
import { GOOD, judgeMeasured, verdict } from "./conversation-outcome.ts";

type Answer = Extract<Echo, { kind: "answered" }>;

const meanMs = (answers: readonly Answer[]): number =>
  answers.reduce((sum, { rttMs }) => sum + rttMs, 0) / answers.length;

/** What kept all requests from being answered: the first reason; when some say more than silence, the first of those. */
const judgeSilence = (echoes: readonly Echo[], count: number): Verdict => {
  const failures = echoes.filter((echo) => echo.kind === "failed");
  const reason = failures.find((each) => each.class !== "timeout") ?? failures[0];
  if (reason === undefined) return verdict("internal_error", "nothing was sent");
  if (reason.class !== "timeout" || reason.detail !== "no answer") return verdict(reason.class, reason.detail);
  return verdict("timeout", count === 1 ? "no answer" : `no answer to ${count} requests`);
};

const outcomeOf = (pinged: Pinged, { count, assertions }: IcmpProbeDefinition, now: EpochMs): Outcome => {
  const { echoes, address, dnsUs, elapsedMs } = pinged;
  const answers = echoes.filter((echo) => echo.kind === "answered");
  const rttUs = answers.length === 0 ? null : durationUs(meanMs(answers) * 1_000);
  const measured = { durationUs: rttUs ?? durationUs(elapsedMs * 1_000), certificateExpiresAt: null };
  const judged = rttUs === null ? judgeSilence(echoes, count) : judgeMeasured(GOOD, assertions, measured, now);
  return {
    ...measured,
    ...judged,
    phasesUs: {
      dns: dnsUs,
      connect: null,
      tls: null,
      firstByte: rttUs,
      transfer: null,
    },
    httpStatus: null,
    bytesRead: answers.reduce((sum, { bytes }) => sum + bytes, 0),
    address,
  };
};

/** The check with the programs that it may run. */
export const icmpCheckWith =
  (programs: PingPrograms): Check<IcmpProbeDefinition> =>
  async (definition, deps) => {
    const pinged = await ping({ ...deps, ...definition }, programs);
    return { outcome: outcomeOf(pinged, definition, deps.clock.now()), traceId: null };
  };

/** Echo requests; good when one is answered at least. Its duration is the mean round trip of those that were. */
export const checkIcmp = icmpCheckWith(SYSTEM_PING);
