import type { TlsProbeDefinition, TlsVersion } from "#lib/core/definitions.ts";
import { TLS_VERSIONS } from "#lib/core/definitions.ts";
import { converse } from "#lib/egress/converse.ts";
import type { Check } from "./check.ts";
import type { Verdict } from "./conversation-outcome.ts";
import { GOOD, outcomeOfConversation, verdict } from "./conversation-outcome.ts";

const judgeProtocol = (protocol: string, least: TlsVersion): Verdict =>
  TLS_VERSIONS.indexOf(protocol as TlsVersion) >= TLS_VERSIONS.indexOf(least)
    ? GOOD
    : verdict("tls_error", `protocol ${protocol}`);

/** A handshake and nothing else: chain, host name and dates are judged in it, the protocol and the days left after it. */
export const checkTls: Check<TlsProbeDefinition> = async (definition, deps) => {
  const { host, port, serverName, timeoutMs, minProtocol, assertions } = definition;
  const tls = { serverName };
  const conversation = await converse<string>({ ...deps, host, port, tls, timeoutMs }, ({ socket, done }) =>
    done("getProtocol" in socket && typeof socket.getProtocol === "function" ? String(socket.getProtocol()) : ""),
  );
  const outcome = outcomeOfConversation(conversation, {
    judge: (protocol) => judgeProtocol(protocol, minProtocol),
    httpStatusOf: () => null,
    assertions,
    now: deps.clock.now(),
  });
  return { outcome, traceId: null };
};
