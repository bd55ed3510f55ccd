import { isIP } from "node:net";
import type { GrpcProbeDefinition } from "#lib/core/definitions.ts";
import { excerptOf } from "#lib/core/excerpt.ts";
import { rootSpanIdOf, traceparentOf } from "#lib/core/trace-context.ts";
import type { Http2Answer } from "#lib/egress/http2-call.ts";
import { callHttp2 } from "#lib/egress/http2-call.ts";
import { headerText } from "#lib/egress/response-head.ts";
import type { Check, CheckDeps } from "./check.ts";
import type { Verdict } from "./conversation-outcome.ts";
import { GOOD, outcomeOfConversation, verdict } from "./conversation-outcome.ts";
import { healthCheckRequest, nameOfGrpcCode, SERVING_STATUSES, servingStatusOf, unframe } from "./grpc-message.ts";
import { hexOf } from "./hex-of.ts";

const PATH = "/grpc.health.v1.Health/Check";
/** A health answer has seven bytes; what is far larger is none. */
const MAX_ANSWER_BYTES = 65_536;

const notServing = (seen: string): Verdict => ({
  ...verdict("bad_status", seen),
  failures: [{ assertion: "grpc health eq", expected: "SERVING", seen }],
});

/** grpc-message is percent-encoded UTF-8 (gRPC over HTTP/2, "Responses"). */
const messageOf = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const judgeStatus = ({ headers, trailers }: Http2Answer): Verdict => {
  const fields = headerText(trailers, "grpc-status") === "" ? headers : trailers;
  const text = headerText(fields, "grpc-status");
  if (!/^\d{1,10}$/.test(text))
    return verdict("protocol_error", text === "" ? "no grpc-status" : "invalid grpc-status");
  const code = Number(text);
  if (code === 0) return GOOD;
  const message = excerptOf(messageOf(headerText(fields, "grpc-message")));
  return {
    ...verdict("bad_status", `grpc status ${nameOfGrpcCode(code)}`),
    failures: [
      {
        assertion: "grpc status eq",
        expected: "OK",
        seen: excerptOf(message === "" ? nameOfGrpcCode(code) : `${nameOfGrpcCode(code)}: ${message}`),
      },
    ],
  };
};

const judgeMessage = (body: Buffer): Verdict => {
  const unframed = unframe(body);
  if (unframed.kind === "broken") {
    const isCompressed = unframed.reason === "compressed";
    return verdict(isCompressed ? "decode_error" : "protocol_error", isCompressed ? "compressed" : unframed.reason);
  }
  const status = servingStatusOf(unframed.message);
  if (status === null) return verdict("body_mismatch", "no health answer");
  return status === 1 ? GOOD : notServing(SERVING_STATUSES[status] ?? `serving status ${status}`);
};

/** Judges in the order in which a fault would come about: HTTP, then gRPC, then the message. */
const judge = (answer: Http2Answer): Verdict => {
  if (answer.status !== 200) {
    const seen = String(answer.status);
    return {
      ...verdict("bad_status", `status ${seen}`),
      failures: [{ assertion: "status eq", expected: "200", seen }],
    };
  }
  if (!/^application\/grpc(\+|;|$)/i.test(headerText(answer.headers, "content-type")))
    return verdict("protocol_error", "not gRPC");
  const status = judgeStatus(answer);
  return status.class === "ok" ? judgeMessage(answer.body) : status;
};

const headersOf = (timeoutMs: number, { userAgent }: CheckDeps, traceId: string) => ({
  "content-type": "application/grpc",
  te: "trailers",
  "grpc-timeout": `${Math.max(1, Math.min(99_999_999, Math.floor(timeoutMs)))}m`,
  "user-agent": userAgent,
  traceparent: traceparentOf(traceId, rootSpanIdOf(traceId)),
});

/** Asks `grpc.health.v1.Health/Check` once; the answer must be SERVING. */
export const checkGrpc: Check<GrpcProbeDefinition> = async (definition, deps) => {
  const { host, port, service, tls, timeoutMs, assertions } = definition;
  const { allow, caPem, resolver, signal, clock } = deps;
  const traceId = hexOf(deps.randomBytes(16));
  const conversation = await callHttp2(
    { host, port, tls: tls ? { serverName: host } : null, caPem, timeoutMs, allow, resolver, signal, clock },
    {
      authority: `${isIP(host) === 6 ? `[${host}]` : host}:${port}`,
      method: "POST",
      path: PATH,
      headers: headersOf(timeoutMs, deps, traceId),
      body: healthCheckRequest(service),
      maxBodyBytes: MAX_ANSWER_BYTES,
    },
  );
  const outcome = outcomeOfConversation(conversation, {
    judge,
    httpStatusOf: ({ status }) => status,
    assertions,
    now: clock.now(),
  });
  return { outcome, traceId: conversation.phasesUs.firstByte === null ? null : traceId };
};
