import { afterEach, describe, expect, test } from "vitest";
import type { JourneyStep } from "#lib/core/definitions.ts";
import { durationMs } from "#lib/core/units.ts";
import { checkJourney } from "#probes/checks/journey.ts";
import { checkDeps } from "#test/support/check-world.ts";
import { classes, closeShops, failing, json, ok, probe, startShop, step } from "#test/support/journey-world.ts";

afterEach(closeShops);

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
