import { createServer } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import type { HealthJsonProbeDefinition } from "#lib/core/definitions.ts";
import { durationMs } from "#lib/core/units.ts";
import { checkHealthJson } from "#probes/checks/health-json.ts";
import { checkDeps, listenOn, testCheckGuarantees } from "#test/support/check-world.ts";

const probe = (changes: Partial<HealthJsonProbeDefinition>): HealthJsonProbeDefinition => ({
  id: "health",
  type: "health_json",
  intervalMs: durationMs(30_000),
  timeoutMs: durationMs(3_000),
  locations: ["here"],
  url: "http://127.0.0.1:1/",
  headers: {},
  auth: null,
  clientCertificate: null,
  maxRedirects: 5,
  assertions: [],
  ...changes,
});

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

const run = async (status: number, body: unknown, changes: Partial<HealthJsonProbeDefinition> = {}) => {
  const seen: NodeJS.Dict<string | string[]>[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    response.writeHead(status, { "content-type": "application/health+json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  const { port, close } = await listenOn(server);
  closing.push(close);
  const result = await checkHealthJson(probe({ url: `http://127.0.0.1:${port}/healthz`, ...changes }), checkDeps());
  return { ...result, seen };
};

describe("the run says how the whole is, its parts how the entries are", () => {
  test("all is well", async () => {
    const { outcome, parts, traceId, seen } = await run(200, {
      status: "UP",
      components: { db: { status: "UP" }, cache: { status: "UNKNOWN" } },
    });
    expect(outcome).toMatchObject({ class: "ok", detail: null, failures: [], httpStatus: 200 });
    expect(parts?.map(({ key, outcome: part }) => [key, part.class, part.detail])).toEqual([
      ["db", "ok", null],
      ["cache", "ok", null],
    ]);
    expect(seen[0]?.["accept"]).toContain("application/health+json");
    expect(seen[0]?.["traceparent"]).toContain(traceId);
  });

  test("one entry is down: a good one stays good", async () => {
    const { outcome, parts } = await run(503, {
      status: "error",
      details: { db: { status: "down", message: "no connection" }, mail: { status: "up" } },
    });
    expect(outcome).toMatchObject({
      class: "body_mismatch",
      detail: "health error",
      httpStatus: 503,
      failures: [{ assertion: "health status", expected: "pass or warn", seen: "error, db" }],
    });
    expect(parts).toMatchObject([
      {
        key: "db",
        outcome: { class: "body_mismatch", detail: "health down", failures: [{ seen: "down: no connection" }] },
      },
      { key: "mail", outcome: { class: "ok", failures: [] } },
    ]);
  });

  test("an entry may be down while the whole is up", async () => {
    const { outcome, parts } = await run(200, { status: "pass", checks: { "a:b": [{ status: "fail" }] } });
    expect(outcome.class).toBe("ok");
    expect(parts?.[0]?.outcome.class).toBe("body_mismatch");
  });

  test.each([
    [500, { status: "pass" }, "bad_status", "status 500"],
    [502, "<html>Bad Gateway</html>", "bad_status", "status 502"],
    [200, "<html>Welcome</html>", "body_mismatch", "no health document"],
    [200, { healthy: true }, "body_mismatch", "no health document"],
    [200, "Unhealthy", "body_mismatch", "health Unhealthy"],
    [200, "Healthy", "ok", null],
  ])("%i with %j is %s", async (status, body, name, detail) => {
    const { outcome, parts } = await run(status, body);
    expect(outcome).toMatchObject({ class: name, detail });
    expect(parts).toEqual([]);
  });

  test("assertions are judged beside the document", async () => {
    const late = { type: "latency", op: "lt", valueMs: durationMs(0) } as const;
    const path = { type: "json_path", path: "$.version", op: "eq", value: "2" } as const;
    expect((await run(200, { status: "pass" }, { assertions: [late] })).outcome.class).toBe("slow");
    expect((await run(200, { status: "pass" }, { assertions: [path] })).outcome.class).toBe("body_mismatch");
    const both = await run(200, { status: "fail" }, { assertions: [path] });
    expect(both.outcome).toMatchObject({ detail: "health fail" });
    expect(both.outcome.failures).toHaveLength(2);
    const unjudged = { type: "json_path", path: "$[", op: "exists", value: true } as const;
    expect((await run(200, { status: "fail" }, { assertions: [unjudged] })).outcome.class).toBe("internal_error");
  });

  test("without an answer there are no parts", async () => {
    const result = await checkHealthJson(probe({ url: "http://127.0.0.1:9/" }), checkDeps({ allow: [] }));
    expect(result).toMatchObject({ outcome: { class: "blocked" }, traceId: null });
    expect(result.parts).toBeUndefined();
  });
});

describe("guarantees of every check", () => {
  testCheckGuarantees(({ host, port, timeoutMs }, deps) =>
    checkHealthJson(probe({ url: `http://${host}:${port}/`, timeoutMs: durationMs(timeoutMs) }), deps),
  );
});
