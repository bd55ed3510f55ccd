import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Clock } from "#lib/runtime/clock.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import type { CallArgs, CallerState } from "./call.ts";
import { callSystem, newCallerState } from "./call.ts";

let server: Server;
let url = "";
let asked: IncomingMessage[] = [];
let answers: ((response: ServerResponse) => void)[] = [];
let slept: number[] = [];
let logged: string[] = [];
let state: CallerState;

/** Real time for sockets; a wait between attempts is noted, and over at once as far as the test is concerned. */
const clock: Clock = {
  ...systemClock,
  monotonicMs: () => slept.reduce((total, ms) => total + ms, systemClock.monotonicMs()),
  sleep: (ms) => Promise.resolve(void slept.push(ms)),
};
const note = (fields: object, message: string): void => void logged.push(JSON.stringify({ ...fields, message }));
const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log };
const status =
  (code: number, headers: Record<string, string> = {}, body = "") =>
  (response: ServerResponse): void =>
    void response.writeHead(code, headers).end(body);
const call = (changes: Partial<CallArgs> = {}) =>
  callSystem({ clock, log, random: () => 1 }, state, {
    integration: "promql",
    url: `${url}/api?canary=query`,
    method: "POST",
    headers: { authorization: "Bearer canary-token" },
    body: "canary=body",
    timeoutMs: 1_000,
    deadlineMs: 20_000,
    maxResponseBytes: 1_000,
    callsPerMinute: 100,
    allow: ["127.0.0.1"],
    signal: new AbortController().signal,
    ...changes,
  });

beforeEach(async () => {
  [asked, answers, slept, logged, state] = [[], [], [], [], newCallerState()];
  server = createServer((request, response) => {
    asked.push(request);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    (answer ?? status(200, {}, "fine"))(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

describe("calls to other systems", () => {
  test("a broken answer is asked for again after 1, 2 and 5 s; the log has every attempt and no secret", async () => {
    answers = [status(500), (response) => void response.destroy(), status(502), status(200, {}, "fine")];
    const result = await call();
    expect(result).toMatchObject({ kind: "answered", attempts: 4 });
    expect(slept).toEqual([1_000, 2_000, 5_000]);
    expect(logged).toHaveLength(4);
    expect(logged.join("\n")).not.toContain("canary");
    for (const [index, { headers }] of asked.entries()) {
      const [, traceId = ""] = /^00-([0-9a-f]{32})-[0-9a-f]{16}-01$/.exec(String(headers.traceparent)) ?? [];
      expect(logged[index]).toContain(`"traceId":"${traceId}"`);
      expect(traceId).not.toBe("");
    }
  });

  test("waits never pass the deadline", async () => {
    answers = [status(500)];
    expect(await call({ deadlineMs: 2_500 })).toMatchObject({ kind: "failed", attempts: 2, retryAfterMs: 2_000 });
  });

  test.each([400, 402, 403, 404, 301])("%i is never tried again, and its text is kept", async (code) => {
    answers = [status(code, {}, "because")];
    expect(await call()).toMatchObject({ kind: "failed", attempts: 1, retryAfterMs: null, text: "because" });
  });

  test("401 is tried once more with fresh credentials", async () => {
    answers = [status(401), status(200, {}, "fine")];
    expect(await call({ refresh: () => Promise.resolve({ authorization: "Bearer fresh" }) })).toMatchObject({
      attempts: 2,
    });
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(["Bearer canary-token", "Bearer fresh"]);
    expect(await call({ url: `${url}/b` })).toMatchObject({ kind: "answered" });
    answers = [status(401)];
    expect(await call({ refresh: () => Promise.resolve({}) })).toMatchObject({ kind: "failed", attempts: 2 });
    expect(await call()).toMatchObject({ kind: "failed", attempts: 1, retryAfterMs: null });
  });

  test("429 and 503 put the next call off, no sooner than asked, and operators hear of it in the end", async () => {
    answers = [status(429, { "retry-after": "300" })];
    expect(await call()).toMatchObject({ attempts: 1, retryAfterMs: 300_000, isExhausted: false });
    await call();
    expect(await call()).toMatchObject({ isExhausted: true });
    answers = [status(503)];
    expect(await call()).toMatchObject({ retryAfterMs: 7_000, isExhausted: false });
  });

  test("a system that fails most of the time is not asked any more, and one that is asked too often neither", async () => {
    answers = [status(500)];
    await call();
    await call();
    expect(await call()).toMatchObject({ failure: { kind: "not_sent", reason: "circuit open" } });
    expect(asked).toHaveLength(10);
    state = newCallerState();
    answers = [status(200)];
    await call({ callsPerMinute: 1 });
    expect(await call({ callsPerMinute: 1 })).toMatchObject({ failure: { kind: "not_sent", reason: "rate limit" } });
  });

  test("an address that the policy refuses is never connected to; too long an answer is no answer", async () => {
    expect(await call({ allow: [] })).toMatchObject({ failure: { kind: "blocked" }, retryAfterMs: null });
    expect(asked).toEqual([]);
    answers = [status(200, {}, "x".repeat(2_000))];
    expect(await call({ deadlineMs: 500 })).toMatchObject({ failure: { kind: "malformed" } });
  });
});
