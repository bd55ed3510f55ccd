import type { ProbeDefinition, ProbeType } from "#lib/core/definitions.ts";
import { unmeasured } from "#lib/core/outcome.ts";
import type { Check, CheckDeps, CheckResult } from "./check.ts";
import { checkDns } from "./dns.ts";
import { checkGrpc } from "./grpc.ts";
import { checkHealthJson } from "./health-json.ts";
import { hideSecrets } from "./hide-secrets.ts";
import { checkHttp } from "./http.ts";
import { httpTargetOf } from "./http-target.ts";
import { checkIcmp } from "./icmp.ts";
import { checkJourney } from "./journey.ts";
import { checkTcp } from "./tcp.ts";
import { checkTls } from "./tls.ts";
import { checkWebsocket } from "./websocket.ts";

type DefinitionOf<Type extends ProbeType> = Extract<ProbeDefinition, { type: Type }>;

/** What is asked for; heartbeats are pushed to us, and their runs are made from what came. */
export type AskingType = Exclude<ProbeType, "heartbeat">;

/** Every type of check; one line each. The conformance suite runs all of them. */
export const CHECKS: { readonly [Type in AskingType]: Check<DefinitionOf<Type>> } = {
  http: (definition, deps) => checkHttp(httpTargetOf(definition, deps), deps),
  tcp: checkTcp,
  tls: checkTls,
  dns: checkDns,
  icmp: checkIcmp,
  grpc: checkGrpc,
  websocket: checkWebsocket,
  health_json: checkHealthJson,
  journey: checkJourney,
};

const NOT_ASKED: CheckResult = { outcome: unmeasured("skipped", "pushed, not asked for"), traceId: null };

/** Runs a probe of any type once; its secrets are not in what comes back. A heartbeat is skipped: there is nobody to ask. */
export const runCheck = async (definition: ProbeDefinition, deps: CheckDeps): Promise<CheckResult> => {
  if (definition.type === "heartbeat") return NOT_ASKED;
  return hideSecrets(definition, await (CHECKS[definition.type] as Check<ProbeDefinition>)(definition, deps));
};
