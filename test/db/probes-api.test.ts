import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { z } from "zod";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { ensureFirstAdministrator } from "#lib/commands/identity/first-administrator.ts";
import { ingestRuns } from "#lib/commands/ingest-runs.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { createSession } from "#lib/commands/sign-in.ts";
import type { Pagination } from "#lib/contracts/api.ts";
import { ProblemDetail } from "#lib/contracts/api.ts";
import { PartResource, ProbeResource, RunResource } from "#lib/contracts/probes.ts";
import type { OutcomeClass, RunPart } from "#lib/core/outcome.ts";
import { addMs, durationUs, epochMs } from "#lib/core/units.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { sampleConfig, sampleProbe, sampleService } from "#test/support/sample-config.ts";
import { sampleRun } from "#test/support/sample-run.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";

const STEP = 30_000;
/** Across midnight in UTC, so that runs lie in two partitions. */
const T0 = epochMs(Date.UTC(2026, 10, 21, 23, 55));
const COUNT = 20;
const at = (index: number) => addMs(T0, index * STEP);

let db: TestDatabase;
let site: TestSite;
let cookie: string;

type Page<T> = { readonly data: T[]; readonly pagination: z.infer<typeof Pagination> };
const ask = (path: string, headers: Record<string, string> = {}) => fetch(`${site.url}${path}`, { headers });
const list = async <T>(schema: z.ZodType<T>, path: string, headers: Record<string, string> = {}): Promise<Page<T>> => {
  const body = (await (await ask(path, headers)).json()) as Page<unknown>;
  return { data: body.data.map((one) => schema.parse(one)), pagination: body.pagination };
};

const part = (key: string, name: OutcomeClass): RunPart => ({
  key,
  name: `The ${key}`,
  class: name,
  detail: name === "ok" ? null : "canary-detail",
  durationUs: durationUs(1_500),
  httpStatus: name === "ok" ? 200 : 503,
  failures: name === "ok" ? [] : [{ assertion: "health status", expected: "pass", seen: "canary-seen" }],
});

beforeAll(async () => {
  db = await testDatabase();
  const probes = [
    sampleProbe({
      locations: ["fra", "sel"],
      headers: { authorization: "canary-secret" },
      auth: { kind: "bearer", token: "canary-secret" },
    }),
    sampleProbe({ id: "second" }),
  ];
  const locations = ["fra", "sel"].map((id) => ({ id, name: id.toUpperCase() }));
  const config = sampleConfig({ locations, services: [sampleService({ probes })] });
  const secretBox = createSecretBox(randomBytes(32));
  await db.database.transaction((tx) => applyConfig(tx, { config, now: T0, secretBox }));
  // "cache" is well but for its 8th run; "db" fails from the 15th run on, and at sel from the 18th.
  const runs = Array.from({ length: COUNT }, (_, index) =>
    ["fra", "sel"].map((locationId) =>
      sampleRun({
        scheduledAt: at(index),
        locationId,
        outcome:
          index === 3
            ? {
                class: "bad_status",
                httpStatus: 503,
                detail: "canary-detail",
                failures: [{ assertion: "status in", expected: "2xx", seen: "canary-seen" }],
              }
            : {},
        parts: [
          part("cache", index === 8 ? "body_mismatch" : "ok"),
          part("db", index >= (locationId === "fra" ? 15 : 18) ? "body_mismatch" : "ok"),
        ],
      }),
    ),
  ).flat();
  await ingestRuns(db.database, { runs, now: at(COUNT) });
  site = await startTestSite({ snapshot: null, database: db.database });
  const now = systemClock.now();
  const { token } = await db.database.transaction(async (tx) =>
    createSession(tx, {
      userId: await ensureFirstAdministrator(tx, { actor: "test", now, randomBytes }),
      method: "link",
      userAgent: null,
      now,
      randomBytes,
    }),
  );
  cookie = `nines_session=${token}`;
});
afterAll(async () => {
  await site.stop();
  await db.drop();
});

describe("probes", () => {
  test("are listed in the order of the file, without their addresses for anybody", async () => {
    const { data } = await list(ProbeResource, "/v1/probes");
    expect(data.map(({ id, type, interval, partCount }) => [id, type, interval, partCount])).toEqual([
      ["shop-home", "http", "30s", 2],
      ["second", "http", "30s", 0],
    ]);
    expect(JSON.stringify(data)).not.toMatch(/https:|canary/);
    expect((await list(ProbeResource, "/v1/probes?serviceId=nobody")).data).toEqual([]);
    const first = await list(ProbeResource, "/v1/probes?limit=1");
    const next = await list(ProbeResource, `/v1/probes?limit=1&after=${first.pagination.nextCursor}`);
    expect([...first.data, ...next.data]).toEqual(data);
  });

  test("show their definition to who is signed in, and no credential to anybody", async () => {
    const answer = await ask("/v1/probes/shop-home", { cookie });
    const probe = ProbeResource.parse(await answer.json());
    expect(probe.definition).toMatchObject({
      url: "https://shop.example/health",
      headers: { authorization: "[hidden]" },
      auth: { kind: "bearer", token: "[hidden]" },
    });
    expect(answer.headers.get("vary")).toBe("Accept-Encoding, Authorization, Cookie, Origin");
    expect(answer.headers.get("cache-control")).toBe("private, no-cache");
    expect(JSON.stringify(probe)).not.toContain("canary");
    const stranger = await ask("/v1/probes/shop-home", { cookie: `nines_session=${"x".repeat(43)}` });
    expect(ProbeResource.parse(await stranger.json()).definition).toBeNull();
  });
});

describe("parts", () => {
  test("are what the worst of their locations says, and tell since when", async () => {
    const { data } = await list(PartResource, "/v1/probes/shop-home/parts");
    expect(data.map(({ key, name, class: is, vote, since }) => [key, name, is, vote, since])).toEqual([
      ["cache", "The cache", "ok", "good", new Date(at(9)).toISOString()],
      ["db", "The db", "body_mismatch", "bad", new Date(at(15)).toISOString()],
    ]);
    expect(data[1]?.locations.map(({ locationId, since, at: newest }) => [locationId, since, newest])).toEqual([
      ["fra", new Date(at(15)).toISOString(), new Date(at(19)).toISOString()],
      ["sel", new Date(at(18)).toISOString(), new Date(at(19)).toISOString()],
    ]);
    expect(JSON.stringify(data)).not.toContain("canary");
    const detailed = await list(PartResource, "/v1/probes/shop-home/parts", { cookie });
    expect(detailed.data[1]?.locations[0]?.detail).toBe("canary-detail");
    expect((await list(PartResource, "/v1/probes/second/parts")).data).toEqual([]);
  });

  test("have a history of their own", async () => {
    const { data } = await list(RunResource, "/v1/runs?probe=shop-home&part=cache&location=fra&limit=100", { cookie });
    expect(data).toHaveLength(COUNT);
    expect(data.find(({ vote }) => vote === "bad")).toMatchObject({
      part: "cache",
      scheduledAt: new Date(at(8)).toISOString(),
      startedAt: new Date(at(8) + 2).toISOString(),
      durationMs: 1.5,
      phasesMs: null,
      httpStatus: 503,
      detail: "canary-detail",
      traceId: "0af7651916cd43dd8448eb211c80319c",
      failures: [{ assertion: "health status", expected: "pass", seen: "canary-seen" }],
    });
  });
});

describe("runs", () => {
  test.each([1, 7, 40, 100])("cursors lead through all of them and back by %i, the newest first", async (limit) => {
    const path = `/v1/runs?probe=shop-home&limit=${limit}`;
    const key = (run: RunResource): string => `${run.scheduledAt} ${run.locationId}`;
    const forth: string[] = [];
    const back: string[] = [];
    let page = await list(RunResource, path);
    for (;;) {
      forth.push(...page.data.map(key));
      if (page.pagination.nextCursor === null) break;
      page = await list(RunResource, `${path}&after=${page.pagination.nextCursor}`);
    }
    for (;;) {
      back.unshift(...page.data.map(key));
      if (page.pagination.prevCursor === null) break;
      page = await list(RunResource, `${path}&before=${page.pagination.prevCursor}`);
    }
    expect(new Set(forth).size).toBe(2 * COUNT);
    expect(forth.map((one) => one.slice(0, 24))).toEqual(
      forth
        .map((one) => one.slice(0, 24))
        .sort()
        .reverse(),
    );
    expect(back).toEqual(forth);
  });

  test("tell numbers to anybody, and what the target said to who is signed in", async () => {
    const path = `/v1/runs?probe=shop-home&location=sel&from=${new Date(at(3)).toISOString()}&to=${new Date(at(4)).toISOString()}`;
    const { data } = await list(RunResource, path);
    expect(data).toEqual([
      {
        probeId: "shop-home",
        locationId: "sel",
        part: null,
        scheduledAt: new Date(at(3)).toISOString(),
        startedAt: new Date(at(3) + 2).toISOString(),
        class: "bad_status",
        vote: "bad",
        detail: null,
        durationMs: 12.345,
        phasesMs: { dns: 0.1, connect: 2, tls: null, firstByte: 9, transfer: 0.245 },
        httpStatus: 503,
        bytesRead: 2,
        address: null,
        certificateExpiresAt: null,
        traceId: "0af7651916cd43dd8448eb211c80319c",
        isLate: false,
        failures: null,
      },
    ]);
    expect((await list(RunResource, path, { cookie })).data[0]).toMatchObject({
      detail: "canary-detail",
      address: "192.0.2.1",
      failures: [{ assertion: "status in", expected: "2xx", seen: "canary-seen" }],
    });
  });

  test("a span is half-open", async () => {
    const span = `from=${new Date(at(2)).toISOString()}&to=${new Date(at(5)).toISOString()}`;
    const { data } = await list(RunResource, `/v1/runs?probe=shop-home&location=fra&${span}`);
    expect(data.map(({ scheduledAt }) => scheduledAt)).toEqual(
      [4, 3, 2].map((index) => new Date(at(index)).toISOString()),
    );
    expect((await list(RunResource, "/v1/runs?probe=second")).data).toEqual([]);
  });
});

test.each([
  ["an unknown probe", "/v1/probes/nobody", 404],
  ["parts of an unknown probe", "/v1/probes/nobody/parts", 404],
  ["runs of an unknown probe", "/v1/runs?probe=nobody", 404],
  ["runs from a location that the probe does not run at", "/v1/runs?probe=second&location=sel", 404],
  ["an unknown part", "/v1/runs?probe=shop-home&part=disk", 404],
  ["runs of no probe", "/v1/runs", 400],
  ["a limit in hexadecimal", "/v1/runs?probe=shop-home&limit=0x10", 400],
  ["an instant that is none", "/v1/runs?probe=shop-home&from=yesterday", 400],
  [
    "a cursor of another list",
    `/v1/runs?probe=shop-home&after=${Buffer.from('["alerts",1,"x"]').toString("base64url")}`,
    400,
  ],
  [
    "a cursor beyond time",
    `/v1/runs?probe=shop-home&after=${Buffer.from('["runs",1e300,1]').toString("base64url")}`,
    400,
  ],
])("%s is a problem", async (_what, path, status) => {
  const answer = await ask(path);
  expect(answer.status).toBe(status);
  const { detail } = ProblemDetail.parse(await answer.json());
  if (path === "/v1/runs") expect(detail).toBe("probe: is missing");
});
