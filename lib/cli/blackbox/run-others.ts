import { durationMs } from "#lib/core/units.ts";
import { askDatagram } from "#lib/egress/ask-datagram.ts";
import { converse } from "#lib/egress/converse.ts";
import { ping } from "#lib/egress/ping.ts";
import type { HandshakeFacts } from "#lib/egress/tls-facts.ts";
import { handshakeFactsOf } from "#lib/egress/tls-facts.ts";
import type { BlackboxFacts, BlackboxTarget } from "#lib/web/inbound/blackbox-facts.ts";
import { encodeQuestion, readMessage } from "#probes/checks/dns-message.ts";
import { checkGrpc } from "#probes/checks/grpc.ts";
import { nameOfGrpcCode } from "#probes/checks/grpc-message.ts";
import type { BlackboxDeps } from "./deps.ts";
import { secondsOf, wordsOf } from "./deps.ts";

type Of<Module extends BlackboxTarget["module"]> = Extract<BlackboxTarget, { readonly module: Module }>;
type Limits = { readonly timeoutMs: number; readonly allow: readonly string[] };

/** A connection and nothing else, with a handshake where it is asked for. */
export const runConnect = async (
  { module, host, port }: Of<"tcp_connect" | "tls_connect">,
  limits: Limits,
  { clock, signal, caPem }: BlackboxDeps,
): Promise<BlackboxFacts> => {
  let handshake: HandshakeFacts | null = null;
  const tls = module === "tls_connect" ? { serverName: host } : null;
  const { result, durationUs, phasesUs, address } = await converse<null>(
    {
      host,
      port,
      tls,
      caPem,
      ...limits,
      signal,
      clock,
      onSecure: (socket) => {
        handshake = handshakeFactsOf(socket);
      },
    },
    ({ done }) => done(null),
  );
  return {
    isGood: result.kind === "done",
    words: wordsOf(result),
    durationSeconds: secondsOf(durationUs),
    lookupSeconds: secondsOf(phasesUs.dns),
    address,
    tls: handshake,
  };
};

const RESEND_AFTER_MS = [1_000, 3_000] as const;
const NOERROR = 0;

/** One question for an address over UDP; good when it is answered without an error. */
export const runDns = async (
  { host, port, name }: Of<"dns">,
  limits: Limits,
  { clock, signal, randomBytes }: BlackboxDeps,
): Promise<BlackboxFacts> => {
  const [high = 0, low = 0] = randomBytes(2);
  const question = { id: high * 256 + low, name, record: "A" } as const;
  const asked = await askDatagram<{ rcode: number; counts: readonly number[] }>({
    host,
    port,
    ...limits,
    signal,
    clock,
    message: encodeQuestion(question),
    resendAfterMs: RESEND_AFTER_MS,
    read: (datagram) => {
      const message = readMessage(datagram, question);
      if (message.kind === "foreign") return null;
      if (message.kind === "broken") return { kind: "failed", class: "protocol_error", detail: message.reason };
      // RFC 1035, 4.1.1: the last three numbers of the header.
      const counts = [6, 8, 10].map((offset) => datagram.readUInt16BE(offset));
      return { kind: "done", value: { rcode: message.answer.rcode, counts } };
    },
  });
  const { result, durationUs, phasesUs, address } = asked;
  const [answers = 0, authorities = 0, additional = 0] = result.kind === "done" ? result.value.counts : [];
  return {
    isGood: result.kind === "done" && result.value.rcode === NOERROR,
    words: result.kind === "done" ? `rcode ${result.value.rcode}` : wordsOf(result),
    durationSeconds: secondsOf(durationUs),
    lookupSeconds: secondsOf(phasesUs.dns),
    address,
    tls: null,
    dns: {
      phases: {
        connect: secondsOf(phasesUs.connect),
        request: secondsOf(phasesUs.firstByte) + secondsOf(phasesUs.transfer),
        resolve: secondsOf(phasesUs.dns),
      },
      isAnswered: result.kind === "done",
      answers,
      authorities,
      additional,
    },
  };
};

const common = (timeoutMs: number) => ({
  id: "blackbox",
  intervalMs: durationMs(timeoutMs),
  timeoutMs: durationMs(timeoutMs),
  locations: [],
  assertions: [],
});

/** One echo request. */
export const runIcmp = async (
  { host }: Of<"icmp">,
  { timeoutMs, allow }: Limits,
  { clock, signal }: BlackboxDeps,
): Promise<BlackboxFacts> => {
  const { echoes, address, dnsUs, elapsedMs } = await ping({ host, count: 1, timeoutMs, allow, signal, clock });
  const echo = echoes[0];
  const answer = echo?.kind === "answered" ? echo : null;
  const resolve = secondsOf(dnsUs);
  const rtt = (answer?.rttMs ?? 0) / 1_000;
  return {
    isGood: answer !== null,
    words: wordsOf(echo),
    durationSeconds: answer === null ? elapsedMs / 1_000 : resolve + rtt,
    lookupSeconds: resolve,
    address,
    tls: null,
    icmp: { phases: { resolve, rtt, setup: 0 }, hopLimit: answer?.hopLimit ?? null },
  };
};

/** gRPC's own numbers (statuscodes.md). */
const HIGHEST_CODE = 16;
const UNAVAILABLE = 14;

const statusCodeOf = (isGood: boolean, serving: string | null, detail: string | null): number => {
  if (isGood || serving !== null) return 0;
  const codes = Array.from({ length: HIGHEST_CODE + 1 }, (_, code) => code);
  return codes.find((code) => detail === `grpc status ${nameOfGrpcCode(code)}`) ?? UNAVAILABLE;
};

/** The health service of the server as a whole. */
export const runGrpc = async (
  { module, host, port }: Of<"grpc" | "grpc_plain">,
  { timeoutMs, allow }: Limits,
  deps: BlackboxDeps,
): Promise<BlackboxFacts> => {
  const tls = module === "grpc";
  const definition = { ...common(timeoutMs), type: "grpc", host, port, service: "", tls } as const;
  const { outcome } = await checkGrpc(definition, { ...deps, allow });
  const { phasesUs, detail, failures, certificateExpiresAt } = outcome;
  const isGood = outcome.class === "ok";
  const said = failures.find(({ assertion }) => assertion.startsWith("grpc health"))?.seen ?? null;
  const serving = isGood ? "SERVING" : said;
  return {
    isGood,
    words: wordsOf(outcome),
    durationSeconds: secondsOf(outcome.durationUs),
    lookupSeconds: secondsOf(phasesUs.dns),
    address: outcome.address,
    tls: null,
    grpc: {
      phases: {
        check: secondsOf(phasesUs.firstByte) + secondsOf(phasesUs.transfer),
        connect: secondsOf(phasesUs.connect),
        resolve: secondsOf(phasesUs.dns),
        tls: secondsOf(phasesUs.tls),
      },
      statusCode: statusCodeOf(isGood, serving, detail),
      isSecure: tls && certificateExpiresAt !== null,
      serving,
      certificateExpiry: certificateExpiresAt === null ? 0 : Math.floor(certificateExpiresAt / 1_000),
    },
  };
};
