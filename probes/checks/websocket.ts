import type { WebsocketProbeDefinition } from "#lib/core/definitions.ts";
import { excerptOf } from "#lib/core/excerpt.ts";
import { unmeasured } from "#lib/core/outcome.ts";
import { rootSpanIdOf, traceparentOf } from "#lib/core/trace-context.ts";
import { hostOf, judgeUrl } from "#lib/egress/judge-url.ts";
import { faultOfHeaders, mergeHeaders } from "#lib/egress/request-headers.ts";
import { BLOCKED } from "#lib/egress/types.ts";
import type { WebsocketAnswer } from "#lib/egress/websocket-call.ts";
import { callWebsocket } from "#lib/egress/websocket-call.ts";
import { matchesPattern } from "#probes/engines/patterns.ts";
import type { Check, CheckDeps } from "./check.ts";
import type { Verdict } from "./conversation-outcome.ts";
import { GOOD, outcomeOfConversation, verdict } from "./conversation-outcome.ts";
import { hexOf } from "./hex-of.ts";
import { authorizationOf } from "./http-target.ts";

/** What one frame of ours can hold. */
const MAX_SENT_BYTES = 65_535;

const judge = (answer: WebsocketAnswer, expect: string | null): Verdict => {
  switch (answer.kind) {
    case "heard":
      return GOOD;
    case "refused": {
      const seen = String(answer.status);
      return {
        ...verdict("bad_status", `status ${seen}`),
        failures: [{ assertion: "status eq", expected: "101", seen }],
      };
    }
    case "closed": {
      const detail = `closed with ${answer.code}`;
      const failure = {
        assertion: "message matches",
        expected: excerptOf(expect ?? ""),
        seen: excerptOf(answer.last ?? detail),
      };
      return { ...verdict("body_mismatch", detail), failures: [failure] };
    }
  }
};

const statusOf = (answer: WebsocketAnswer): number => (answer.kind === "refused" ? answer.status : 101);

/** The URL that this one is judged as: the same rules hold for ws as for http. Null: it is not allowed. */
const judgedUrl = (text: string, { allow }: CheckDeps): URL | null => {
  const asHttp = text.replace(/^ws(s?):/i, "http$1:");
  return asHttp === text || judgeUrl(asHttp, allow).verdict === "deny" ? null : new URL(asHttp);
};

const headersOf = (url: URL, { headers, auth }: WebsocketProbeDefinition, { userAgent }: CheckDeps, traceId: string) =>
  mergeHeaders({ "user-agent": userAgent }, headers, authorizationOf(auth), {
    host: url.host,
    traceparent: traceparentOf(traceId, rootSpanIdOf(traceId)),
  });

/** Upgrades, says `send` and waits for a message in which `expect` is found, each when it is given. */
export const checkWebsocket: Check<WebsocketProbeDefinition> = async (definition, deps) => {
  const { send, expect, timeoutMs, assertions } = definition;
  const url = judgedUrl(definition.url, deps);
  if (url === null) return { outcome: unmeasured(BLOCKED.class, BLOCKED.detail), traceId: null };
  const fault =
    faultOfHeaders(mergeHeaders(definition.headers, authorizationOf(definition.auth))) ??
    (expect !== null && matchesPattern(expect, "") === null ? "cannot judge expect" : null) ??
    (Buffer.byteLength(send ?? "") > MAX_SENT_BYTES ? "message too large to send" : null);
  if (fault !== null) return { outcome: unmeasured("internal_error", fault), traceId: null };
  const isSecure = url.protocol === "https:";
  const traceId = hexOf(deps.randomBytes(16));
  const conversation = await callWebsocket(
    {
      ...deps,
      host: hostOf(url),
      port: Number(url.port || (isSecure ? 443 : 80)),
      tls: isSecure ? { serverName: hostOf(url) } : null,
      timeoutMs,
    },
    {
      path: url.pathname + url.search,
      headers: headersOf(url, definition, deps, traceId),
      send,
      isAwaited:
        expect === null ? null : (message) => matchesPattern(expect, message.slice(0, MAX_SENT_BYTES)) === true,
      randomBytes: deps.randomBytes,
    },
  );
  const outcome = outcomeOfConversation(conversation, {
    judge: (answer) => judge(answer, expect),
    httpStatusOf: statusOf,
    assertions,
    now: deps.clock.now(),
  });
  return { outcome, traceId: conversation.phasesUs.firstByte === null ? null : traceId };
};
