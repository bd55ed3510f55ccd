import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { durationMs } from "#lib/core/units.ts";
import { closeServers, deps, good, kept, probe, started } from "#test/support/http-check-world.ts";
import { pemOf, startRawServer } from "#test/support/raw-server.ts";
import { waitFor } from "#test/support/wait-for.ts";
import { runCheck } from "./index.ts";

afterEach(closeServers);

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
    expect((await runCheck(probe(url, reuse), deps())).outcome.class).toBe("ok");
    expect((await runCheck(probe(url, short), deps())).outcome).toMatchObject({
      class: "timeout",
      detail: "first_byte",
    });
    expect((await runCheck(probe(url, reuse), deps())).outcome.class).toBe("ok");
    expect(connections()).toBe(2);
  });
});
