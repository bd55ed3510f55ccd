import type { IncomingMessage } from "node:http";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { DEFAULT_STATUS_ASSERTION } from "#lib/core/assertions.ts";
import type { HttpProbeDefinition } from "#lib/core/definitions.ts";
import { closeServers, deps, good, probe, started } from "#test/support/http-check-world.ts";
import { pemOf } from "#test/support/raw-server.ts";
import { runCheck } from "./index.ts";

afterEach(closeServers);

describe("credentials", () => {
  const asked = async (changes: Partial<HttpProbeDefinition>) => {
    let seen: string | undefined;
    const url = await started(
      createServer(({ headers }, response) => {
        seen = headers.authorization;
        response.end();
      }),
      "http",
    );
    expect((await runCheck(probe(url, changes), deps())).outcome.class).toBe("ok");
    return seen;
  };

  test("basic are sent in UTF-8, bearer as it is, none without", async () => {
    expect(await asked({ auth: { kind: "basic", username: "probe", password: "p\u00e4ss:word" } })).toBe(
      `Basic ${Buffer.from("probe:p\u00e4ss:word").toString("base64")}`,
    );
    expect(await asked({ auth: { kind: "bearer", token: "abc.def" } })).toBe("Bearer abc.def");
    expect(await asked({})).toBeUndefined();
  });

  test("another origin does not see them", async () => {
    let seen: string | undefined = "untouched";
    const other = await started(
      createServer(({ headers }, response) => {
        seen = headers.authorization;
        response.end();
      }),
      "http",
    );
    const url = await started(
      createServer((_request, response) => response.writeHead(302, { location: other }).end()),
      "http",
    );
    await runCheck(probe(url, { auth: { kind: "bearer", token: "secret" } }), deps());
    expect(seen).toBeUndefined();
  });
});

describe("a certificate of our own", () => {
  const subjectOf = (request: IncomingMessage): string =>
    (request.socket as TLSSocket).getPeerX509Certificate()?.subject ?? "none";
  const asking = { ...good, ca: pemOf("client"), requestCert: true };
  const own = { certPem: pemOf("client"), keyPem: pemOf("client.key") };

  test("is shown to a server that asks, and a server that insists is satisfied", async () => {
    const url = await started(
      createTlsServer({ ...asking, rejectUnauthorized: true }, (request, response) => response.end(subjectOf(request))),
      "https",
    );
    const assertions = [DEFAULT_STATUS_ASSERTION, { type: "body", op: "contains", value: "CN=probe.example" } as const];
    const { outcome } = await runCheck(probe(url, { clientCertificate: own, assertions }), deps());
    expect(outcome).toMatchObject({ class: "ok", failures: [] });
    expect((await runCheck(probe(url), deps())).outcome.class).not.toBe("ok");
  });

  test("is not shown to another origin", async () => {
    const other = await started(
      createTlsServer({ ...asking, rejectUnauthorized: false }, (request, response) =>
        response.end(subjectOf(request)),
      ),
      "https",
    );
    const url = await started(
      createTlsServer(good, (_request, response) => response.writeHead(302, { location: other }).end()),
      "https",
    );
    const assertions = [{ type: "body", op: "eq", value: "none" } as const];
    const { outcome } = await runCheck(probe(url, { clientCertificate: own, assertions }), deps());
    expect(outcome).toMatchObject({ class: "ok", failures: [] });
  });

  test("that cannot be read is our own fault", async () => {
    const broken = { certPem: "no certificate", keyPem: "no key" };
    const { outcome } = await runCheck(probe("https://127.0.0.1:9443/", { clientCertificate: broken }), deps());
    expect(outcome).toMatchObject({ class: "internal_error", detail: "certificate not readable" });
  });
});
