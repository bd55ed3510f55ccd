import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { Http2SecureServer } from "node:http2";
import { createSecureServer } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { DEFAULT_STATUS_ASSERTION } from "#lib/core/assertions.ts";
import type { HttpProbeDefinition } from "#lib/core/definitions.ts";
import { durationMs } from "#lib/core/units.ts";
import { createKeptConnections } from "#lib/egress/kept-connections.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { pemOf, startRawServer } from "#test/support/raw-server.ts";
import { waitFor } from "#test/support/wait-for.ts";
import type { CheckDeps } from "./check.ts";
import { runCheck } from "./index.ts";

const kept = createKeptConnections(systemClock);
const deps = (over: Partial<CheckDeps> = {}): CheckDeps => ({
  clock: systemClock,
  randomBytes,
  userAgent: "Nines/test",
  signal: new AbortController().signal,
  allow: ["127.0.0.1/32"],
  caPem: pemOf("ca"),
  connections: kept,
  ...over,
});

const probe = (url: string, changes: Partial<HttpProbeDefinition> = {}): HttpProbeDefinition => ({
  type: "http",
  id: "home",
  url,
  method: "GET",
  headers: {},
  body: null,
  auth: null,
  clientCertificate: null,
  http2: false,
  connection: "fresh",
  intervalMs: durationMs(30_000),
  timeoutMs: durationMs(3_000),
  maxRedirects: 10,
  locations: ["fra"],
  assertions: [DEFAULT_STATUS_ASSERTION],
  ...changes,
});

const servers: (Server | Http2SecureServer)[] = [];
const started = async (server: Server | Http2SecureServer, scheme: "http" | "https"): Promise<string> => {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/`;
};
afterEach(async () => {
  kept.close();
  await Promise.all(
    servers.splice(0).map(async (server) => {
      if ("closeAllConnections" in server) server.closeAllConnections();
      server.close();
      await once(server, "close");
    }),
  );
});

const good = { cert: pemOf("good"), key: pemOf("good.key") };

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

describe("a kept connection", () => {
  const reuse = { connection: "reuse" } as const;
  const counting = async (
    answer: (request: IncomingMessage, response: ServerResponse) => void,
    scheme: "http" | "https" = "http",
  ) => {
    let connections = 0;
    const server = scheme === "http" ? createServer(answer) : createTlsServer(good, answer);
    server.on("connection", () => {
      connections += 1;
    });
    return { url: await started(server, scheme), connections: () => connections };
  };

  test.each(["http", "https"] as const)(
    "serves the next runs over %s, without their phases of connecting",
    async (scheme) => {
      const { url, connections } = await counting((_request, response) => response.end("fine"), scheme);
      const first = (await runCheck(probe(url, reuse), deps())).outcome;
      expect(first.phasesUs.connect).not.toBeNull();
      for (let round = 0; round < 5; round += 1) {
        const { outcome } = await runCheck(probe(url, reuse), deps());
        expect(outcome).toMatchObject({
          class: "ok",
          address: "127.0.0.1",
          certificateExpiresAt: first.certificateExpiresAt,
        });
        expect(outcome.phasesUs).toMatchObject({ dns: null, connect: null, tls: null });
        expect(outcome.phasesUs.firstByte).toBeGreaterThan(0);
      }
      expect(connections()).toBe(1);
    },
  );

  test("is not made by probes that want fresh ones, nor without a place to keep it", async () => {
    const { url, connections } = await counting((_request, response) => response.end("fine"));
    await runCheck(probe(url), deps());
    await runCheck(probe(url), deps());
    const { connections: place, ...alone } = deps();
    expect(place).toBe(kept);
    await runCheck(probe(url, reuse), alone);
    await runCheck(probe(url, reuse), alone);
    expect(connections()).toBe(4);
  });

  test("that the server closed meanwhile is replaced, and the target is not blamed", async () => {
    let answered = 0;
    const server = await startRawServer({
      serve: (socket) =>
        socket.once("data", () => {
          answered += 1;
          socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
          // Leaves at the second request, as servers do that have been idle for too long.
          socket.once("data", () => socket.resetAndDestroy());
        }),
    });
    const url = `http://127.0.0.1:${server.port}/`;
    for (let round = 0; round < 3; round += 1)
      expect((await runCheck(probe(url, reuse), deps())).outcome.class).toBe("ok");
    expect(answered).toBe(3);
    await server.close();
  });

  test("on which more comes than was asked for is closed: it is no answer to the next run", async () => {
    const sockets: Socket[] = [];
    const answer = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const server = await startRawServer({
      serve: (socket) => {
        sockets.push(socket);
        socket.on("data", () => socket.write(answer("asked")));
      },
    });
    const url = `http://127.0.0.1:${server.port}/`;
    const assertions = [{ type: "body", op: "eq", value: "asked" } as const];
    for (let round = 1; round <= 3; round += 1) {
      const { outcome } = await runCheck(probe(url, { ...reuse, assertions }), deps());
      expect(outcome).toMatchObject({ class: "ok", failures: [] });
      sockets.at(-1)?.write(answer("stale"));
      await waitFor("the connection to be closed", () => server.connections() === 0);
      expect(sockets.length).toBe(round);
    }
    await server.close();
  });

  test("is given up when the allow-list no longer opens its address", async () => {
    const { url, connections } = await counting((_request, response) => response.end("fine"));
    const named = url.replace("127.0.0.1", "target.example");
    const resolver = async () => ["127.0.0.1"];
    expect((await runCheck(probe(named, reuse), deps({ resolver }))).outcome.class).toBe("ok");
    const { outcome } = await runCheck(probe(named, reuse), deps({ resolver, allow: ["10.0.0.0/8"] }));
    expect(outcome).toMatchObject({ class: "blocked", address: null });
    expect(connections()).toBe(1);
  });

  test("is not taken for another certificate", async () => {
    const { url, connections } = await counting((_request, response) => response.end("fine"), "https");
    await runCheck(probe(url, reuse), deps());
    const own = { certPem: pemOf("good"), keyPem: pemOf("good.key") };
    await runCheck(probe(url, { ...reuse, clientCertificate: own }), deps());
    expect(connections()).toBe(2);
  });

  test("of a slow server still ends at the deadline, and is closed then", async () => {
    let requests = 0;
    const { url, connections } = await counting((_request, response) => {
      requests += 1;
      if (requests !== 2) response.end("fine");
    });
    const short = { ...reuse, timeoutMs: durationMs(300) };
    expect((await runCheck(probe(url, short), deps())).outcome.class).toBe("ok");
    expect((await runCheck(probe(url, short), deps())).outcome).toMatchObject({
      class: "timeout",
      detail: "first_byte",
    });
    expect((await runCheck(probe(url, short), deps())).outcome.class).toBe("ok");
    expect(connections()).toBe(2);
  });
});

describe("HTTP/2", () => {
  const secondOnly = { http2: true } as const;
  type Answer = Parameters<typeof createSecureServer>[1];
  const serving = (answer: NonNullable<Answer>, allowHTTP1 = true) =>
    started(createSecureServer({ ...good, allowHTTP1 }, answer), "https");
  const version = [DEFAULT_STATUS_ASSERTION, { type: "header", name: "x-version", op: "eq", value: "2.0" } as const];

  test("is spoken when the server takes it, else HTTP/1.1", async () => {
    const url = await serving((request, response) => {
      response.setHeader("x-version", request.httpVersion);
      response.end("fine");
    });
    const { outcome, traceId } = await runCheck(probe(url, { ...secondOnly, assertions: version }), deps());
    expect(outcome).toMatchObject({ class: "ok", httpStatus: 200, bytesRead: 4 });
    expect(outcome.phasesUs.tls).toBeGreaterThan(0);
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    const first = await started(
      createTlsServer(good, (_request, response) => response.end("fine")),
      "https",
    );
    expect((await runCheck(probe(first, secondOnly), deps())).outcome).toMatchObject({ class: "ok", httpStatus: 200 });
  });

  test("is not offered unasked", async () => {
    const url = await serving((request, response) => response.end(request.httpVersion));
    const assertions = [{ type: "body", op: "eq", value: "1.1" } as const];
    expect((await runCheck(probe(url, { assertions }), deps())).outcome.class).toBe("ok");
  });

  test("sends method, headers, credentials and a body of many frames", async () => {
    const url = await serving((request, response) => {
      let bytes = 0;
      request.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      request.on("end", () => {
        const { method, authority, headers } = request as { method: string; authority: string } & typeof request;
        response.end(
          JSON.stringify({ method, authority, bytes, auth: headers.authorization, type: headers["x-type"] }),
        );
      });
    });
    const body = "x".repeat(60_000);
    const changes = { method: "POST", body, headers: { "x-type": "y" }, auth: { kind: "bearer", token: "t" } } as const;
    const expected = { method: "POST", authority: new URL(url).host, bytes: 60_000, auth: "Bearer t", type: "y" };
    const assertions = [{ type: "body", op: "eq", value: JSON.stringify(expected) } as const];
    expect((await runCheck(probe(url, { ...secondOnly, ...changes, assertions }), deps())).outcome.failures).toEqual(
      [],
    );
  });

  test("undoes a content coding, follows a redirect, and judges the status", async () => {
    const url = await serving((request, response) => {
      if (request.url === "/") response.writeHead(302, { location: "/packed" }).end();
      else if (request.url === "/packed") response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("fine"));
      else response.writeHead(503).end();
    });
    const assertions = [{ type: "body", op: "eq", value: "fine" } as const];
    expect((await runCheck(probe(url, { ...secondOnly, assertions }), deps())).outcome).toMatchObject({ class: "ok" });
    const { outcome } = await runCheck(probe(`${url}gone`, secondOnly), deps());
    expect(outcome).toMatchObject({ class: "bad_status", httpStatus: 503 });
  });

  test("a head without the rest, a body over the cap, a stream that is reset", async () => {
    const url = await serving((request, response) => {
      if (request.url === "/half") response.writeHead(200).write("half");
      else if (request.url === "/large") response.writeHead(200).end(Buffer.alloc(1_200_000));
      else response.stream.close(2);
    });
    const classOf = async (path: string) =>
      (await runCheck(probe(url + path, { ...secondOnly, timeoutMs: durationMs(500) }), deps())).outcome;
    expect(await classOf("half")).toMatchObject({ class: "timeout", detail: "transfer", httpStatus: 200 });
    expect(await classOf("large")).toMatchObject({ class: "too_large" });
    expect(await classOf("reset")).toMatchObject({ class: "protocol_error", detail: "HTTP/2 INTERNAL_ERROR" });
  });
});
