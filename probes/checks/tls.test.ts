import { randomBytes } from "node:crypto";
import type { TlsOptions } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import type { TlsProbeDefinition } from "#lib/core/definitions.ts";
import type { OutcomeClass } from "#lib/core/outcome.ts";
import { durationMs } from "#lib/core/units.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { RawServer } from "#test/support/raw-server.ts";
import { pemOf, startRawServer } from "#test/support/raw-server.ts";
import type { CheckDeps } from "./check.ts";
import { checkTls } from "./tls.ts";

const deps: CheckDeps = {
  clock: systemClock,
  randomBytes,
  userAgent: "Nines/test",
  signal: new AbortController().signal,
  allow: ["127.0.0.1/32"],
  caPem: pemOf("ca"),
};

const probe = (port: number, changes: Partial<TlsProbeDefinition> = {}): TlsProbeDefinition => ({
  type: "tls",
  id: "handshake",
  intervalMs: durationMs(30_000),
  timeoutMs: durationMs(5_000),
  locations: ["fra"],
  host: "127.0.0.1",
  port,
  serverName: "target.example",
  minProtocol: "TLSv1.2",
  assertions: [],
  ...changes,
});

let server: RawServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

const shake = async (certificate: string, changes: Partial<TlsProbeDefinition> = {}, tls: TlsOptions = {}) => {
  server = await startRawServer({ serve: () => undefined, certificate, tls });
  return (await checkTls(probe(server.port, changes), deps)).outcome;
};

test("a good handshake is ok, with its phases, address and the end of the certificate", async () => {
  const outcome = await shake("good");
  expect(outcome).toMatchObject({ class: "ok", detail: null, address: "127.0.0.1", bytesRead: 0 });
  expect(outcome.certificateExpiresAt).toBe(Date.UTC(2125, 0, 1));
  expect(outcome.phasesUs.connect).not.toBeNull();
  expect(outcome.phasesUs.tls).toBeGreaterThan(0);
});

test("an address is compared with the addresses of the certificate", async () => {
  expect((await shake("good", { serverName: "127.0.0.1" })).class).toBe("ok");
});

describe("each fault of a certificate has its name", () => {
  test.each([
    ["expired", "CERT_HAS_EXPIRED"],
    ["not-yet-valid", "CERT_NOT_YET_VALID"],
    ["self-signed", "DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["untrusted", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ["wrong-host", "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["weak-rsa", "EE_CERTIFICATE_KEY_TOO_WEAK"],
    ["sha1", "CA_SIGNATURE_DIGEST_ALGORITHM_TOO_WEAK"],
  ])("%s", async (certificate, detail) => {
    // The server itself would refuse to start with the weak ones.
    const outcome = await shake(certificate, {}, { ciphers: "DEFAULT@SECLEVEL=0" });
    expect(outcome).toMatchObject({ class: "tls_error", detail });
  });
});

describe("protocol, days and time", () => {
  const cases: readonly [string, Partial<TlsProbeDefinition>, TlsOptions, OutcomeClass, string | null][] = [
    ["TLS 1.2 is good enough", {}, { maxVersion: "TLSv1.2" }, "ok", null],
    ["unless 1.3 is due", { minProtocol: "TLSv1.3" }, { maxVersion: "TLSv1.2" }, "tls_error", "protocol TLSv1.2"],
    ["which is there", { minProtocol: "TLSv1.3" }, {}, "ok", null],
    ["many days left", { assertions: [{ type: "certificate", op: "ge", value: 14 }] }, {}, "ok", null],
    ["few days left", { assertions: [{ type: "certificate", op: "lt", value: 14 }] }, {}, "tls_error", null],
    ["too slow", { assertions: [{ type: "latency", op: "lt", valueMs: durationMs(0) }] }, {}, "slow", null],
  ];
  test.each(cases)("%s", async (_name, changes, tls, expected, detail) => {
    const outcome = await shake("good", changes, tls);
    expect(outcome.class).toBe(expected);
    if (detail !== null) expect(outcome.detail).toBe(detail);
  });

  test("TLS 1.0 is refused in the handshake", async () => {
    const outcome = await shake(
      "good",
      {},
      { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" },
    );
    expect(outcome.class).toBe("tls_error");
  });

  test("a server that speaks no TLS, or hangs up in the handshake", async () => {
    server = await startRawServer({ serve: (socket) => socket.end("220 mail.example ESMTP\r\n") });
    expect((await checkTls(probe(server.port), deps)).outcome.class).toBe("tls_error");
    await server.close();
    server = await startRawServer({ serve: (socket) => socket.end() });
    expect((await checkTls(probe(server.port), deps)).outcome).toMatchObject({
      class: "tls_error",
      detail: "closed in handshake",
    });
  });
});
