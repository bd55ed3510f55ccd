import type { DnsProbeDefinition } from "#lib/core/definitions.ts";
import { DNS_RCODES } from "#lib/core/definitions.ts";
import { excerptOf } from "#lib/core/excerpt.ts";
import type { Phases } from "#lib/core/outcome.ts";
import type { DurationUs } from "#lib/core/units.ts";
import { durationUs } from "#lib/core/units.ts";
import { askDatagram } from "#lib/egress/ask-datagram.ts";
import type { Conversation, Talk } from "#lib/egress/converse.ts";
import { converse } from "#lib/egress/converse.ts";
import type { Failure } from "#lib/egress/types.ts";
import type { Check, CheckDeps } from "./check.ts";
import type { Verdict } from "./conversation-outcome.ts";
import { GOOD, outcomeOfConversation, verdict } from "./conversation-outcome.ts";
import type { DnsAnswer, DnsQuestion } from "./dns-message.ts";
import { encodeQuestion, readMessage } from "./dns-message.ts";

/** When an unanswered question is sent again over UDP. */
const RESEND_AFTER_MS = [1_000, 3_000] as const;
const LENGTH_BYTES = 2;

type Asked = Conversation<DnsAnswer>;
type Ended = Asked["result"];

const protocolError = (detail: string): Failure => ({ kind: "failed", class: "protocol_error", detail });
const done = (value: DnsAnswer): Ended => ({ kind: "done", value });

const askOverUdp = (definition: DnsProbeDefinition, question: DnsQuestion, deps: CheckDeps): Promise<Asked> =>
  askDatagram<DnsAnswer>({
    ...deps,
    host: definition.host,
    port: definition.port,
    timeoutMs: definition.timeoutMs,
    message: encodeQuestion(question),
    resendAfterMs: RESEND_AFTER_MS,
    read: (datagram) => {
      const message = readMessage(datagram, question);
      // Anybody can send datagrams that answer something else: they say nothing about the server.
      if (message.kind === "foreign") return null;
      return message.kind === "broken" ? protocolError(message.reason) : done(message.answer);
    },
  });

const talkAs =
  (question: DnsQuestion) =>
  ({ socket, done: end, fail }: Talk<DnsAnswer>): void => {
    let received = Buffer.alloc(0);
    socket.on("data", (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      if (received.length < LENGTH_BYTES) return;
      const length = received.readUInt16BE();
      if (received.length < LENGTH_BYTES + length) return;
      const message = readMessage(received.subarray(LENGTH_BYTES, LENGTH_BYTES + length), question);
      if (message.kind === "foreign") return fail(protocolError("answer to another question"));
      if (message.kind === "broken") return fail(protocolError(message.reason));
      if (message.answer.isTruncated) return fail(protocolError("truncated over TCP"));
      end(message.answer);
    });
    const query = encodeQuestion(question);
    socket.write(Buffer.concat([Buffer.from([query.length >> 8, query.length & 0xff]), query]));
  };

const askOverStream = (
  { host, port, transport }: DnsProbeDefinition,
  question: DnsQuestion,
  timeoutMs: number,
  deps: CheckDeps,
): Promise<Asked> => {
  const tls = transport === "tls" ? { serverName: host, alpn: ["dot"] } : null;
  return converse({ ...deps, host, port, tls, timeoutMs }, talkAs(question));
};

const sumOf = (a: DurationUs | null, b: DurationUs | null): DurationUs | null =>
  a === null && b === null ? null : durationUs((a ?? 0) + (b ?? 0));
const sumPhases = (a: Phases, b: Phases): Phases => ({
  dns: sumOf(a.dns, b.dns),
  connect: sumOf(a.connect, b.connect),
  tls: sumOf(a.tls, b.tls),
  firstByte: sumOf(a.firstByte, b.firstByte),
  transfer: sumOf(a.transfer, b.transfer),
});

/** Asks once more over TCP when the answer over UDP was cut short (RFC 7766, 5), within the same deadline. */
const ask = async (definition: DnsProbeDefinition, question: DnsQuestion, deps: CheckDeps): Promise<Asked> => {
  if (definition.transport !== "udp") return askOverStream(definition, question, definition.timeoutMs, deps);
  const first = await askOverUdp(definition, question, deps);
  if (first.result.kind === "failed" || !first.result.value.isTruncated) return first;
  const leftMs = Math.max(1, definition.timeoutMs - first.durationUs / 1_000);
  const second = await askOverStream(definition, question, leftMs, deps);
  return {
    ...second,
    durationUs: durationUs(first.durationUs + second.durationUs),
    phasesUs: sumPhases(first.phasesUs, second.phasesUs),
    bytesRead: first.bytesRead + second.bytesRead,
  };
};

const missed = (name: "bad_status" | "body_mismatch", assertion: string, expected: string, seen: string): Verdict => ({
  ...verdict(name, `${assertion}: ${seen}`),
  failures: [{ assertion, expected: excerptOf(expected), seen: excerptOf(seen) }],
});

const judge = ({ rcode, data }: DnsAnswer, { expect, record }: DnsProbeDefinition): Verdict => {
  const name = DNS_RCODES[rcode] ?? `RCODE ${rcode}`;
  if (name !== expect.rcode) return missed("bad_status", "rcode", expect.rcode, name);
  const seen = data.length === 0 ? "none" : data.slice(0, 50).join(", ");
  if (expect.answers === null) {
    return rcode !== 0 || data.length > 0 ? GOOD : missed("body_mismatch", "answers", `a record ${record}`, seen);
  }
  if (expect.answers.length === 0) {
    return data.length === 0 ? GOOD : missed("body_mismatch", "answers", "none", seen);
  }
  const isThere = expect.answers.every((answer) => data.includes(answer));
  return isThere ? GOOD : missed("body_mismatch", "answers", expect.answers.join(", "), seen);
};

/** Asks one resolver one question and judges code and records of its answer. */
export const checkDns: Check<DnsProbeDefinition> = async (definition, deps) => {
  const [high = 0, low = 0] = deps.randomBytes(2);
  const question: DnsQuestion = { id: (high << 8) | low, name: definition.name, record: definition.record };
  const outcome = outcomeOfConversation(await ask(definition, question, deps), {
    judge: (answer) => judge(answer, definition),
    httpStatusOf: () => null,
    assertions: definition.assertions,
    now: deps.clock.now(),
  });
  return { outcome, traceId: null };
};
