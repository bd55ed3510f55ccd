import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import type { JourneyProbeDefinition, JourneyStep } from "#lib/core/definitions.ts";
import { durationMs } from "#lib/core/units.ts";
import { checkJourney } from "#probes/checks/journey.ts";
import { checkDeps, listenOn, openHandles, testCheckGuarantees } from "#test/support/check-world.ts";
import { waitFor } from "#test/support/wait-for.ts";

const step = (id: string, changes: Partial<JourneyStep> = {}): JourneyStep => ({
  id,
  name: `The ${id}`,
  url: "http://127.0.0.1:1/",
  method: "GET",
  headers: {},
  body: null,
  auth: null,
  maxRedirects: 0,
  timeoutMs: durationMs(3_000),
  assertions: [{ type: "status", op: "eq", value: "2xx" }],
  extract: [],
  always: false,
  ...changes,
});

const probe = (
  steps: readonly JourneyStep[],
  changes: Partial<JourneyProbeDefinition> = {},
): JourneyProbeDefinition => ({
  id: "buy",
  type: "journey",
  intervalMs: durationMs(60_000),
  timeoutMs: durationMs(5_000),
  locations: ["here"],
  steps,
  assertions: [],
  ...changes,
});

type Seen = { method: string; url: string; headers: IncomingMessage["headers"]; body: string };

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

/** A shop that answers by the path of a request. */
const startShop = async (routes: Record<string, (request: Seen, response: ServerResponse) => void>) => {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const each = { method, url, headers, body };
      seen.push(each);
      const route = Object.entries(routes).find(([path]) => url.startsWith(path))?.[1];
      if (route === undefined) response.writeHead(404).end();
      else route(each, response);
    });
  });
  const { port, close } = await listenOn(server);
  closing.push(close);
  return { origin: `http://127.0.0.1:${port}`, seen };
};
const json =
  (value: unknown, status = 200, headers: Record<string, string> = {}) =>
  (_request: Seen, response: ServerResponse) =>
    void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
const ok = json({});
const failing = json({}, 500);
const classes = (parts: Awaited<ReturnType<typeof checkJourney>>["parts"]) =>
  parts?.map(({ key, outcome }) => `${key} ${outcome.class}`);

describe("steps", () => {
  test("values go from one step into address, header and body of the next, all in one trace", async () => {
    const { origin, seen } = await startShop({
      "/login": json({ token: "t0k/en", user: { id: 7 } }, 200, { "x-csrf": "abc" }),
      "/cart": (_request, response) => void response.end("<b>order #A 17</b>"),
      "/orders/": ok,
    });
    const { outcome, parts, traceId } = await checkJourney(
      probe([
        step("login", {
          url: `${origin}/login`,
          method: "POST",
          extract: [
            { name: "token", from: "json_path", path: "$.token" },
            { name: "user", from: "json_path", path: "$.user.id" },
            { name: "csrf", from: "header", header: "x-csrf" },
          ],
        }),
        step("cart", {
          url: `${origin}/cart?user={{user}}`,
          method: "POST",
          headers: { authorization: "Bearer {{token}}", "content-type": "application/json" },
          body: '{"user": {{user}}, "csrf": "{{csrf}}"}',
          extract: [{ name: "order", from: "pattern", pattern: "order #([A-Z] \\d+)" }],
        }),
        step("pay", { url: `${origin}/orders/{{order}}/pay` }),
      ]),
      checkDeps(),
    );
    expect(outcome).toMatchObject({ class: "ok", detail: null, httpStatus: 200, failures: [], address: "127.0.0.1" });
    expect(parts?.map(({ key, name }) => `${key}: ${name}`)).toEqual([
      "login: The login",
      "cart: The cart",
      "pay: The pay",
    ]);
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "POST /login",
      "POST /cart?user=7",
      "GET /orders/A%2017/pay",
    ]);
    expect(seen[1]).toMatchObject({ headers: { authorization: "Bearer t0k/en" }, body: '{"user": 7, "csrf": "abc"}' });
    const parents = seen.map(({ headers }) => String(headers["traceparent"]).split("-"));
    expect(new Set(parents.map(([, trace]) => trace))).toEqual(new Set([traceId]));
    expect(new Set(parents.map(([, , span]) => span)).size).toBe(3);
    const sum = parts?.reduce((total, { outcome: each }) => total + each.durationUs, 0) ?? 0;
    expect(outcome.durationUs).toBeGreaterThanOrEqual(sum * 0.9);
    expect(outcome.bytesRead).toBe(parts?.reduce((total, { outcome: each }) => total + each.bytesRead, 0));
  });

  test("the first failure ends the journey but for teardown, and gives class and reason", async () => {
    const { origin, seen } = await startShop({ "/a": ok, "/b": failing, "/undo": ok });
    const { outcome, parts } = await checkJourney(
      probe([
        step("a", { url: `${origin}/a` }),
        step("b", { url: `${origin}/b` }),
        step("c", { url: `${origin}/c` }),
        step("undo", { url: `${origin}/undo`, method: "DELETE", always: true }),
      ]),
      checkDeps(),
    );
    expect(outcome).toMatchObject({
      class: "bad_status",
      detail: "b: status 500",
      httpStatus: 500,
      failures: [{ assertion: "b: status eq", expected: "2xx", seen: "500" }],
    });
    expect(classes(parts)).toEqual(["a ok", "b bad_status", "c skipped", "undo ok"]);
    expect(parts?.[2]?.outcome.detail).toBe("not reached");
    expect(seen.map(({ url }) => url)).toEqual(["/a", "/b", "/undo"]);
  });

  test("teardown runs after good steps too, and its failure fails the journey", async () => {
    const { origin } = await startShop({ "/a": ok, "/undo": failing });
    const { outcome, parts } = await checkJourney(
      probe([step("a", { url: `${origin}/a` }), step("undo", { url: `${origin}/undo`, always: true })]),
      checkDeps(),
    );
    expect(outcome).toMatchObject({ class: "bad_status", detail: "undo: status 500" });
    expect(classes(parts)).toEqual(["a ok", "undo bad_status"]);
  });

  test("teardown of something that was never made is left out, and that is no failure of its own", async () => {
    const { origin, seen } = await startShop({ "/make": failing, "/logout": ok });
    const { outcome, parts } = await checkJourney(
      probe([
        step("make", {
          url: `${origin}/make`,
          method: "POST",
          extract: [{ name: "id", from: "json_path", path: "$.id" }],
        }),
        step("remove", { url: `${origin}/things/{{id}}`, method: "DELETE", always: true }),
        step("logout", { url: `${origin}/logout`, always: true }),
      ]),
      checkDeps(),
    );
    expect(outcome).toMatchObject({ class: "bad_status", detail: "make: status 500" });
    expect(parts?.map(({ outcome: each }) => each.detail)).toEqual(["status 500", "nothing to put back", null]);
    expect(seen.map(({ url }) => url)).toEqual(["/make", "/logout"]);
  });

  test.each<[string, Partial<JourneyStep>, string, string]>([
    [
      "a path that finds nothing",
      { extract: [{ name: "id", from: "json_path", path: "$.no" }] },
      "body_mismatch",
      "no value for id",
    ],
    [
      "a path to an object",
      { extract: [{ name: "id", from: "json_path", path: "$.o" }] },
      "body_mismatch",
      "no value for id",
    ],
    [
      "an empty text",
      { extract: [{ name: "id", from: "json_path", path: "$.e" }] },
      "body_mismatch",
      "no value for id",
    ],
    [
      "a header that is not there",
      { extract: [{ name: "id", from: "header", header: "x-no" }] },
      "body_mismatch",
      "no value for id",
    ],
    [
      "a pattern that finds nothing",
      { extract: [{ name: "id", from: "pattern", pattern: "x(y)" }] },
      "body_mismatch",
      "no value for id",
    ],
    [
      "a value of 10 kB",
      { extract: [{ name: "id", from: "pattern", pattern: "z+" }] },
      "body_mismatch",
      "no value for id",
    ],
    [
      "a path that cannot be judged",
      { extract: [{ name: "id", from: "json_path", path: "$[" }] },
      "internal_error",
      "cannot extract id",
    ],
    [
      "a pattern that cannot be judged",
      { extract: [{ name: "id", from: "pattern", pattern: "(" }] },
      "internal_error",
      "cannot extract id",
    ],
  ])("%s fails the step", async (_name, changes, name, detail) => {
    const { origin } = await startShop({ "/": json({ o: {}, e: "", long: "z".repeat(10_000) }) });
    const { outcome } = await checkJourney(probe([step("a", { url: `${origin}/`, ...changes })]), checkDeps());
    expect(outcome).toMatchObject({ class: name, detail });
  });

  test("a value that a header cannot hold fails the step that needs it, unsent", async () => {
    const { origin, seen } = await startShop({ "/": json({ id: "a\r\nx-admin: 1" }) });
    const { outcome } = await checkJourney(
      probe([
        step("a", { url: `${origin}/`, extract: [{ name: "id", from: "json_path", path: "$.id" }] }),
        step("b", { url: `${origin}/`, headers: { "x-id": "{{id}}" } }),
      ]),
      checkDeps(),
    );
    expect(outcome).toMatchObject({ class: "body_mismatch", detail: "b: the value of id cannot stand in the header" });
    expect(seen).toHaveLength(1);
  });

  test("a slow step goes on, and the journey is slow", async () => {
    const { origin } = await startShop({ "/": ok });
    const late = { type: "latency", op: "lt", valueMs: durationMs(0) } as const;
    const slowStep = await checkJourney(
      probe([step("a", { url: `${origin}/`, assertions: [late] }), step("b", { url: `${origin}/` })]),
      checkDeps(),
    );
    expect(slowStep.outcome.class).toBe("slow");
    expect(classes(slowStep.parts)).toEqual(["a slow", "b ok"]);
    const whole = await checkJourney(probe([step("a", { url: `${origin}/` })], { assertions: [late] }), checkDeps());
    expect(whole.outcome).toMatchObject({ class: "slow" });
    expect(classes(whole.parts)).toEqual(["a ok"]);
  });
});

describe("one deadline over all steps", () => {
  test("a step that hangs ends in time for teardown, and nothing is left open", async () => {
    const before = openHandles();
    const { origin, seen } = await startShop({ "/a": ok, "/hang": () => undefined, "/undo": ok });
    const startedAt = performance.now();
    const { outcome, parts } = await checkJourney(
      probe(
        [
          step("a", { url: `${origin}/a` }),
          step("hang", { url: `${origin}/hang` }),
          step("undo", { url: `${origin}/undo`, always: true }),
        ],
        { timeoutMs: durationMs(1_000) },
      ),
      checkDeps(),
    );
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    expect(outcome).toMatchObject({ class: "timeout", detail: "hang: first_byte" });
    expect(classes(parts)).toEqual(["a ok", "hang timeout", "undo ok"]);
    expect(seen.at(-1)?.url).toBe("/undo");
    await Promise.all(closing.splice(0).map((close) => close()));
    await waitFor("everything to be closed", () => openHandles() <= before);
  });

  test("when teardown hangs too, the journey still ends at its deadline", async () => {
    const { origin } = await startShop({ "/": () => undefined });
    const startedAt = performance.now();
    const { parts } = await checkJourney(
      probe(
        [
          step("hang", { url: `${origin}/hang` }),
          step("undo", { url: `${origin}/undo`, always: true }),
          step("again", { url: `${origin}/again`, always: true }),
        ],
        { timeoutMs: durationMs(500) },
      ),
      checkDeps(),
    );
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(classes(parts)).toEqual(["hang timeout", "undo timeout", "again timeout"]);
    // Of its last milliseconds a timer may leave the step one in which it still begins.
    expect(parts?.at(-1)?.outcome.detail).toMatch(/^(no time left|connect|first_byte)/);
  });

  test("a shutdown in the middle is skipped and says nothing about the shop", async () => {
    const reached = Promise.withResolvers<void>();
    const { origin } = await startShop({ "/a": ok, "/hang": () => reached.resolve() });
    const shutdown = new AbortController();
    const running = checkJourney(
      probe([
        step("a", { url: `${origin}/a` }),
        step("b", { url: `${origin}/hang` }),
        step("c", { url: `${origin}/a`, always: true }),
      ]),
      checkDeps({ signal: shutdown.signal }),
    );
    await reached.promise;
    shutdown.abort();
    const { outcome, parts } = await running;
    expect(outcome.class).toBe("skipped");
    expect(classes(parts)).toEqual(["a ok", "b skipped", "c skipped"]);
  });
});

describe("secrets and addresses", () => {
  test("no extracted value shows in what is kept", async () => {
    const { origin } = await startShop({
      "/login": json({ token: "S3cretS3cret" }),
      "/use": (request, response) => void response.end(`you sent ${String(request.headers["x-t"])}`),
      "/hang": () => undefined,
    });
    const extract = [{ name: "token", from: "json_path", path: "$.token" }] as const;
    const { outcome, parts } = await checkJourney(
      probe([
        step("login", { url: `${origin}/login`, extract }),
        step("use", {
          url: `${origin}/use?t={{token}}`,
          headers: { "x-t": "{{token}}" },
          body: "{{token}}",
          method: "POST",
          assertions: [{ type: "body", op: "eq", value: "welcome" }],
        }),
      ]),
      checkDeps(),
    );
    expect(outcome.failures.map(({ seen }) => seen)).toEqual(["you sent [hidden]"]);
    expect(JSON.stringify({ outcome, parts })).not.toContain("S3cret");
  });

  test("an extracted value cannot lead to an address that is not allowed", async () => {
    const { origin } = await startShop({ "/": json({ host: "@10.0.0.1/" }) });
    const { parts } = await checkJourney(
      probe([
        step("a", { url: `${origin}/`, extract: [{ name: "host", from: "json_path", path: "$.host" }] }),
        step("b", { url: "http://{{host}}/" }),
        step("c", { url: "http://10.0.0.1/{{host}}", always: true }),
      ]),
      checkDeps(),
    );
    expect(classes(parts)).toEqual(["a ok", "b blocked", "c blocked"]);
  });
});

describe("guarantees of every check", () => {
  testCheckGuarantees(({ host, port, timeoutMs }, deps) =>
    checkJourney(probe([step("only", { url: `http://${host}:${port}/` })], { timeoutMs: durationMs(timeoutMs) }), deps),
  );
});
