import { createServer as createTlsServer } from "node:tls";
import { Server as GrpcServer, ServerCredentials } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import type { GrpcProbeDefinition } from "#lib/core/definitions.ts";
import { durationMs } from "#lib/core/units.ts";
import { checkGrpc } from "#probes/checks/grpc.ts";
import type { Listener } from "#test/support/check-world.ts";
import { checkDeps, listenOn, testCheckGuarantees, tlsFixture } from "#test/support/check-world.ts";
import { probe } from "#test/support/grpc-probe.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});
const keep = <L extends Listener>(listener: L): L => {
  closing.push(listener.close);
  return listener;
};

/** The health service of a server of another make, answering with a status by the name of the service. */
const startGrpc = async (secure: boolean): Promise<{ port: number; metadata: Record<string, unknown>[] }> => {
  const metadata: Record<string, unknown>[] = [];
  const bytes = (value: Buffer) => value;
  const server = new GrpcServer();
  const definition = {
    Check: {
      path: "/grpc.health.v1.Health/Check",
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    },
  };
  server.addService(definition, {
    Check: (
      call: { request: Buffer; metadata: { getMap: () => Record<string, unknown> } },
      answer: (error: object | null, value?: Buffer) => void,
    ) => {
      metadata.push(call.metadata.getMap());
      const service = call.request.subarray(call.request.length > 129 ? 3 : 2).toString("utf8");
      if (service === "gone") return answer({ code: 5, details: "unknown service" });
      if (service === "secret") return answer({ code: 7, details: "no access" });
      const statuses: Record<string, number> = {
        "": 1,
        down: 2,
        unknown: 0,
        unwatched: 3,
        ["long-name".repeat(40)]: 1,
      };
      const status = statuses[service] ?? 9;
      return answer(null, status === 0 ? Buffer.alloc(0) : Buffer.from([8, status]));
    },
  });
  const { cert, key } = tlsFixture("good");
  const credentials = secure
    ? ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }])
    : ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error === null ? resolve(bound) : reject(error))),
  );
  closing.push(async () => server.forceShutdown());
  return { port, metadata };
};

describe("the health service of another implementation", () => {
  test.each([
    ["", "ok", null],
    ["long-name".repeat(40), "ok", null],
    ["down", "bad_status", "NOT_SERVING"],
    ["unknown", "bad_status", "UNKNOWN"],
    ["unwatched", "bad_status", "SERVICE_UNKNOWN"],
    ["odd", "bad_status", "serving status 9"],
    ["gone", "bad_status", "grpc status NOT_FOUND"],
    ["secret", "bad_status", "grpc status PERMISSION_DENIED"],
  ])("service %j is %s", async (service, name, detail) => {
    const { port } = await startGrpc(false);
    const { outcome } = await checkGrpc(probe({ port, service }), checkDeps());
    expect(outcome).toMatchObject({ class: name, detail, httpStatus: 200, address: "127.0.0.1" });
    expect(outcome.failures).toHaveLength(name === "ok" ? 0 : 1);
  });

  test("it answers over TLS too, with every phase timed, the certificate seen and the trace id sent", async () => {
    const { port, metadata } = await startGrpc(true);
    const { outcome, traceId } = await checkGrpc(probe({ port, tls: true }), checkDeps());
    expect(outcome).toMatchObject({ class: "ok", detail: null, bytesRead: expect.any(Number) });
    expect(outcome.certificateExpiresAt).toBeGreaterThan(Date.UTC(2100, 0));
    for (const phase of ["dns", "connect", "tls", "firstByte", "transfer"] as const)
      expect(outcome.phasesUs[phase], phase).not.toBeNull();
    expect(metadata[0]?.["traceparent"]).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
  });

  test("assertions on certificate and latency are judged, and what the service says comes first", async () => {
    const { port } = await startGrpc(true);
    const late = { type: "latency", op: "lt", valueMs: durationMs(0) } as const;
    const young = { type: "certificate", op: "lt", value: 10 } as const;
    const of = async (changes: Partial<GrpcProbeDefinition>) =>
      (await checkGrpc(probe({ port, tls: true, ...changes }), checkDeps())).outcome;
    expect(await of({ assertions: [late] })).toMatchObject({ class: "slow" });
    expect(await of({ assertions: [late, young] })).toMatchObject({ class: "tls_error" });
    const down = await of({ service: "down", assertions: [late] });
    expect(down.class).toBe("bad_status");
    expect(down.failures).toHaveLength(2);
  });

  test("a certificate of an unknown authority or for another host is a tls_error", async () => {
    const { port } = await startGrpc(true);
    const { outcome } = await checkGrpc(
      probe({ port, tls: true }),
      checkDeps({ caPem: tlsFixture("self-signed").cert }),
    );
    expect(outcome.class).toBe("tls_error");
    const { cert, key } = tlsFixture("wrong-host");
    const wrong = keep(await listenOn(createTlsServer({ cert, key, ALPNProtocols: ["h2"] })));
    const other = await checkGrpc(probe({ port: wrong.port, tls: true }), checkDeps());
    expect(other.outcome).toMatchObject({ class: "tls_error", detail: "ERR_TLS_CERT_ALTNAME_INVALID" });
  });
});

describe("guarantees of every check", () => {
  testCheckGuarantees(({ host, port, timeoutMs }, deps) =>
    checkGrpc(probe({ host, port, timeoutMs: durationMs(timeoutMs) }), deps),
  );
});
