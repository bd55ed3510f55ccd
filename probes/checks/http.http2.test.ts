import { createSecureServer } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { DEFAULT_STATUS_ASSERTION } from "#lib/core/assertions.ts";
import { durationMs } from "#lib/core/units.ts";
import { closeServers, deps, good, probe, started } from "#test/support/http-check-world.ts";
import { runCheck } from "./index.ts";

afterEach(closeServers);

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
    const classOf = async (path: string, timeoutMs = 3_000) =>
      (await runCheck(probe(url + path, { ...secondOnly, timeoutMs: durationMs(timeoutMs) }), deps())).outcome;
    expect(await classOf("half", 500)).toMatchObject({ class: "timeout", detail: "transfer", httpStatus: 200 });
    expect(await classOf("large")).toMatchObject({ class: "too_large" });
    expect(await classOf("reset")).toMatchObject({ class: "protocol_error", detail: "HTTP/2 INTERNAL_ERROR" });
  });
});
