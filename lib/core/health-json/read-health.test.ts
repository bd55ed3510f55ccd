import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_ENTRIES, readHealthBody, readHealthDocument } from "./read-health.ts";

const summary = (document: unknown) => {
  const read = readHealthDocument(document);
  return read === null ? null : [read.status, ...read.entries.map(({ key, status }) => `${key} ${status}`)];
};

describe("documents of all makes are read", () => {
  test("health+json with several measurements, units and components", () => {
    const document = {
      status: "pass",
      version: "1",
      checks: {
        "cassandra:responseTime": [
          { componentId: "a", componentType: "datastore", observedValue: 250, observedUnit: "ms", status: "pass" },
          { componentId: "b", observedValue: 90, observedUnit: "ms", status: "warn" },
        ],
        "disk:utilization": [{ observedValue: 99, observedUnit: "percent", status: "fail", output: "almost full" }],
        uptime: [
          { componentType: "system", observedValue: 1209600.245, observedUnit: "s", time: "2018-01-17T03:36:48Z" },
        ],
      },
      links: { about: "https://example.com" },
    };
    expect(summary(document)).toEqual([
      "pass",
      "cassandra:responseTime/a pass",
      "cassandra:responseTime/b warn",
      "disk:utilization fail",
      "uptime pass",
    ]);
    expect(readHealthDocument(document)?.entries.map(({ note }) => note)).toEqual([
      "250 ms",
      "90 ms",
      "99 percent, almost full",
      "1209600.245 s",
    ]);
  });

  test("an earlier draft with details, metricValue and an object instead of a list", () => {
    expect(
      summary({
        status: "up",
        details: { cpu: { metricValue: 3, metricUnit: "percent", status: "OK" }, db: [{ status: "down" }] },
      }),
    ).toEqual(["pass", "cpu pass", "db fail"]);
  });

  test("Spring Boot Actuator: components of components are told apart, plain details are no entries", () => {
    expect(
      summary({
        status: "DOWN",
        groups: ["liveness"],
        components: {
          db: {
            status: "UP",
            components: {
              primary: { status: "UP", details: { database: "H2", validationQuery: "isValid()" } },
              replica: { status: "OUT_OF_SERVICE" },
            },
          },
          diskSpace: { status: "UP", details: { total: 1, free: 1, path: { status: 5 } } },
          odd: { status: "FATAL" },
          quiet: { status: "UNKNOWN" },
        },
      }),
    ).toEqual(["fail", "db/primary pass", "db/replica fail", "diskSpace pass", "odd fail", "quiet warn"]);
  });

  test("Spring Boot 2.0: details of details", () => {
    expect(
      summary({
        status: "UP",
        details: { db: { status: "UP", details: { a: { status: "UP" }, b: { status: "DOWN" } } } },
      }),
    ).toEqual(["pass", "db/a pass", "db/b fail"]);
  });

  test("ASP.NET Core: entries with description and duration, and results of its samples", () => {
    expect(
      summary({
        status: "Degraded",
        totalDuration: "00:00:00.1",
        entries: {
          sql: { status: "Healthy", duration: "00:00:00.1", data: {} },
          queue: { status: "Unhealthy", description: "no" },
        },
      }),
    ).toEqual(["warn", "sql pass", "queue fail"]);
    expect(summary({ status: "Healthy", results: { a: { status: "Healthy" } } })).toEqual(["pass", "a pass"]);
  });

  test("Terminus: details hold both halves, and without them the halves are read", () => {
    const info = { db: { status: "up" } };
    const error = { dog: { status: "down", message: "bark" } };
    expect(summary({ status: "error", info, error, details: { ...info, ...error } })).toEqual([
      "fail",
      "db pass",
      "dog fail",
    ]);
    expect(summary({ status: "error", info, error })).toEqual(["fail", "db pass", "dog fail"]);
    expect(summary({ status: "shutting_down", info: {}, error: {}, details: {} })).toEqual(["fail"]);
  });

  test.each([
    ["Healthy", "pass"],
    ["Unhealthy\n", "fail"],
    ["\ufeffDegraded", "warn"],
    ["UP", "pass"],
    ['{"status":"ok"}', "pass"],
  ])("the word %j alone is a document", (text, status) => {
    expect(readHealthBody(text)).toMatchObject({ status, entries: [] });
  });

  test.each([
    "",
    "hello",
    "null",
    "[]",
    "1",
    "{}",
    '{"status":1}',
    '{"status":""}',
    "<html>up</html>",
    '{"status":"ok"',
  ])("%j is none", (text) => expect(readHealthBody(text)).toBeNull());
});

describe("a hostile document is read within bounds", () => {
  test("of ten thousand entries the first hundred count, however they are nested", () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`c${i}`, { status: "UP" }]));
    expect(readHealthDocument({ status: "UP", components: many })?.entries).toHaveLength(MAX_ENTRIES);
    const nested = {
      status: "UP",
      components: { a: { status: "UP", components: many }, b: { status: "UP", components: many } },
    };
    expect(readHealthDocument(nested)?.entries).toHaveLength(MAX_ENTRIES);
    const list = Array.from({ length: 10_000 }, () => ({ status: "pass" }));
    expect(readHealthDocument({ status: "pass", checks: { list } })?.entries).toHaveLength(MAX_ENTRIES);
  });

  test("a nest without end is an entry at some depth", () => {
    let inner: object = { status: "DOWN" };
    for (let i = 0; i < 5_000; i += 1) inner = { status: "UP", components: { a: inner } };
    expect(readHealthDocument(inner)?.entries).toMatchObject([{ key: "a/a/a/a/a/a/a/a", status: "pass" }]);
  });

  test("keys are unique, at most 200 characters, and hold nothing that a database refuses", () => {
    const words = fc.oneof(
      fc.constantFrom("a", "__proto__", "constructor", "\0", "\ud800"),
      fc.string({ maxLength: 300 }),
    );
    const member = fc.oneof(fc.record({ status: fc.string(), componentId: words }), fc.anything());
    fc.assert(
      fc.property(fc.dictionary(words, fc.oneof(fc.array(member, { maxLength: 5 }), member)), (checks) => {
        const keys = (readHealthDocument({ status: "pass", checks })?.entries ?? []).map(({ key }) => key);
        expect(new Set(keys).size).toBe(keys.length);
        for (const key of keys) {
          expect(key.length).toBeGreaterThan(0);
          expect(key.length).toBeLessThanOrEqual(200);
          expect(key).not.toMatch(/\0|\p{Surrogate}/u);
        }
      }),
    );
  });
});
